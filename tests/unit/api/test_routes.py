"""What the routes answer, held to the models that clients read it with."""

import json
from typing import Any

import numpy as np
import pytest

from api.ports import LoggedBatch
from api.schemas import Chain, History, PlantDetail, PlantList, PlantState, Trace
from connectors.connection import Connection
from stream.envelope import make_batch
from stream.store.history import PastReading, Series

NOW_US = 1_795_478_400_000_000


async def test_overview_counts_what_is_abnormal(plant: Any, viewer: Any) -> None:
    plant.happen({"TIC-101.PV": 96.0}, offset=1, limit=2, stale=1, log_time=NOW_US - 400_000)
    plant.happen({"FIC-101.PV": 1.0}, offset=2, quality=0x8005_0000, log_time=NOW_US - 400_000)
    plant.happen({"XS-901": 1.0, "KI-901": 7.5}, offset=3, log_time=NOW_US - 400_000)
    card = PlantList.model_validate_json((await viewer.get("/v1/plants")).content).plants[0]
    assert (card.id, card.number, card.state, card.age_s) == ("reactor", 7, "live", 0.4)
    assert (card.tags, card.active_limits, card.stale, card.bad) == (4, 1, 1, 1)
    assert card.next_disturbance is not None
    assert (card.next_disturbance.what, card.next_disturbance.in_s) == ("feed B warms", 450.0)


@pytest.mark.parametrize(("value", "minutes"), [(0.0, 5.0), (2.0, 5.0), (float("nan"), 5.0), (1.0, float("nan"))])
async def test_overview_names_no_disturbance_that_is_not_known(
    plant: Any, viewer: Any, value: float, minutes: float
) -> None:
    plant.happen({"XS-901": value, "KI-901": minutes}, offset=3)
    assert (await viewer.get("/v1/plants")).json()["plants"][0]["next_disturbance"] is None


async def test_overview_says_when_values_have_stopped_or_not_begun(plant: Any, viewer: Any) -> None:
    card = (await viewer.get("/v1/plants")).json()["plants"][0]
    assert (card["state"], card["log_time"], card["age_s"], card["tags"]) == ("waiting", None, None, 4)
    plant.happen({"TIC-101.PV": 96.0}, offset=1, log_time=NOW_US - 6_000_000)
    assert (await viewer.get("/v1/plants")).json()["plants"][0]["state"] == "stale"


async def test_tag_that_waits_for_its_first_reading_is_not_told(plant: Any, viewer: Any) -> None:
    plant.services.feed.connected = True
    waiting = {"quality": 0x8032_0000, "time": 0, "full": True, "log_time": NOW_US}
    plant.happen(dict.fromkeys(("TIC-101.PV", "FIC-101.PV"), float("nan")), offset=1, **waiting)
    card = (await viewer.get("/v1/plants")).json()["plants"][0]
    assert (card["state"], card["tags"], card["bad"]) == ("waiting", 4, 0)
    assert (await viewer.get("/v1/plants/reactor/state")).json()["tags"] == []
    waiting_for = links_of((await viewer.get("/v1/chain")).content)
    assert (waiting_for["worker"], waiting_for["connector"]) == (None, "waits for the first reading")
    plant.happen({"TIC-101.PV": 80.0}, offset=2)
    assert [tag["name"] for tag in (await viewer.get("/v1/plants/reactor/state")).json()["tags"]] == ["TIC-101.PV"]


async def test_plant_tells_its_tags_with_limits(viewer: Any) -> None:
    detail = PlantDetail.model_validate_json((await viewer.get("/v1/plants/reactor")).content)
    assert detail.time_zone == "Europe/Berlin"
    assert detail.equipment == [{"id": "R-101"}]
    tag = next(tag for tag in detail.tags if tag.name == "TIC-101.PV")
    assert (tag.unit, tag.limits.high, tag.limits.low) == ("degC", 90.0, None)


async def test_state_has_words_beside_numbers(plant: Any, viewer: Any) -> None:
    plant.happen({"TIC-101.PV": 91.0, "FIC-101.PV": float("nan")}, offset=9, limit=1, quality=0x8005_0001)
    plant.clock.us = NOW_US + 9_000 + 2_000_000
    state = PlantState.model_validate_json((await viewer.get("/v1/plants/reactor/state")).content)
    assert state.id == "0f343b0931126a20:9"
    assert state.time == "2026-11-24T01:00:00.009000+01:00"
    by_name = {tag.name: tag for tag in state.tags}
    assert by_name.keys() == {"TIC-101.PV", "FIC-101.PV"}
    tag = by_name["TIC-101.PV"]
    assert (tag.value, tag.unit, tag.limit, tag.age_s) == (91.0, "degC", "high", 2.0)
    assert (tag.quality, tag.status) == (0x8005_0001, "Bad, communication error")
    assert by_name["FIC-101.PV"].value is None


async def test_state_before_the_first_value_is_empty(viewer: Any) -> None:
    assert (await viewer.get("/v1/plants/reactor/state")).json() == {
        "plant": "reactor",
        "id": None,
        "log_time": None,
        "time": None,
        "tags": [],
    }


async def test_past_state_is_the_table_as_of_then(plant: Any, viewer: Any) -> None:
    tag_id = plant.table.tags[plant.table.position("TIC-101.PV")].tag_id
    plant.records.values = [PastReading(tag_id, NOW_US - 30_000_000, 96.0, 0x4090_0000)]
    answer = await viewer.get("/v1/plants/reactor/state?at=2026-11-24T01:00:00%2B01:00")
    state = PlantState.model_validate_json(answer.content)
    assert (state.id, state.log_time) == (None, NOW_US)
    tag = state.tags[0]
    assert (tag.age_s, tag.stale, tag.limit, tag.status) == (30.0, True, "high_high", "Uncertain, last usable value")


async def test_plus_sign_that_was_not_escaped_is_understood(plant: Any, viewer: Any) -> None:
    answer = await viewer.get("/v1/plants/reactor/state?at=2026-11-24T01:00:00+01:00")
    assert answer.json()["log_time"] == NOW_US


async def test_history_answers_every_tag_that_was_asked_for(plant: Any, viewer: Any) -> None:
    tag_id = plant.table.tags[plant.table.position("TIC-101.PV")].tag_id
    times = np.array([NOW_US - 2_000_000, NOW_US - 1_000_000], dtype=np.int64)
    quality = np.array([0, 0x8005_0000], dtype=np.uint32)
    plant.records.series = [Series(tag_id, "mean", "1m", times, np.array([1.5, np.nan]), quality)]
    query = "tags=FIC-101.PV,TIC-101.PV,&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&aggregate=mean&points=10"
    history = History.model_validate_json((await viewer.get(f"/v1/plants/reactor/history?{query}")).content)
    assert history.start == "2026-11-23T01:00:00.000000+01:00"
    empty, full = history.series
    assert (empty.tag, empty.times_us, empty.resolution) == ("FIC-101.PV", [], "raw")
    assert (full.tag, full.unit, full.aggregate, full.resolution) == ("TIC-101.PV", "degC", "mean", "1m")
    assert (full.values, full.quality) == ([1.5, None], [0, 0x8005_0000])
    _, span, aggregate, points = plant.records.asked[0]
    assert (span.end - span.start, aggregate, points) == (86_400_000_000, "mean", 10)


async def test_trace_tells_the_way_with_times(plant: Any, viewer: Any) -> None:
    tag = plant.table.tags[plant.table.position("TIC-101.PV")]
    plant.services.states.apply(_change(plant, NOW_US, 5), plant.table, NOW_US + 40_000)
    batch = make_batch(
        plant="reactor",
        source="opcua",
        epoch=1,
        seq=2,
        tag_table=plant.table.name,
        origin="live",
        tag_ids=np.array([tag.tag_id], dtype=np.int32),
        times=np.array([NOW_US], dtype=np.int64),
        values=np.array([80.0]),
        quality=np.array([0], dtype=np.uint32),
        received=NOW_US + 10_000,
    )
    plant.log.batches[7, 5] = LoggedBatch(batch, NOW_US + 20_000)
    plant.records.rows.add((tag.tag_id, NOW_US))
    trace = Trace.model_validate_json((await viewer.get("/v1/plants/reactor/trace/TIC-101.PV")).content)
    assert (trace.tag, trace.unit, trace.value, trace.status) == ("TIC-101.PV", "degC", 80.0, "Good")
    assert [step.where for step in trace.steps] == ["sensor", "connector", "Kafka", "twin", "row"]
    assert [step.after_ms for step in trace.steps] == [None, 10.0, 10.0, 20.0, None]
    assert (trace.steps[-1].text, trace.steps[-1].reached) == ("in the table", True)


async def test_trace_tells_which_places_the_reading_has_not_come_to(plant: Any, viewer: Any) -> None:
    plant.services.states.apply(_change(plant, NOW_US, 5), plant.table, NOW_US + 40_000)
    trace = Trace.model_validate_json((await viewer.get("/v1/plants/reactor/trace/TIC-101.PV")).content)
    assert [step.where for step in trace.steps if not step.reached] == ["row"]
    assert trace.steps[-1].text == "waits for the table"


def _change(plant: Any, time: int, offset: int) -> Any:
    from stream.envelope import TwinChange

    return TwinChange(
        plant="reactor",
        incarnation="0f343b0931126a20",
        offset=offset,
        n=0,
        log_time=time,
        tag_table=plant.table.name,
        full=False,
        positions=np.array([plant.table.position("TIC-101.PV")], dtype="<i4").tobytes(),
        times=np.array([time], dtype="<i8").tobytes(),
        values=np.array([80.0]).tobytes(),
        quality=np.zeros(1, dtype="<u4").tobytes(),
        limits=b"\0",
        flags=b"\0",
    )


async def test_trace_says_what_it_cannot_know(plant: Any, viewer: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=5)
    await viewer.get("/v1/plants")
    plant.records.away = True
    steps = (await viewer.get("/v1/plants/reactor/trace/TIC-101.PV")).json()["steps"]
    assert [step["text"] for step in steps][1:] == [
        "no longer told by the log",
        "no longer told by the log",
        "in the twin",
        "the database does not answer",
    ]
    assert (await viewer.get("/v1/plants/reactor/trace/FIC-101.PV")).status_code == 503
    assert (await viewer.get("/v1/plants/reactor/trace/NO-1")).status_code == 404


async def test_readings_reach_the_inbox_whole(plant: Any) -> None:
    readings = [
        {"tag": "TIC-101.PV", "time": "2026-11-24T00:59:59.5+01:00", "value": 84.5, "unit": "degC"},
        {"tag": "XS-901", "time": NOW_US, "value": True, "quality": 0x0096_0000},
    ]
    async with plant.client("ingest") as client:
        answer = await client.post("/v1/plants/reactor/readings", json={"readings": readings})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    ((number, content),) = plant.inbox.records
    assert number == 7
    assert json.loads(content) == {
        "v": 1,
        "plant": "reactor",
        "received_us": NOW_US,
        "readings": [
            {"tag": "TIC-101.PV", "time_us": NOW_US - 500_000, "value": 84.5, "quality": 0, "unit": "degC"},
            {"tag": "XS-901", "time_us": NOW_US, "value": 1.0, "quality": 0x0096_0000, "unit": ""},
        ],
    }


async def test_every_fault_of_a_batch_is_told_and_nothing_is_taken(plant: Any) -> None:
    readings = [
        {"tag": "TIC-101.PV", "time": NOW_US, "value": 84.5},
        {"tag": "NO-1", "time": NOW_US, "value": 1.0},
        {"tag": "TIC-101.PV", "time": NOW_US, "value": 84.5, "unit": "K"},
        {"tag": "TIC-101.PV", "time": "2026-11-24T00:00:00", "value": 84.5},
        {"tag": "TIC-101.PV", "time": NOW_US + 61_000_000, "value": 84.5},
        {"tag": "TIC-101.PV", "time": 0, "value": 84.5},
    ]
    async with plant.client("ingest") as client:
        answer = await client.post("/v1/plants/reactor/readings", json={"readings": readings})
    assert answer.status_code == 422
    faults = answer.json()["faults"]
    assert [(fault["index"], fault["path"].rpartition(".")[2]) for fault in faults] == [
        (1, "tag"),
        (2, "unit"),
        (3, "time"),
        (4, "time"),
        (5, "time"),
    ]
    assert all(fault["detail"] and fault["remedy"] for fault in faults)
    assert plant.inbox.records == []


async def test_readings_are_not_accepted_while_kafka_is_away(plant: Any) -> None:
    plant.inbox.away = True
    async with plant.client("ingest") as client:
        body = {"readings": [{"tag": "TIC-101.PV", "time": NOW_US, "value": 84.5}]}
        answer = await client.post("/v1/plants/reactor/readings", json=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"].endswith("#kafka-away")


async def test_what_the_broker_would_refuse_is_too_large(plant: Any) -> None:
    plant.inbox.limit = 10
    async with plant.client("ingest") as client:
        body = {"readings": [{"tag": "TIC-101.PV", "time": NOW_US, "value": 84.5}]}
        assert (await client.post("/v1/plants/reactor/readings", json=body)).status_code == 413
        many = {"readings": [body["readings"][0]] * 5_001}
        assert (await client.post("/v1/plants/reactor/readings", json=many)).status_code == 413


async def test_connection_is_what_the_connector_reads(plant: Any) -> None:
    import msgspec

    async with plant.client("ingest") as client:
        content = (await client.get("/v1/plants/reactor/connection")).content
    connection = msgspec.json.decode(content, type=Connection)
    assert (connection.plant, connection.number) == ("reactor", 7)
    assert connection.tag_table == plant.table.content
    assert connection.sources[0].kind == "opcua"


async def test_graphic_is_svg(viewer: Any) -> None:
    answer = await viewer.get("/v1/plants/reactor/graphic.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg")
    assert "script-src" not in answer.headers["content-security-policy"]


def links_of(content: bytes) -> dict[str, str | None]:
    return {link.name: link.waits_for for link in Chain.model_validate_json(content).plants[0].links}


async def test_chain_says_what_each_link_waits_for(plant: Any, viewer: Any) -> None:
    plant.records.away = False
    waiting = links_of((await viewer.get("/v1/chain")).content)
    assert waiting["Kafka"] == "waits for Kafka to answer"
    assert waiting["database"] is None
    plant.services.feed.connected = True
    waiting = links_of((await viewer.get("/v1/chain")).content)
    assert waiting["worker"] == "waits for the first value"
    plant.happen({"TIC-101.PV": 80.0}, offset=1, log_time=NOW_US)
    assert set(links_of((await viewer.get("/v1/chain")).content).values()) == {None}


@pytest.mark.parametrize(
    ("happened", "broken", "text"),
    [
        ({"stale": 1, "time": NOW_US - 20_000_000}, "connector", "has brought no reading for 20 s"),
        ({"quality": 0x808A_0001}, "plant", "does not answer the connector"),
        ({"log_time": NOW_US - 600_000_000}, "worker", "has said nothing for 10 min"),
    ],
)
async def test_chain_points_to_the_broken_link(
    plant: Any, viewer: Any, happened: dict[str, int], broken: str, text: str
) -> None:
    plant.services.feed.connected = True
    plant.happen({"TIC-101.PV": 80.0}, offset=1, **({"log_time": NOW_US} | happened))
    answer = await viewer.get("/v1/chain")
    assert links_of(answer.content)[broken] == text
    assert {link["name"]: link["waits_for"] for link in answer.json()["links"]}[broken] == text


async def test_chain_answers_without_the_database(plant: Any, viewer: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    plant.records.away = True
    answer = await viewer.get("/v1/chain")
    assert answer.json()["plants"][0]["plant"] == "reactor"
    assert links_of(answer.content)["database"] == "waits for the database to answer"


async def test_health_tells_alive_from_ready(plant: Any) -> None:
    async with plant.client(role=None) as anyone:
        assert (await anyone.get("/health/live")).status_code == 200
        assert "Kafka" in (await anyone.get("/health/ready")).json()["detail"]
        plant.services.feed.connected = True
        ready = (await anyone.get("/health/ready")).json()
        assert ready == {"ready": True, "conditions": {"database": True, "Kafka": True, "live state": True}}
        plant.records.away = True
        assert (await anyone.get("/health/ready")).status_code == 503
