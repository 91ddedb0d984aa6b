"""The client's questions: asked once however often the answer is lost, and read as models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.client import ApiUnreachableError, AsyncPlantClient, ClientConfig, PlantClient, RejectedError

CONFIG = ClientConfig("http://api", "a-key")
ASKED: dict[str, Any] = {
    "id": 7, "plant": "reactor", "title": "hotter", "changes": ["TIC-101.SP=85 degC"], "horizon": "8 h",
    "position": "0f:1", "asked_by": "anna", "asked_at_us": 0, "state": "waiting", "done": 0.0, "message": "waits",
}  # fmt: skip


def client(answer: Callable[[httpx.Request], httpx.Response]) -> PlantClient:
    return PlantClient(CONFIG, transport=httpx.MockTransport(answer), sleep=lambda seconds: None)


def losing(times: int) -> tuple[Callable[[httpx.Request], httpx.Response], list[str]]:
    """An API whose first answers are lost, and the keys that it was sent."""
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) <= times:
            raise httpx.ReadTimeout("lost")
        return httpx.Response(202, json=ASKED)

    return answer, keys


def test_a_question_whose_answer_is_lost_is_repeated_with_its_key() -> None:
    answer, keys = losing(2)
    assert client(answer).ask_simulation("reactor", ["TIC-101.SP=85 degC"], "8 h").id == 7
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert keys[0]


async def test_the_async_client_repeats_it_too() -> None:
    answer, keys = losing(1)

    async def sleep(seconds: float) -> None:
        return

    asking = AsyncPlantClient(CONFIG, transport=httpx.MockTransport(answer), sleep=sleep)
    assert (await asking.ask_simulation("reactor", [], "8 h", key="mine")).id == 7
    assert keys == ["mine", "mine"]


def test_two_questions_have_two_keys_and_silence_ends_as_an_error() -> None:
    answer, keys = losing(0)
    asking = client(answer)
    for _ in range(2):
        asking.ask_simulation("reactor", [], "8 h")
    assert len(set(keys)) == 2
    with pytest.raises(ApiUnreachableError):
        client(losing(9)[0]).ask_simulation("reactor", [], "8 h")


def test_a_report_that_is_not_there_yet_is_rejected_with_its_reason() -> None:
    content = {
        "type": "x", "title": "No report", "status": 409, "detail": "It runs.", "instance": "/", "remedy": "Wait.",
    }  # fmt: skip
    with pytest.raises(RejectedError, match="It runs"):
        client(lambda request: httpx.Response(409, json=content)).simulation_report("reactor", 7)


def test_questions_are_asked_where_the_api_serves_them() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.path}?{request.url.query.decode()}")
        path = request.url.path
        if path.endswith("inputs"):
            return httpx.Response(200, json={"plant": "r", "title": "R", "longest_s": 1.0, "inputs": []})
        if path.endswith("check"):
            return httpx.Response(200, json={"title": "T", "horizon_s": 1.0})
        if path.endswith("simulations"):
            return httpx.Response(200, json={"simulations": [ASKED]})
        if path.endswith("compare") and b"html" not in request.url.query:
            return httpx.Response(200, json={"plant": "r", "first": ASKED, "second": ASKED, "outputs": []})
        if path.endswith("compare") or path.endswith("report"):
            return httpx.Response(200, text="<html/>")
        return httpx.Response(200, json=ASKED)

    asking = client(answer)
    assert asking.simulation_inputs("r").title == "R"
    assert asking.check_simulation("r", ["A.SP=1 K"], "1 h").title == "T"
    assert asking.simulations("r", 5).simulations[0].id == 7
    assert asking.simulation("r", 7).title == "hotter"
    assert asking.simulation_report("r", 7) == b"<html/>"
    assert asking.simulation_report_html("r", 7) == "<html/>"
    assert asking.comparison("r", 7, 8).first.id == 7
    assert asking.comparison_html("r", 7, 8) == "<html/>"
    assert asking.cancel_simulation("r", 7).id == 7
    base = "/v1/plants/r/simulations"
    assert seen == [
        f"GET {base}/inputs?",
        f"POST {base}/check?",
        f"GET {base}?limit=5",
        f"GET {base}/7?",
        f"GET {base}/7/report?",
        f"GET {base}/7/report?format=html",
        f"GET {base}/compare?first=7&second=8",
        f"GET {base}/compare?first=7&second=8&format=html",
        f"POST {base}/7/cancel?",
    ]
