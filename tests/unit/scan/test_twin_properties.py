"""Rules of the twin over random partitions: two sources, repeated and missing batches, ticks, revisions, refusals."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.quality import BAD, BAD_SENSOR_FAILURE, UNCERTAIN_SUB_NORMAL
from stream.envelope import Control, DerivedScan, ReadingBatch, Record, Tick
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin
from twin.atlas.prices import Price, PriceBook
from twin.atlas.tags import Tag, TagTable

Batch = Callable[..., ReadingBatch]
Log = list[tuple[int, Record]]
"""Records with their log times."""
S = 1_000_000
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
OPCUA, PUSH = (11, 15), (12,)
"""Tags of the two sources."""

qualities = st.sampled_from([0, 0, 0, UNCERTAIN_SUB_NORMAL, BAD_SENSOR_FAILURE])


def readings_of(tags: tuple[int, ...]) -> st.SearchStrategy[tuple[int, int, float, int]]:
    return st.tuples(st.sampled_from(tags), st.integers(-8, 3), st.floats(-5, 105), qualities)


entries = st.one_of(
    st.tuples(st.just("opcua"), st.lists(readings_of(OPCUA), max_size=4)),
    st.tuples(st.just("push"), st.lists(readings_of((12, 99)), max_size=3)),
    st.tuples(st.just("backfill"), st.lists(readings_of((*OPCUA, *PUSH)), max_size=4)),
    st.tuples(st.sampled_from(["tick", "again", "gap", "restart", "revise", "back", "prices"]), st.just([])),
    st.tuples(st.just("refused"), st.lists(readings_of(OPCUA), max_size=2)),
)
scripts = st.lists(st.tuples(st.integers(0, 4), entries), min_size=8, max_size=25)
"""Half seconds since the record before, and what it is."""


@pytest.fixture
def tables(table: TagTable) -> tuple[TagTable, TagTable]:
    kept = [tag for tag in table.tags if tag.name != "FI-2.PV"]
    new = Tag(tag_id=30, name="PI-9.PV", description="New", unit="kPa", low=0, high=1, source="opcua")
    return table, TagTable.of(msgspec.structs.replace(table.content, revision=2, tags=(*kept, new)))


class Writer:
    """Writes a log from a script, as a connector and the keeper would."""

    def __init__(self, batch: Batch, tables: tuple[TagTable, TagTable], start: int) -> None:
        self.batch, self.tables, self.now = batch, tables, start
        self.numbers = {"opcua": -1, "push": -1}
        self.epoch = 1
        self.log: Log = []

    def write(self, script: Iterable[tuple[int, tuple[str, list[Any]]]]) -> Log:
        for gap, (kind, rows) in script:
            self.now += gap * S // 2
            self.log.append((self.now, self._record(kind, rows)))
        return self.log

    def _record(self, kind: str, rows: list[Any]) -> Record:
        if kind in ("revise", "back"):
            name = self.tables[kind == "revise"].name
            return Control(
                plant="mill", identity=f"{kind}-{len(self.log) % 5}", action="revise", content={"tag_table": name}
            )
        if kind == "prices":
            book = PriceBook([Price.written("steam", f"{len(self.log)} USD/t", None, None)], len(self.log))
            identity = f"prices-{len(self.log) % 5}"
            return Control(plant="mill", identity=identity, action="prices", content=book.as_content())
        if kind == "again":
            return next((r for _, r in reversed(self.log) if isinstance(r, ReadingBatch)), Tick(plant="", at=self.now))
        if kind == "gap":
            self.numbers["opcua"] += 2
        if kind == "restart":
            self.epoch += 1
            self.numbers = {"opcua": -1, "push": -1}
        if kind in ("tick", "gap", "restart"):
            return Tick(plant="", at=self.now)
        return self._batch(kind, rows)

    def _batch(self, kind: str, rows: list[Any]) -> ReadingBatch:
        source = "push" if kind == "push" else "opcua"
        self.numbers[source] += 1
        timed = [(tag, self.now + at * S // 2, value, quality) for tag, at, value, quality in rows]
        other = {"tag_table": "unheard-of"} if kind == "refused" else {}
        origin = "backfill" if kind == "backfill" else "live"
        return self.batch(self.numbers[source], *timed, origin=origin, epoch=self.epoch, source=source, **other)


def find_in(tables: Iterable[TagTable]) -> Callable[[str, int], TagTable | None]:
    known = {table.name: table for table in tables}
    return lambda name, offset: known.get(name)


def play(twin: PlantTwin, log: Log, first: int = 0) -> list[bytes]:
    said: list[bytes] = []
    for offset, (log_time, record) in enumerate(log[first:], first):
        said += [msgspec.msgpack.encode(output) for output in twin.apply(record, offset, log_time)]
    return said


def carried_over(twin: PlantTwin, tables: Iterable[TagTable]) -> PlantTwin:
    """The twin after its process has died and another one has restored it."""
    state = snapshot.save(twin)
    names = {table.name: table for table in tables}
    restored, afresh = snapshot.restore(state, names[snapshot.table_named_by(state)], "log-1", find_in(tables))
    assert afresh == ()
    return restored


@QUICK
@given(script=scripts, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_snapshot_and_replay_pure_twin_any_number_of_deaths_changes_no_byte(
    tables: tuple[TagTable, TagTable], batch: Batch, t0: int, script: Any, cuts: list[int]
) -> None:
    log = Writer(batch, tables, t0).write(script)
    whole, again, mortal = (PlantTwin.new(tables[0], "log-1", find_in(tables)) for _ in range(3))
    said = play(whole, log)
    assert play(again, log) == said
    lives: list[bytes] = []
    at = 0
    for cut in [*sorted(min(cut, len(log)) for cut in cuts), len(log)]:
        lives += play(mortal, log[:cut], at)
        mortal, at = carried_over(mortal, tables), cut
    assert lives == said
    assert snapshot.save(mortal) == snapshot.save(whole) == snapshot.save(again)


@QUICK
@given(script=scripts)
def test_named_outputs_bear_names_that_are_unique_and_rise(
    tables: tuple[TagTable, TagTable], batch: Batch, t0: int, script: Any
) -> None:
    log = Writer(batch, tables, t0).write(script)
    twin = PlantTwin.new(tables[0], "log-1", find_in(tables))
    names = []
    for offset, (log_time, record) in enumerate(log):
        outputs = twin.apply(record, 7 * offset, log_time)
        assert {(o.plant, o.incarnation, o.offset) for o in outputs} == {("mill", "log-1", 7 * offset)}
        names += [(o.offset, o.n) for o in outputs]
        assert twin.apply(record, 7 * offset, log_time) == []  # a record that is read again has nothing to say
    assert names == sorted(set(names))


def newest(log: Log, tag: int) -> tuple[int, float] | None:
    """The newest reading of a tag among all batches, the first of equally new ones."""
    found: tuple[int, float] | None = None
    for _, record in log:
        if isinstance(record, ReadingBatch) and record.tag_table != "unheard-of":
            numbers, times, values, _ = record.arrays()
            for number, time, value in zip(numbers.tolist(), times.tolist(), values.tolist(), strict=True):
                if number == tag and (found is None or time > found[0]):
                    found = (time, value)
    return found


@QUICK
@given(script=scripts)
def test_back_fill_one_in_flight_the_newest_reading_stands_whatever_came_in_which_order(
    table: TagTable, tables: tuple[TagTable, TagTable], batch: Batch, t0: int, script: Any
) -> None:
    log = Writer(batch, tables, t0).write([entry for entry in script if entry[1][0] not in ("revise", "back")])
    twin = PlantTwin.new(table, "log-1", find_in(tables))
    play(twin, log)
    for position, tag in ((0, 11), (1, 12), (2, 15)):
        found = newest(log, tag)
        if found is None:
            assert np.isnan(twin.live.values[position])
        else:
            stored = found[1] * table.tags[position].scale + table.tags[position].offset
            assert (twin.live.times[position], twin.live.values[position]) == (found[0], stored)


@QUICK
@given(script=scripts, data=st.data())
def test_closed_scans_do_not_depend_on_which_source_of_one_moment_comes_first(
    table: TagTable, tables: tuple[TagTable, TagTable], batch: Batch, t0: int, script: Any, data: st.DataObject
) -> None:
    chosen = [(max(gap, 0), entry) for gap, entry in script if entry[0] in ("opcua", "push", "tick")]
    log = Writer(batch, tables, t0).write(chosen)
    moments = sorted({log_time for log_time, _ in log})
    shuffled: Log = []
    for moment in moments:
        here = [record for log_time, record in log if log_time == moment]
        by_source = [[r for r in here if getattr(r, "source", "") == source] for source in ("opcua", "push", "")]
        order = data.draw(st.permutations(range(3)))
        shuffled += [(moment, record) for source in order for record in by_source[source]]
    assert derived(table, tables, log) == derived(table, tables, shuffled)


def derived(table: TagTable, tables: tuple[TagTable, TagTable], log: Log) -> list[tuple[int, bytes, bytes]]:
    twin = PlantTwin.new(table, "log-1", find_in(tables))
    said = [output for offset, (at, record) in enumerate(log) for output in twin.apply(record, offset, at)]
    return [(o.scan_time, o.values, o.quality) for o in said if isinstance(o, DerivedScan)]


def test_closed_scans_hold_nothing_of_the_record_that_closes_them(table: TagTable, batch: Batch, t0: int) -> None:
    twin = PlantTwin.new(table, "log-1", find_in([table]))
    twin.apply(batch(0, (11, t0 - S, 20.0), (15, t0 - S, 80.0)), 0, t0)
    outputs = twin.apply(batch(1, (11, t0, 30.0)), 1, t0 + 2 * S)
    scans = [output for output in outputs if isinstance(output, DerivedScan)]
    assert [(scan.scan_time, np.frombuffer(scan.values).tolist()) for scan in scans] == [(t0 - S, [-60.0])]
    assert twin.counts.late == 1


def limit_by_hand(state: int, value: float) -> int:
    """One tag's limits 5, 10, 80, 90 with a deadband of 2, in plain words."""
    if value >= 90 or (state == 2 and value + 2 >= 90):
        return 2
    if value >= 80 or (state >= 1 and value + 2 >= 80):
        return 1
    if value <= 5 or (state == -2 and value - 2 <= 5):
        return -2
    return -1 if value <= 10 or (state <= -1 and value - 2 <= 10) else 0


@QUICK
@given(
    rows=st.lists(st.tuples(st.sampled_from([0.0, 4.9, 5.1, 6.9, 9.9, 11.9, 50.0, 78.1, 80.0, 88.1, 95.0]), qualities)),
    cuts=st.sets(st.integers(0, 30)),
)
def test_limits_follow_every_trusted_value_however_the_batches_are_cut(
    table: TagTable, batch: Batch, t0: int, rows: list[tuple[float, int]], cuts: set[int]
) -> None:
    twin = PlantTwin.new(table, "log-1", find_in([table]))
    state, waiting, seq = 0, [], 0
    for n, (value, quality) in enumerate(rows):
        state = state if quality >= BAD else limit_by_hand(state, value)
        waiting.append((11, t0 + n, value, quality))
        if n in cuts or n == len(rows) - 1:
            twin.apply(batch(seq, *waiting), seq, t0 + n)
            waiting, seq = [], seq + 1
            assert twin.live.limits[0] == state


@QUICK
@given(script=scripts, cut=st.integers(0, 25))
def test_a_fork_goes_its_own_way_and_leaves_the_twin_as_if_it_had_never_been(
    tables: tuple[TagTable, TagTable], batch: Batch, t0: int, script: Any, cut: int
) -> None:
    log = Writer(batch, tables, t0).write(script)
    cut = min(cut, len(log))
    twin = PlantTwin.new(tables[0], "log-1", find_in(tables))
    play(twin, log[:cut])
    before, fork = snapshot.save(twin), twin.fork()
    assert snapshot.save(fork) == before
    said = play(fork, log, cut)
    assert snapshot.save(twin) == before
    assert play(twin, log, cut) == said
    assert snapshot.save(twin) == snapshot.save(fork)


@QUICK
@given(script=scripts)
def test_the_source_of_each_value_is_whose_batch_brought_it(
    table: TagTable, tables: tuple[TagTable, TagTable], batch: Batch, t0: int, script: Any
) -> None:
    log = Writer(batch, tables, t0).write([entry for entry in script if entry[1][0] not in ("revise", "back")])
    twin = PlantTwin.new(table, "log-1", find_in(tables))
    play(twin, log)
    for position, tag in ((0, 11), (1, 12), (2, 15)):
        newest_time = int(twin.live.times[position])
        bringing = {
            record.source
            for _, record in log
            if isinstance(record, ReadingBatch) and record.tag_table != "unheard-of"
            for number, time in zip(*record.arrays()[:2], strict=True)
            if (number, time) == (tag, newest_time)
        }
        assert twin.live.source_of(position) in (bringing or {""})
