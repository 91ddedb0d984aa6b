"""Rule resumable-stream, from the worker's changes to a reader's state, through real bytes and any disconnections."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.client.live_events import EventParser, LiveEvent, LiveTag
from api.config import LiveConfig
from api.live_state import LivePlant, LiveStates
from api.sse import HEARTBEAT, OPENING, encode_event, stream_plant
from stream.envelope import TwinChange
from twin.atlas.tags import TagTable

LOG = "0f343b0931126a20"
TAGS = ("TIC-101.PV", "FIC-101.PV", "XS-901", "KI-901")
Make = Callable[..., TwinChange]
Tables = Callable[..., TagTable]

values = st.dictionaries(st.sampled_from(TAGS[1:]), st.floats(allow_infinity=False), min_size=1, max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), values),
        st.tuples(st.just("late"), values),
        st.tuples(st.sampled_from(["read", "read", "drop", "drop", "cut", "cut", "revise"]), st.none()),
    ),
    min_size=12,
    max_size=40,
)


class Reader:
    """A client that keeps the newest value of each tag and comes back with the last id that it saw."""

    def __init__(self, plant: LivePlant) -> None:
        self._plant = plant
        self.parser = EventParser()
        self.state: dict[str, LiveTag] = {}
        self.resets = 0
        self._stream: Any = None

    async def read(self, cut: bool = False) -> None:
        """Read what there is; `cut` loses the connection within the last frame."""
        if self._stream is None:
            self._stream = stream_plant(self._plant, self.parser.last_id or None, heartbeat_s=0.0005)
            self.resets = 0
            assert await anext(self._stream) == OPENING
        frames = [frame async for frame in self._until_silent()]
        whole = b"".join(frames)
        self._take(whole[: -(len(frames[-1]) // 2)] if cut and frames else whole)
        if cut:
            await self.drop()

    async def _until_silent(self) -> Any:
        async for frame in self._stream:
            if frame == HEARTBEAT:
                return
            yield frame

    def _take(self, received: bytes) -> None:
        for line in received.decode().split("\n")[:-1]:
            event = self.parser.feed(line)
            if event is not None:
                self._apply(event)

    def _apply(self, event: LiveEvent) -> None:
        if event.kind == "reset":
            self.resets += 1
            self.state = {}
        self.state |= event.tags

    async def drop(self) -> None:
        if self._stream is not None:
            await self._stream.aclose()
            self._stream = None
        self.parser.forget_partial()


def full_state(plant: LivePlant) -> dict[str, LiveTag]:
    parser = EventParser()
    events = [parser.feed(line) for line in plant.reset_frame().decode().split("\n")]
    [event] = [event for event in events if event is not None]
    return event.tags


async def follow(script: list[tuple[str, Any]], config: LiveConfig, change: Make, tables: list[TagTable]) -> None:
    states = LiveStates(config)
    states.start_log(LOG)
    revision = 0
    states.apply(change(tables[0], {name: 0.0 for name in TAGS[1:]}, offset=1), tables[0])
    plant = states.open("reactor")
    reader = Reader(plant)
    for offset, (step, content) in enumerate(script, 2):
        if step in ("change", "late"):
            at = offset if step == "change" else max(1, offset - 3)
            states.apply(change(tables[revision], content, offset=at, n=int(step == "late")), tables[revision])
        elif step == "revise":
            revision = 1 - revision
            everything = dict.fromkeys(TAGS[1:], float(offset))
            states.apply(change(tables[revision], everything, offset=offset, full=True), tables[revision])
        elif step == "drop":
            await reader.drop()
        else:
            await reader.read(cut=step == "cut")
    await reader.read()
    assert reader.state == full_state(plant)
    assert reader.parser.last_id == plant.event_id
    await reader.drop()
    assert plant.subscribers == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(script=steps, ring=st.sampled_from([2_000, 5_000, 10**6]), queue=st.sampled_from([2, 128]))
def test_resumable_stream_a_reader_ends_with_the_full_state_however_often_it_was_cut_off(
    script: list[tuple[str, Any]], ring: int, queue: int, change: Make, table_of: Tables
) -> None:
    config = LiveConfig(ring_bytes=ring, queue_events=queue)
    asyncio.run(follow(script, config, change, [table_of(1), table_of(2, TAGS[1:])]))


@pytest.mark.parametrize("last_id", [f"{LOG}:1", "another-log:9", "", "nonsense", f"{LOG}:{'9' * 18}"])
async def test_resumable_stream_an_expired_or_unknown_id_gets_exactly_one_reset(
    last_id: str, change: Make, table_of: Tables
) -> None:
    table = table_of(1)
    states = LiveStates(LiveConfig(ring_bytes=3_000))
    states.start_log(LOG)
    for offset in range(1, 10):
        states.apply(change(table, {"TIC-101.PV": float(offset)}, offset=offset), table)
    reader = Reader(states.open("reactor"))
    reader.parser.last_id = last_id
    await reader.read()
    states.apply(change(table, {"FIC-101.PV": 3.0}, offset=10), table)
    await reader.read()
    assert reader.resets == 1
    assert (reader.state["TIC-101.PV"].value, reader.state["FIC-101.PV"].value) == (9.0, 3.0)
    await reader.drop()


@given(st.recursive(st.none() | st.text() | st.integers(-(2**53), 2**53), lambda inner: st.lists(inner, max_size=3)))
def test_a_frame_is_one_event_whatever_its_content_holds(content: Any) -> None:
    lines = encode_event("note", content, "a:1").decode().split("\n")
    assert [line.partition(":")[0] for line in lines] == ["id", "event", "data", "", ""]
