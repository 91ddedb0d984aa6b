"""The one live component: it mounts a page's screen and passes the screen's questions on to the API.

Streamlit runs this when a page is visited or its screen asks; the values that move each second never pass here.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

from api.client import ApiClientError, ClientConfig, PlantClient
from dashboards.answers import answer
from dashboards.asked import UnknownQuestionError
from dashboards.live_values import micros
from dashboards.opening import Opening, PageName, closed_page, open_page
from dashboards.settings import DashboardSettings
from dashboards.trouble import Trouble, trouble_of

SCRIPTS: Final = (
    "text", "quality", "channel", "feed", "header", "chain", "series", "pen", "trend", "overview", "graphic",
    "faceplate", "estimate", "plantpage", "portfolio", "tagtable", "changes", "progress", "asked", "whatif", "screen",
)  # fmt: skip
"""The screen's scripts in the order in which each can rely on those before it."""

_FOLDER: Final = Path(__file__).parent
_PAGES: Final = ("overview", "portfolio", "plant", "tags", "what-if")


def script() -> str:
    """The screen's script: the files joined, without anything from outside."""
    return "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


def style() -> str:
    """The screen's style sheet."""
    return (_FOLDER / "screen.css").read_text(encoding="utf-8")


_mount = st.components.v2.component("atlas_live.screen", html='<div class="screen"></div>', css=style(), js=script())


@cache
def _settings() -> DashboardSettings:
    return DashboardSettings()


def show_page(page: PageName) -> None:
    """Show a page; it is run anew, alone, whenever its screen asks something."""

    @st.fragment
    def screen() -> None:
        goal = st.session_state.pop("goal", None)
        if goal is not None:
            st.query_params.from_dict({name: value for name, value in goal.items() if value})
            st.rerun(scope="app")
        opening = _opening(page)
        _mount(
            key=f"screen-{page}",
            data=_unless_held(opening)
            | {
                "api": _settings().browser_url,
                "server_us": micros(datetime.now(UTC)),
                "answer": st.session_state.get("answer"),
            },
            on_request_change=lambda: _answer_request(page),
        )

    screen()


def _unless_held(opening: Opening) -> Opening:
    """The opening, or only its version where the asking screen said that it has it: answers then stay small."""
    held = st.session_state.pop("held", None)
    return {"version": opening["version"]} if held == opening["version"] else opening


def _opening(page: PageName) -> Opening:
    """The page's opening: read once a visit, and kept for the runs that only answer a question."""
    what = "portfolio" if page == "portfolio" else "plant"
    place = (page, st.query_params.get(what, ""), st.query_params.get("tag", ""))
    kept = st.session_state.get("opening")
    if kept is None or kept[0] != place:
        kept = (place, _read_opening(*place))
        st.session_state["opening"] = kept
    opening: Opening = kept[1]
    return opening


def _read_opening(page: PageName, which: str, tag: str) -> Opening:
    now = datetime.now(UTC)
    try:
        return open_page(_client(), page, which, tag, now)
    except (ApiClientError, OSError) as error:
        return closed_page(page, _trouble(error), now)


def _client() -> PlantClient:
    """The session's own client; a session's scripts run one at a time, as the client asks."""
    if "client" not in st.session_state:
        settings = _settings()
        config = ClientConfig(settings.api_url, settings.read_key(), timeout_s=5.0, attempts=2)
        st.session_state["client"] = PlantClient(config)
    client: PlantClient = st.session_state["client"]
    return client


def _trouble(error: ApiClientError | OSError) -> Trouble:
    settings = _settings()
    has_key = bool(settings.api_key.get_secret_value()) or settings.api_key_file is not None
    return trouble_of(error, has_key=has_key, address=settings.api_url)


def _answer_request(page: PageName) -> None:
    """Answer what the screen asked; the answer travels with the run that follows."""
    question = st.session_state[f"screen-{page}"]["request"]
    if not isinstance(question, Mapping):
        return
    st.session_state["held"] = question.get("have")
    st.session_state["answer"] = {"n": question.get("n")} | _answer(question)


def _answer(question: Mapping[str, Any]) -> dict[str, Any]:
    if question.get("kind") == "open":
        st.session_state.pop("opening", None)
        return {}
    if question.get("kind") == "go":
        if question.get("page") in _PAGES:
            st.session_state["goal"] = {k: str(question.get(k, "")) for k in ("page", "portfolio", "plant", "tag")}
        return {}
    try:
        return answer(question, _client(), datetime.now(UTC))
    except (ApiClientError, OSError) as error:
        return {"trouble": _trouble(error)}
    except UnknownQuestionError as error:
        return {
            "trouble": Trouble(title="The page asked what the dashboard does not know", detail="", remedy=str(error))
        }
