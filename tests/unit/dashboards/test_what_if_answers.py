"""What the page "What if" may ask of the dashboard's server, and what goes to the API for it."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.client import PlantClient
from dashboards.answers import answer
from dashboards.asked import UnknownQuestionError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = "/v1/plants/a/simulations"
WRITTEN = {"plant": "a", "changes": ["TIC-1.SP=85 degC"], "horizon": "8 h"}
ONE = {
    "id": 17, "plant": "a", "title": "What if?", "changes": [], "horizon": "8 h", "position": "inc:5",
    "asked_by": "anna", "asked_at_us": 1, "state": "done", "done": 1.0, "message": "", "error": None,
}  # fmt: skip


def body(scripted: Any) -> Any:
    return json.loads(scripted.asked[-1].content)


def test_what_can_be_changed_is_listed(client: PlantClient, scripted: Any) -> None:
    listed = {
        "name": "TIC-1.SP", "description": "setpoint", "unit": "degC", "low": 70.0, "high": 100.0, "decimals": 1,
        "states": [], "now": 80.0,
    }  # fmt: skip
    scripted.answers[f"{ROOT}/inputs"] = {"plant": "a", "title": "Reactor", "longest_s": 3600.0, "inputs": [listed]}
    assert answer({"kind": "inputs", "plant": "a"}, client, NOW)["inputs"]["inputs"] == [listed]


def test_what_was_written_goes_to_the_api_as_it_was_written(client: PlantClient, scripted: Any) -> None:
    scripted.answers[ROOT] = httpx.Response(202, json=ONE)
    told = answer({"kind": "ask", "position": "inc:5", **WRITTEN}, client, NOW)
    assert (told["told"]["id"], told["faults"]) == (17, [])
    assert (body(scripted)["changes"], body(scripted)["horizon"]) == (["TIC-1.SP=85 degC"], "8 h")
    assert body(scripted)["position"] == "inc:5"


@pytest.mark.parametrize("position", [None, "", 7, ["x"]])
def test_a_position_that_is_none_is_left_to_the_service(client: PlantClient, scripted: Any, position: Any) -> None:
    scripted.answers[ROOT] = httpx.Response(202, json=ONE)
    answer({"kind": "ask", "position": position, **WRITTEN}, client, NOW)
    assert body(scripted).get("position") is None


@pytest.mark.parametrize("kind", ["check", "ask"])
def test_faults_come_back_with_their_fields_and_are_no_trouble(client: PlantClient, scripted: Any, kind: str) -> None:
    fault = {"path": "changes[0].value", "detail": "400 is outside 70 to 100", "remedy": "ask for less"}
    content = {"type": "x", "title": "Impossible", "status": 422, "detail": "d", "instance": "/", "remedy": "r"}
    for path, faults, told in (
        (ROOT, [fault], [fault]),
        (f"{ROOT}/check", [], [{"path": "", "detail": "d", "remedy": "r"}]),
    ):
        scripted.answers[path] = httpx.Response(422, json=content | {"faults": faults})
        if path.endswith("check") == (kind == "check"):
            assert answer({"kind": kind, **WRITTEN}, client, NOW) == {"faults": told}


def test_earlier_questions_their_pages_and_comparisons_are_read(client: PlantClient, scripted: Any) -> None:
    scripted.answers |= {
        ROOT: {"simulations": [ONE]}, f"{ROOT}/17": ONE, f"{ROOT}/17/report": "<p>one</p>",
        f"{ROOT}/compare": "<p>two</p>", f"{ROOT}/17/cancel": ONE | {"state": "cancelled"},
    }  # fmt: skip
    named = {"plant": "a", "id": 17}
    assert [one["id"] for one in answer({"kind": "asked", "plant": "a"}, client, NOW)["asked"]] == [17]
    assert answer({"kind": "status", **named}, client, NOW)["status"]["state"] == "done"
    assert answer({"kind": "report", **named}, client, NOW) == {"page": "<p>one</p>"}
    compared = answer({"kind": "comparison", "plant": "a", "first": 17, "second": 18}, client, NOW)
    assert compared == {"page": "<p>two</p>"}
    assert scripted.asked[-1].url.params["second"] == "18"
    assert answer({"kind": "cancel", **named}, client, NOW)["status"]["state"] == "cancelled"


@pytest.mark.parametrize(
    "question",
    [
        {"kind": "ask", "plant": "a", "changes": "TIC-1.SP=85", "horizon": "8 h"},
        {"kind": "check", "plant": "a", "changes": ["x"], "horizon": 8},
        {"kind": "report", "plant": "a", "id": None},
        {"kind": "status", "plant": "a", "id": "17"},
        {"kind": "cancel", "plant": "a", "id": True},
        {"kind": "comparison", "plant": "a", "first": 17},
        {"kind": "inputs", "plant": ""},
    ],
)
def test_what_no_page_asks_goes_no_further(client: PlantClient, scripted: Any, question: Any) -> None:
    with pytest.raises(UnknownQuestionError):
        answer(question, client, NOW)
    assert scripted.asked == []
