"""What a page opens on: everything that it shows before the live stream has said a word."""

from datetime import datetime
from typing import Any, Final, Literal

from api.client import PlantClient, ServiceError
from dashboards.answers import read_chain, read_history, read_portfolios
from dashboards.key_tags import key_tags
from dashboards.live_values import live_values, micros
from dashboards.trouble import Trouble

PageName = Literal["overview", "portfolio", "plant", "tags", "what-if"]
Opening = dict[str, Any]

TREND_TAGS: Final = 5
CARD_HOURS: Final = 1.0
TREND_HOURS: Final = 1.0


def open_page(client: PlantClient, page: PageName, which: str, tag: str, now: datetime) -> Opening:
    """All that a page needs, read from the API.

    `which` plant or portfolio and which `tag` are what the address names, possibly nothing.

    Raises
    ------
    ApiClientError
        Where the API cannot or will not say.
    """
    plants = client.plants().model_dump(mode="json")["plants"]
    known = [each["id"] for each in plants]
    portfolios = read_portfolios(client)
    portfolio = _open_portfolio(client, which, portfolios) if page == "portfolio" else None
    here = "" if page in ("overview", "portfolio") else which if which in known else next(iter(known), "")
    shown = [here] if here else known if portfolio is None else _plants_of(portfolio, known)
    definitions = {each: client.plant(each).model_dump(mode="json") for each in shown}
    states = {each: live_values(client.state(each).model_dump()) for each in shown}
    count = card_tags(len(shown)) if page == "overview" else TREND_TAGS if page == "plant" else 0
    keys = {each: key_tags(definitions[each]["tags"], count) for each in shown}
    trends = shown if page in ("overview", "plant") else []
    hours = CARD_HOURS if page == "overview" else TREND_HOURS
    has_values = any(value[1] for state in states.values() for value in state["tags"].values())
    return _frame(page, now) | {
        "plants": plants,
        "plant": here or None,
        "portfolios": portfolios,
        "portfolio": portfolio,
        "shown": shown,
        "chosen": tag,
        "zone": common_zone([definition["time_zone"] for definition in definitions.values()]),
        "definitions": definitions,
        "states": states,
        "keys": keys,
        "history": {each: _history_or_none(client, each, keys[each], hours, now) for each in trends},
        "graphic": _graphic(client, page, here, portfolio),
        "chain": [] if has_values else read_chain(client, here or None),
        "ticket": client.ticket().ticket,
    }


def _graphic(client: PlantClient, page: PageName, plant: str, portfolio: Opening | None) -> str:
    if portfolio is not None:
        return client.portfolio_graphic(portfolio["id"])
    return client.graphic(plant) if page == "plant" and plant else ""


def _open_portfolio(client: PlantClient, which: str, portfolios: list[Opening]) -> Opening | None:
    known = [each["id"] for each in portfolios]
    if not known:
        return None
    return client.portfolio_overview(which if which in known else known[0]).model_dump(mode="json")


def _plants_of(portfolio: Opening, known: list[str]) -> list[str]:
    return [plant for facility in portfolio["facilities"] for plant in facility["plants"] if plant in known]


def _history_or_none(client: PlantClient, plant: str, tags: list[str], hours: float, now: datetime) -> Opening:
    """The history, or none while the table cannot be read: live values need not wait for it; the page asks again."""
    try:
        return read_history(client, plant, tags, hours, now)
    except ServiceError:
        return {}


def card_tags(plants: int) -> int:
    """How many values a plant's card has room for beside those of the other plants."""
    return 10 if plants <= 2 else 6 if plants <= 4 else 4


def common_zone(zones: list[str]) -> str:
    """The time zone of a page that shows plants of these: theirs where they agree, else UTC."""
    return zones[0] if len(set(zones)) == 1 else "UTC"


def closed_page(page: PageName, trouble: Trouble, now: datetime) -> Opening:
    """What a page shows that could not be opened: the strip, the clock, and what is the matter."""
    return _frame(page, now) | {
        "plants": [],
        "plant": None,
        "portfolios": [],
        "portfolio": None,
        "shown": [],
        "chosen": "",
        "zone": "UTC",
        "definitions": {},
        "states": {},
        "keys": {},
        "history": {},
        "graphic": "",
        "chain": [],
        "ticket": None,
        "trouble": trouble,
    }


def _frame(page: PageName, now: datetime) -> Opening:
    return {"page": page, "version": str(micros(now)), "hours": TREND_HOURS, "trouble": None}
