"""Rule snapshot-and-replay for a whole partition: several plants, snapshots at any offsets, and what is no record."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.as_of import Past, PlantNotKnownThenError
from stream.envelope import LOG_HEADER, Control, Tick, decode, encode, make_batch
from stream.recovery import LogRangeMissingError, LogRecord, TwinsOfPartition, read_range, rebuild
from stream.scan import snapshot
from stream.scan.replay import Moment, replay
from stream.tag_tables import Refusals, TagTables
from stream.topics import PARTITIONS
from twin.atlas.tags import Tag, TagTable, TagTableContent

T0 = 1_790_000_000_000_000
S = 1_000_000
PARTITION = 7


def table_of(plant: str, number: int, revision: int = 1) -> TagTable:
    """A measured and a derived tag; the second revision has one tag more."""
    tags = [
        Tag(tag_id=number, name="TI-1.PV", description="", unit="K", low=0, high=100, source="plc", stale_after_s=2),
        Tag(tag_id=number + 1, name="UY-1.PV", description="", unit="K", low=0, high=200, expression="2 * [TI-1.PV]",
            kind="derived"),
    ]  # fmt: skip
    if revision > 1:
        tags.append(Tag(tag_id=number + 2, name="PI-2.PV", description="", unit="Pa", low=0, high=1, source="plc"))
    return TagTable.of(TagTableContent(plant=plant, number=number, revision=revision, tags=tuple(tags)))


MILL, BREWERY = table_of("mill", PARTITION), table_of("brewery", PARTITION + PARTITIONS)
NEW_MILL, STRANGER = table_of("mill", PARTITION, 2), table_of("stranger", 8)
TABLES = {table.name: table for table in (MILL, BREWERY, NEW_MILL, STRANGER)}


class Tables:
    """Has all tables but those that nobody stored, which are refused at once."""

    async def find_table(self, name: str) -> tuple[TagTable | None, Refusals]:
        return TABLES.get(name), frozenset()

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        return True


@dataclass(frozen=True)
class Saved:
    incarnation: str
    offset: int
    state: bytes


@dataclass
class Snapshots:
    saved: dict[str, Saved] = field(default_factory=dict)

    async def newest_snapshot(self, plant: str) -> Saved | None:
        return self.saved.get(plant)


def fresh() -> TwinsOfPartition:
    return TwinsOfPartition(PARTITION, "log-1", TagTables(Tables(), "log-1", patience_s=0))


def batch(table: TagTable, seq: int, at: int, value: float, name: str = "") -> bytes:
    return encode(
        make_batch(
            plant=table.plant, source="plc", epoch=1, seq=seq, tag_table=name or table.name, origin="live",
            tag_ids=table.tag_ids[:1], times=np.array([at], dtype=np.int64), values=np.array([value]),
            quality=np.zeros(1, dtype=np.uint32),
        )
    )  # fmt: skip


kinds = st.sampled_from(
    ["mill", "brewery", "stranger", "new mill", "revise", "unknown", "tick", "rubbish", "misplaced"]
)
scripts = st.lists(st.tuples(kinds, st.integers(0, 5), st.floats(0, 100)), min_size=10, max_size=30)


def record(kind: str, offset: int, now: int, value: float) -> bytes:
    if kind in ("tick", "rubbish"):
        return encode(Tick(plant="", at=now)) if kind == "tick" else b"\x93rubbish"
    if kind == "revise":
        return encode(Control(plant="mill", identity="e", action="revise", content={"tag_table": NEW_MILL.name}))
    if kind == "misplaced":  # the mill's readings under the stranger's table
        return batch(MILL, offset, now, value, STRANGER.name)
    if kind == "unknown":
        return batch(MILL, offset, now, value, "never-stored")
    return batch({"mill": MILL, "brewery": BREWERY, "new mill": NEW_MILL}.get(kind, STRANGER), offset, now, value)


def log_of(script: list[tuple[str, int, float]]) -> list[LogRecord]:
    log, now = [], T0
    for offset, (kind, gap, value) in enumerate(script):
        now += gap * S // 2
        log.append(LogRecord(offset, now, record(kind, offset, now, value)))
    return log


async def play(twins: TwinsOfPartition, log: list[LogRecord]) -> dict[tuple[str, int, int], bytes]:
    """What is said, by its name."""
    said = {}
    for entry in log[twins.next_offset :]:
        for twin, outputs in await twins.take(entry):
            for output in outputs:
                said[twin.table.plant, output.offset, output.n] = msgspec.msgpack.encode(output)
    return said


def states(twins: TwinsOfPartition) -> dict[str, bytes]:
    return {plant: snapshot.save(twin) for plant, twin in twins.twins.items()}


async def check(script: list[tuple[str, int, float]], saves: dict[str, int]) -> None:
    log = log_of(script)
    whole, dying, snapshots = fresh(), fresh(), Snapshots()
    said = await play(whole, log)
    for entry in log:
        await dying.take(entry)
        for plant, at in saves.items():
            if entry.offset == at and plant in dying.twins:
                twin = dying.twins[plant]
                snapshots.saved[plant] = Saved("log-1", twin.offset, snapshot.save(twin))
    restored = fresh()
    await restored.restore(["mill", "brewery"], snapshots)
    offsets = [saved.offset for saved in snapshots.saved.values()]
    assert restored.next_offset == (min(offsets) + 1 if len(offsets) == 2 else 0)
    again = await play(restored, log)
    assert states(restored) == states(whole)
    assert {name: said[name] for name in again} == again  # what is said again bears the same name and says the same
    assert whole.next_offset == len(log)


@settings(max_examples=60)
@given(script=scripts, saves=st.dictionaries(st.sampled_from(["mill", "brewery"]), st.integers(0, 29), max_size=2))
def test_snapshot_and_replay_a_partition_restored_from_any_snapshots_is_the_partition_replayed(
    script: list[tuple[str, int, float]], saves: dict[str, int]
) -> None:
    asyncio.run(check(script, saves))


async def test_one_partition_what_belongs_elsewhere_makes_no_twin_and_is_counted() -> None:
    twins = fresh()
    for offset, kind in enumerate(["stranger", "misplaced", "rubbish", "mill"]):
        await twins.take(LogRecord(offset, T0, record(kind, offset, T0, 1.0)))
    assert set(twins.twins) == {"mill"}
    assert (twins.malformed, twins.next_offset) == (3, 4)
    assert twins.twins["mill"].counts.batches == 1


async def test_a_tick_moves_the_clock_of_every_twin_of_the_partition() -> None:
    twins = fresh()
    for offset, kind in enumerate(["mill", "brewery"]):
        await twins.take(LogRecord(offset, T0, record(kind, offset, T0, 1.0)))
    taken = await twins.take(LogRecord(2, T0 + 60 * S, record("tick", 2, T0, 0)))
    assert {twin.table.plant for twin, _ in taken} == {"mill", "brewery"}
    assert {twin.clock for twin, _ in taken} == {T0 + 60 * S}


class LogReader:
    """A consumer of a log that begins at an offset and gives a few records at a time."""

    def __init__(self, log: list[LogRecord], begin: int = 0, at_once: int = 3) -> None:
        self.log, self.begin, self.at_once, self.at = log, begin, at_once, 0

    def assign(self, partitions: list[Any]) -> None: ...

    async def beginning_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, self.begin)

    def seek(self, partition: Any, offset: int) -> None:
        self.at = offset

    async def end_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, len(self.log))

    async def getmany(self, partition: Any, timeout_ms: int) -> dict[Any, list[Any]]:
        @dataclass(frozen=True)
        class Fetched:
            offset: int
            timestamp: int
            value: bytes
            headers: tuple[tuple[str, bytes], ...]

        found = [r for r in self.log if self.at <= r.offset < self.at + self.at_once and r.offset >= self.begin]
        self.at += self.at_once
        fetched = [Fetched(r.offset, r.log_time // 1000, r.value, ((LOG_HEADER, r.log.encode()),)) for r in found]
        return {partition: fetched} if fetched else {}


@pytest.mark.parametrize(
    ("first", "end", "begin"), [(0, 10, 0), (3, 7, 0), (3, 4, 0), (5, 5, 0), (0, 10, 6), (2, 9, 6)]
)
async def test_a_range_gives_its_records_and_no_others(first: int, end: int, begin: int) -> None:
    log = log_of([("tick", 1, 0.0)] * 12)
    got = [entry async for entry in read_range(LogReader(log, begin), PARTITION, first, end)]  # type: ignore[arg-type]
    assert [entry.offset for entry in got] == list(range(max(first, begin), end))
    assert [entry.log_time for entry in got] == [log[entry.offset].log_time for entry in got]


async def test_a_range_that_the_log_does_not_hold_is_an_error_and_no_endless_wait() -> None:
    with pytest.raises(LogRangeMissingError, match="yields nothing at 2"):
        _ = [r async for r in read_range(LogReader(log_of([("tick", 1, 0.0)] * 2)), PARTITION, 0, 5)]  # type: ignore[arg-type]


@settings(max_examples=30)
@given(script=scripts, data=st.data())
def test_snapshot_and_replay_any_position_is_rebuilt_alike(script: list[tuple[str, int, float]], data: Any) -> None:
    position = data.draw(st.integers(0, len(script) - 1))

    async def both() -> None:
        log, direct = log_of(script), fresh()
        await play(direct, log[: position + 1])
        rebuilt = await rebuild(LogReader(log), fresh(), position)  # type: ignore[arg-type]
        assert states(rebuilt) == states(direct)

    asyncio.run(both())


async def test_log_may_vanish_a_batch_meant_for_another_log_does_not_drop_those_that_are_sent_again() -> None:
    stray = LogRecord(0, T0, batch(MILL, 5, T0, 99.0), "log-0")
    again = [LogRecord(1 + seq, T0 + seq * S, batch(MILL, seq, T0 + seq * S, 20.0), "log-1") for seq in range(6)]
    twins = await rebuild(LogReader([stray, *again]), fresh(), 6)  # type: ignore[arg-type]
    counts = twins.twins["mill"].counts
    assert (counts.batches, counts.repeated, counts.gaps) == (6, 0, 0)
    assert twins.next_offset == 7


class PastTables(Tables):
    """Tables and snapshots as they were stored; whoever would write a refusal fails."""

    def __init__(self, saved: list[Saved] | None = None) -> None:
        self.saved = saved or []

    async def snapshot_before(self, plant: str, incarnation: str, moment: Moment) -> Saved | None:
        fitting = [s for s in self.saved if s.incarnation == incarnation and moment.has(s.offset, clock_of(s))]
        return max(fitting, key=lambda saved: saved.offset, default=None)

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        raise AssertionError("looking at the past refuses nothing")


def clock_of(saved: Saved) -> int:
    return int(msgspec.msgpack.decode(saved.state)["clock"])


moments = st.builds(Moment, st.integers(0, 35)) | st.builds(
    lambda halves: Moment(log_time=T0 + halves * S // 2), st.integers(0, 60)
)


@settings(max_examples=60)
@given(script=scripts, moment=moments, saves=st.sets(st.integers(0, 29), max_size=4))
def test_snapshot_and_replay_a_twin_as_of_any_moment_is_the_twin_that_was(
    script: list[tuple[str, int, float]], moment: Moment, saves: set[int]
) -> None:
    async def both() -> None:
        log, direct, saved = log_of(script), fresh(), []
        before = [entry for entry in log if moment.has(entry.offset, entry.log_time)]
        for entry in log:
            await direct.take(entry)
            if entry.offset in saves and "mill" in direct.twins:
                twin = direct.twins["mill"]
                saved.append(Saved("log-1", twin.offset, snapshot.save(twin)))
        then = fresh()
        await play(then, before)
        past = Past("log-1", LogReader(log), PastTables(saved))  # type: ignore[arg-type]
        if "mill" in then.twins:
            assert snapshot.save(await past.twin("mill", PARTITION, moment)) == states(then)["mill"]
        else:
            with pytest.raises(PlantNotKnownThenError, match="mill"):
                await past.twin("mill", PARTITION, moment)

    asyncio.run(both())


@settings(max_examples=30)
@given(
    script=scripts.map(lambda script: [entry for entry in script if entry[0] not in ("rubbish", "misplaced")]),
    moment=moments,
    cut=st.integers(0, 20),
)
def test_snapshot_and_replay_a_replay_is_the_twin_that_was_and_leaves_the_one_it_starts_from_alone(
    script: list[tuple[str, int, float]], moment: Moment, cut: int
) -> None:
    async def both() -> None:
        log, early, direct = log_of([("mill", 0, 1.0), *script]), fresh(), fresh()
        await play(early, log[: cut + 1])
        await play(direct, log[: cut + 1])
        await play(direct, [entry for entry in log if entry.offset <= cut or moment.has(entry.offset, entry.log_time)])
        await early.tables.resolve(NEW_MILL.name, "mill", 0)
        start = snapshot.save(early.twins["mill"])
        later = ((entry.offset, entry.log_time, decode(entry.value)) for entry in log[cut + 1 :])
        assert snapshot.save(replay(early.twins["mill"], later, moment)) == states(direct)["mill"]
        assert snapshot.save(early.twins["mill"]) == start

    asyncio.run(both())


async def test_a_moment_of_which_the_log_no_longer_holds_all_is_refused() -> None:
    past = Past("log-1", LogReader(log_of([("mill", 1, 1.0)] * 9), begin=4), PastTables())  # type: ignore[arg-type]
    with pytest.raises(LogRangeMissingError, match="mill: records 0 to 3 are no longer in the log"):
        await past.twin("mill", PARTITION, Moment(6))
