"""The live stream as a browser reads it."""

import asyncio
from typing import Any

import pytest

from api.config import LimitsConfig, LiveConfig

LOG = "0f343b0931126a20"


async def test_stream_starts_with_the_full_state_and_goes_on_with_changes(plant: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0, "FIC-101.PV": float("nan")}, offset=4)
    async with plant.stream() as reader:
        kind, event_id, content = (await reader.events(1))[0]
        assert (kind, event_id) == ("reset", f"{LOG}:4")
        time = content["log_time"]
        assert content["id"] == event_id
        assert content["tags"] == {"TIC-101.PV": [80.0, time, 0, 0, 0], "FIC-101.PV": [None, time, 0, 0, 0]}
        plant.happen({"TIC-101.PV": 96.0}, offset=5, limit=2, stale=1, quality=0x8000_0000)
        kind, event_id, content = (await reader.events(1))[0]
    assert (kind, event_id) == ("change", f"{LOG}:5")
    assert content["tags"] == {"TIC-101.PV": [96.0, content["log_time"], 0x8000_0000, 2, 1]}


async def test_stream_is_not_buffered_and_not_cached(plant: Any) -> None:
    async with plant.stream() as reader:
        await reader.until(lambda text: "still here" in text)
    assert reader.status == 200
    assert reader.answered["content-type"].startswith("text/event-stream")
    assert reader.answered["x-accel-buffering"] == "no"
    assert reader.answered["cache-control"].startswith("no-cache")
    assert reader.answered["x-content-type-options"] == "nosniff"


async def test_resumable_stream_goes_on_after_the_event_it_saw(plant: Any) -> None:
    for offset in (1, 2, 3):
        plant.happen({"TIC-101.PV": 80.0 + offset}, offset=offset)
    headers = {"x-api-key": "key-of-the-viewer-0123456789", "last-event-id": f"{LOG}:1"}
    async with plant.stream(headers=headers) as reader:
        events = await reader.events(2)
        plant.happen({"TIC-101.PV": 90.0}, offset=4)
        events += await reader.events(1)
    assert [(kind, event_id) for kind, event_id, _ in events] == [("change", f"{LOG}:{n}") for n in (2, 3, 4)]


async def test_resumable_stream_goes_on_from_what_state_answered(plant: Any, viewer: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    state = (await viewer.get("/v1/plants/reactor/state")).json()
    plant.happen({"TIC-101.PV": 81.0}, offset=2)
    async with plant.stream(query=f"last_event_id={state['id']}") as reader:
        kind, event_id, _ = (await reader.events(1))[0]
    assert (kind, event_id) == ("change", f"{LOG}:2")


@pytest.mark.parametrize("last_id", ["0f343b0931126a20:0", "gone:1", "nonsense", "0f343b0931126a20:99"])
async def test_resumable_stream_gives_an_unknown_id_one_reset(plant: Any, last_id: str) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    async with plant.stream(query=f"last_event_id={last_id}") as reader:
        events = await reader.events(1)
        plant.happen({"TIC-101.PV": 81.0}, offset=2)
        events += await reader.events(1)
    assert [kind for kind, _, _ in events] == ["reset", "change"]


async def test_stream_opened_before_the_first_value_gets_it_as_reset(plant: Any) -> None:
    async with plant.stream() as reader:
        await reader.until(lambda text: "still here" in text)
        plant.happen({"TIC-101.PV": 80.0}, offset=1)
        assert (await reader.events(1))[0][0] == "reset"
        plant.happen({"TIC-101.PV": 81.0}, offset=2)
        assert (await reader.events(1))[0][0] == "change"


async def test_slow_subscriber_gets_one_reset_with_the_newest_values(plant: Any) -> None:
    plant.happen({"TIC-101.PV": 0.0}, offset=1)
    async with plant.stream() as reader:
        await reader.events(1)
        reader.taking.clear()
        for offset in range(2, 40):
            plant.happen({"TIC-101.PV": float(offset)}, offset=offset)
            await asyncio.sleep(0)
        reader.taking.set()
        events = await reader.events(1)
        while events[-1][0] != "reset":
            events += await reader.events(1)
        assert events[-1][2]["tags"]["TIC-101.PV"][0] == 39.0
        plant.happen({"TIC-101.PV": 40.0}, offset=40)
        assert (await reader.events(1))[0][0] == "change"
    assert len(events) < 8


async def test_closed_streams_leave_nothing_behind(plant: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    for _ in range(3):
        async with plant.stream() as reader:
            await reader.events(1)
            assert plant.services.states.subscribers == 1
    await asyncio.sleep(0)
    assert plant.services.states.subscribers == 0


async def test_service_that_stops_ends_its_streams(plant: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    async with plant.stream() as reader:
        await reader.events(1)
        plant.services.states.close()
        await asyncio.wait_for(asyncio.shield(reader._task), 2)


async def test_stream_of_an_unknown_plant_is_a_problem(viewer: Any) -> None:
    answer = await viewer.get("/v1/plants/nowhere/live")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("#unknown-plant")


async def test_no_more_streams_than_allowed(make_plant: Any) -> None:
    plant = make_plant(limits=LimitsConfig(streams=1))
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    async with plant.stream() as reader, plant.client() as client:
        await reader.events(1)
        answer = await client.get("/v1/plants/reactor/live")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


async def test_ticket_opens_the_stream_and_is_renewed_on_it(make_plant: Any) -> None:
    plant = make_plant(live=LiveConfig(heartbeat_s=0.02))
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    async with plant.client() as client:
        ticket = (await client.post("/v1/tickets", json={"plant": "reactor"})).json()
        assert ticket["expires_in_s"] == 60
    async with plant.stream(query=f"ticket={ticket['ticket']}", headers={"accept": "*/*"}) as reader:
        await reader.events(1)
        plant.clock.us += 59_000_000
        kind, event_id, content = (await reader.events(1))[0]
    assert (kind, event_id) == ("ticket", "")
    plant.clock.us += 59_000_000
    async with plant.stream(query=f"ticket={content['ticket']}", headers={"accept": "*/*"}) as reader:
        assert (await reader.events(1))[0][0] == "reset"


@pytest.mark.parametrize("spoil", ["expired", "other plant", "forged", "no signature", "other route", "key gone"])
async def test_ticket_opens_nothing_else(plant: Any, keys_file: Any, spoil: str) -> None:
    wanted = "elsewhere" if spoil == "other plant" else "reactor"
    text = plant.services.tickets.issue("viewer", wanted)
    path = "/v1/plants/reactor/live"
    if spoil == "expired":
        plant.clock.us += 61_000_000
    elif spoil == "forged":
        text = text[:-2] + ("AA" if text[-2:] != "AA" else "BB")
    elif spoil == "no signature":
        text = text.split(".")[0]
    elif spoil == "other route":
        path = "/v1/plants/reactor/state"
    elif spoil == "key gone":
        keys_file.write_text('{"keys": []}')
        plant.clock.us += 2_000_000
    async with plant.client(role=None) as stranger:
        answer = await stranger.get(path, params={"ticket": text})
    assert answer.status_code == 401


async def test_ticket_is_not_renewed_for_ever(plant: Any) -> None:
    tickets = plant.services.tickets
    ticket = tickets.read(tickets.issue("viewer", ""))
    assert ticket is not None
    plant.clock.us += 12 * 3600 * 1_000_000
    assert tickets.renew(ticket) is None
