from datetime import UTC, datetime
from typing import Any

import pytest

from api.client import PlantClient
from dashboards.answers import answer
from dashboards.asked import UnknownQuestionError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_ticket_is_asked_for_all_plants(client: PlantClient, scripted: Any) -> None:
    assert answer({"kind": "ticket"}, client, NOW) == {"ticket": "t-1"}
    assert scripted.asked[0].content == b'{"plant":null}'
    assert scripted.asked[0].headers["Authorization"] == "Bearer key"


def test_history_reads_the_hours_before_now_raw_while_short_and_means_beyond(
    client: PlantClient, scripted: Any
) -> None:
    for hours, aggregate, start in ((1.0, "raw", "T11:00"), (4.0, "mean", "T08:00")):
        found = answer({"kind": "history", "plant": "a", "tags": ["TIC-1.PV"], "hours": hours}, client, NOW)
        assert found["history"]["TIC-1.PV"]["values"] == [1.5]
        query = scripted.asked[-1].url.params
        assert (query["aggregate"], query["tags"]) == (aggregate, "TIC-1.PV")
        assert start in query["from"]
        assert "T12:00" in query["to"]


def test_no_tags_ask_nothing(client: PlantClient, scripted: Any) -> None:
    assert answer({"kind": "history", "plant": "a", "tags": [], "hours": 1}, client, NOW) == {"history": {}}
    assert scripted.asked == []


def test_summaries_bring_the_states_of_plants_without_a_stream(client: PlantClient, scripted: Any) -> None:
    scripted.answers["/v1/portfolios"] = {"portfolios": [{"id": "p", "name": "P", "revision": 2}]}
    found = answer({"kind": "plants", "states": ["b", "nowhere"]}, client, NOW)
    assert [(each["id"], each["revision"]) for each in found["portfolios"]] == [("p", 2)]
    assert [plant["id"] for plant in found["plants"]] == ["a", "b"]
    assert found["states"] == {"b": {"log_time": 2_000_000, "tags": {"TIC-1.PV": [1.5, 1_000_000, 0, 1, 0]}}}
    assert "/v1/plants/nowhere/state" not in scripted.paths


def test_the_chain_speaks_of_what_a_person_knows(client: PlantClient) -> None:
    whole = answer({"kind": "chain", "plant": None}, client, NOW)["chain"]
    assert whole == [
        {"what": "Plant", "ok": True, "text": "answers"},
        {"what": "Message log", "ok": False, "text": "waits for the log"},
    ]
    assert answer({"kind": "chain", "plant": "b"}, client, NOW)["chain"] == [
        {"what": "Live twin", "ok": True, "text": "runs"}
    ]


def test_a_readings_way_names_places(client: PlantClient, scripted: Any) -> None:
    step = {"time": "", "time_us": 5, "after_ms": None, "text": "here"}
    scripted.answers["/v1/plants/a/trace/TIC-1.PV"] = {
        "plant": "a", "tag": "TIC-1.PV", "description": "", "unit": "", "value": 1.0, "quality": 0, "status": "Good",
        "steps": [step | {"where": where, "reached": where != "row"} for where in ("sensor", "Kafka", "row")],
    }  # fmt: skip
    way = answer({"kind": "trace", "plant": "a", "tag": "TIC-1.PV"}, client, NOW)["way"]
    assert [each["place"] for each in way] == ["Sensor", "Message log", "Database"]
    assert [each["reached"] for each in way] == [True, True, False]


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"kind": ["ticket"]},
        {"kind": "delete"},
        {"kind": "history", "plant": "a", "tags": ["x"], "hours": 0},
        {"kind": "history", "plant": "a", "tags": ["x"], "hours": float("nan")},
        {"kind": "history", "plant": "a", "tags": ["x"], "hours": "1"},
        {"kind": "history", "plant": "a", "tags": ["x"], "hours": 1e9},
        {"kind": "history", "plant": "a", "tags": "x", "hours": 1},
        {"kind": "history", "plant": "a", "tags": [1], "hours": 1},
        {"kind": "trace", "plant": "a", "tag": ""},
        {"kind": "trace", "plant": 7, "tag": "x"},
        {"kind": "plants"},
    ],
)
def test_what_no_page_asks_is_refused_before_the_api_hears_of_it(
    question: dict[str, Any], client: PlantClient, scripted: Any
) -> None:
    with pytest.raises(UnknownQuestionError):
        answer(question, client, NOW)
    assert [path for path in scripted.paths if path != "/v1/plants"] == []


def test_a_plant_named_like_a_path_stays_one_part(client: PlantClient, scripted: Any) -> None:
    with pytest.raises(Exception, match="Not found"):
        answer({"kind": "trace", "plant": "../../v1/plants", "tag": "x?y#z"}, client, NOW)
    assert scripted.asked[-1].url.raw_path == b"/v1/plants/..%2F..%2Fv1%2Fplants/trace/x%3Fy%23z"
