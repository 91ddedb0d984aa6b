"""Behaviour of the twin as a pure function of its partition."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.quality import BAD_NO_DATA, BAD_SENSOR_FAILURE, BAD_WAITING_FOR_INITIAL_DATA
from stream.envelope import Control, DerivedScan, ReadingBatch, Record, Tick, TwinChange
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin, is_for
from twin.atlas.tags import Tag, TagTable

Batch = Callable[..., ReadingBatch]
S = 1_000_000


@pytest.fixture
def new_twin(table: TagTable) -> Callable[[], PlantTwin]:
    tables = {table.name: table}
    return lambda: PlantTwin.new(table, "log-1", lambda name, offset: tables.get(name))


@pytest.fixture
def twin(new_twin: Callable[[], PlantTwin]) -> PlantTwin:
    return new_twin()


def tick(at: int) -> Tick:
    return Tick(plant="", at=at)


def change(outputs: list[TwinChange | DerivedScan]) -> TwinChange:
    assert isinstance(outputs[0], TwinChange)
    return outputs[0]


def changed(outputs: list[TwinChange | DerivedScan]) -> list[int]:
    return np.frombuffer(change(outputs).positions, dtype="<i4").tolist()


def test_newest_reading_stands_and_an_older_one_never_moves_it(twin: PlantTwin, batch: Batch, t0: int) -> None:
    twin.apply(batch(0, (11, t0, 20.0)), 0, t0)
    twin.apply(batch(1, (11, t0 - S, 99.0), origin="backfill"), 1, t0 + S)
    assert twin.live.values[0] == 20.0
    twin.apply(batch(2, (11, t0 + S, 21.0)), 2, t0 + S)
    assert twin.live.values[0] == 21.0


def test_one_in_flight_a_batch_sent_twice_counts_once(twin: PlantTwin, batch: Batch, t0: int) -> None:
    twin.apply(batch(0, (11, t0, 20.0)), 0, t0)
    outputs = twin.apply(batch(0, (11, t0 + S, 50.0)), 1, t0 + S)
    assert twin.live.values[0] == 20.0
    assert (twin.counts.batches, twin.counts.repeated) == (1, 1)
    assert changed(outputs) == []


def test_named_outputs_a_record_taken_before_says_nothing(twin: PlantTwin, batch: Batch, t0: int) -> None:
    outputs = twin.apply(batch(0, (11, t0, 20.0)), 5, t0)
    assert (change(outputs).incarnation, change(outputs).offset, change(outputs).n) == ("log-1", 5, 0)
    assert twin.apply(batch(1, (11, t0 + S, 20.0)), 5, t0 + S) == []
    assert twin.apply(batch(1, (11, t0 + S, 20.0)), 4, t0 + S) == []


def test_gap_in_the_numbers_is_taken_and_counted(twin: PlantTwin, batch: Batch, t0: int) -> None:
    twin.apply(batch(0, (11, t0, 20.0)), 0, t0)
    twin.apply(batch(3, (11, t0 + S, 25.0)), 1, t0 + S)
    assert twin.live.values[0] == 25.0
    assert twin.counts.gaps == 1


def test_value_grows_stale_by_ticks_and_recovers_with_the_next_report(twin: PlantTwin, batch: Batch, t0: int) -> None:
    twin.apply(batch(0, (11, t0, 20.0), (12, t0, 1.0), (15, t0, 80.0)), 0, t0)
    assert changed(twin.apply(tick(t0), 1, t0 + 5 * S)) == [3]  # the derived tag's first scan has closed
    assert changed(twin.apply(tick(t0), 2, t0 + 5 * S + 1)) == [0, 3]
    assert twin.live.stale.tolist() == [True, False, False, True]
    twin.apply(tick(t0), 3, t0 + 10 * S + 1)
    assert twin.live.stale.tolist() == [True, True, True, True]  # the source itself is silent by now
    twin.apply(batch(1, (12, t0 + 11 * S, 1.0)), 4, t0 + 11 * S)
    assert twin.live.stale.tolist() == [True, False, False, True]


def test_limit_state_follows_readings_one_by_one_within_a_batch(twin: PlantTwin, batch: Batch, t0: int) -> None:
    twin.apply(batch(0, (11, t0, 81.0), (11, t0 + 1, 79.0)), 0, t0)
    assert twin.live.limits[0] == 1  # 79 is within the deadband of the limit that 81 reached
    twin.apply(batch(1, (11, t0 + 2, 95.0, BAD_SENSOR_FAILURE)), 1, t0)
    assert twin.live.limits[0] == 1  # a bad value says nothing about limits


def test_closed_scans_derived_value_holds_what_lay_before_the_scan_and_never_reopens(
    twin: PlantTwin, batch: Batch, t0: int
) -> None:
    twin.apply(batch(0, (11, t0, 20.0), (15, t0, 80.0)), 0, t0)
    outputs = twin.apply(batch(1, (11, t0 + S, 30.0)), 1, t0 + 2 * S)
    scan = outputs[1]
    assert isinstance(scan, DerivedScan)
    assert scan.scan_time == t0
    assert np.frombuffer(scan.values, dtype="<f8").tolist() == [-60.0]
    late = twin.apply(batch(2, (11, t0 - 1, 25.0)), 2, t0 + 2 * S + 1)
    assert len(late) == 1
    assert twin.counts.late == 1
    after = twin.apply(tick(t0), 3, t0 + 3 * S)
    assert isinstance(after[1], DerivedScan)
    assert np.frombuffer(after[1].values, dtype="<f8").tolist() == [-50.0]


def test_derived_value_is_as_bad_as_its_worst_input(twin: PlantTwin, batch: Batch, t0: int) -> None:
    twin.apply(batch(0, (11, t0, np.nan, BAD_SENSOR_FAILURE), (15, t0, 80.0)), 0, t0)
    twin.apply(tick(t0), 1, t0 + 3 * S)
    assert twin.live.quality[3] == BAD_SENSOR_FAILURE
    assert np.isnan(twin.live.values[3])


def test_derived_value_without_inputs_has_no_data(twin: PlantTwin, batch: Batch, t0: int) -> None:
    twin.apply(batch(0, (15, t0, 80.0)), 0, t0)
    twin.apply(tick(t0), 1, t0 + 3 * S)
    assert twin.live.quality[3] in (BAD_NO_DATA, BAD_WAITING_FOR_INITIAL_DATA)


def test_every_minute_of_log_time_a_change_carries_all_tags(twin: PlantTwin, batch: Batch, t0: int) -> None:
    first = change(twin.apply(batch(0, (11, t0, 20.0)), 0, t0))
    assert first.full
    assert not change(twin.apply(tick(t0), 1, t0 + 59 * S)).full
    assert change(twin.apply(tick(t0), 2, t0 + 60 * S)).full


def test_pure_twin_the_clock_never_goes_back(twin: PlantTwin, t0: int) -> None:
    twin.apply(tick(t0), 0, t0)
    assert change(twin.apply(tick(t0), 1, t0 - S)).log_time == t0


def revised(table: TagTable) -> TagTable:
    kept = [tag for tag in table.tags if tag.name != "FI-2.PV"]
    new = Tag(tag_id=30, name="PI-9.PV", description="New", unit="kPa", low=0, high=1, source="opcua")
    return TagTable.of(msgspec.structs.replace(table.content, revision=2, tags=(*kept, new)))


def test_tag_tables_a_revision_moves_state_by_number_and_comes_into_force_once(
    table: TagTable, batch: Batch, t0: int
) -> None:
    second = revised(table)
    tables = {table.name: table, second.name: second}
    twin = PlantTwin.new(table, "log-1", lambda name, offset: tables.get(name))
    twin.apply(batch(0, (11, t0, 20.0), (12, t0, 4.0), (15, t0, 80.0)), 0, t0)
    control = Control(plant="mill", identity="e1", action="revise", content={"tag_table": second.name})
    outputs = twin.apply(control, 1, t0 + S)
    assert change(outputs).full
    assert change(outputs).tag_table == second.name
    assert twin.table.name == second.name
    assert twin.live.values[:2].tolist() == [20.0, 80.0]
    twin.apply(batch(1, (11, t0 + 2 * S, 21.0), (12, t0 + 2 * S, 4.0)), 2, t0 + 2 * S)  # still by the old table
    assert twin.live.values[0] == 21.0
    assert not change(twin.apply(control, 3, t0 + 3 * S)).full


def test_tag_tables_a_batch_of_a_refused_table_is_counted_and_harms_nothing(
    twin: PlantTwin, batch: Batch, t0: int
) -> None:
    twin.apply(batch(0, (11, t0, 20.0)), 0, t0)
    twin.apply(batch(1, (11, t0 + S, 30.0), tag_table="unheard-of"), 1, t0 + S)
    assert twin.live.values[0] == 20.0
    assert twin.counts.refused == 1


readings = st.tuples(
    st.sampled_from([11, 12, 15, 99]),
    st.integers(-5, 40),
    st.floats(-20, 120),
    st.sampled_from([0, BAD_SENSOR_FAILURE]),
)
records = st.lists(
    st.one_of(
        st.tuples(st.just("live"), st.lists(readings, max_size=6)),
        st.tuples(st.just("backfill"), st.lists(readings, max_size=6)),
        st.tuples(st.just("tick"), st.just([])),
    ),
    max_size=25,
)


def play(twin: PlantTwin, log: list[Record], t0: int, first: int = 0) -> list[bytes]:
    said = []
    for offset, record in list(enumerate(log))[first:]:
        if is_for(record, "mill"):
            said += [msgspec.msgpack.encode(o) for o in twin.apply(record, offset, t0 + offset * S * 3 // 2)]
    return said


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(script=records, cut=st.integers(0, 25))
def test_snapshot_and_replay_give_the_same_twin_bit_for_bit(
    table: TagTable, batch: Batch, t0: int, script: list[tuple[str, list[tuple[int, int, float, int]]]], cut: int
) -> None:
    log: list[Record] = []
    for kind, rows in script:
        if kind == "tick":
            log.append(tick(t0))
        else:
            seq = sum(isinstance(r, ReadingBatch) for r in log)
            log.append(batch(seq, *((tag, t0 + s * S, v, q) for tag, s, v, q in rows), origin=kind))
    find = {table.name: table}.get
    whole = PlantTwin.new(table, "log-1", lambda name, offset: find(name))
    said = play(whole, log, t0)
    again = PlantTwin.new(table, "log-1", lambda name, offset: find(name))
    before = play(again, log[:cut], t0)
    restored, afresh = snapshot.restore(snapshot.save(again), table, "log-1", lambda name, offset: find(name))
    after = play(restored, log, t0, first=min(cut, len(log)))
    assert afresh == ()
    assert before + after == said
    assert snapshot.save(restored) == snapshot.save(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(rows=st.lists(st.tuples(st.sampled_from([11, 12, 15]), st.integers(0, 3), st.floats(0, 100)), max_size=12))
def test_a_batch_has_the_effect_of_its_readings_one_by_one(
    table: TagTable, batch: Batch, t0: int, rows: list[tuple[int, int, float]]
) -> None:
    clock: dict[int, int] = {}
    timed = []
    for tag, gap, value in rows:  # of one tag, each reading is newer than the one before
        clock[tag] = clock.get(tag, t0) + 1 + gap
        timed.append((tag, clock[tag], value))
    find = {table.name: table}.get
    together = PlantTwin.new(table, "log-1", lambda name, offset: find(name))
    apart = PlantTwin.new(table, "log-1", lambda name, offset: find(name))
    together.apply(batch(0, *timed), 0, t0 + S)
    for seq, reading in enumerate(timed):
        apart.apply(batch(seq, reading), seq, t0 + S)
    for name in ("times", "values", "quality", "limits"):
        np.testing.assert_array_equal(getattr(together.live, name), getattr(apart.live, name))


def test_snapshot_part_of_another_version_starts_afresh_and_the_rest_continues(
    twin: PlantTwin, batch: Batch, table: TagTable, t0: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin.apply(batch(0, (11, t0, 20.0)), 0, t0)
    with monkeypatch.context() as newer_build:
        newer_build.setitem(snapshot.PARTS, "grid", 2)
        state = snapshot.save(twin)
    restored, afresh = snapshot.restore(state, table, "log-1", lambda name, offset: table)
    assert afresh == ("grid",)
    assert restored.live.values[0] == 20.0
    assert restored.grid.closed == 0


def test_log_may_vanish_the_twin_goes_on_in_the_new_log_and_takes_nothing_twice(
    twin: PlantTwin, batch: Batch, table: TagTable, t0: int
) -> None:
    twin.apply(batch(0, (11, t0, 20.0)), 40, t0)
    twin.apply(batch(1, (11, t0 + S, 30.0)), 41, t0 + S)
    restored, _ = snapshot.restore(snapshot.save(twin), table, "log-2", lambda name, offset: table)
    restored.apply(batch(1, (11, t0 + 2 * S, 99.0)), 0, t0 + 3 * S)
    restored.apply(batch(2, (11, t0 + 3 * S, 40.0)), 1, t0 + 3 * S)
    assert restored.live.values[0] == 40.0
    assert (restored.counts.repeated, restored.counts.gaps) == (1, 0)


def test_bytes_that_are_no_snapshot_are_refused_with_a_reason() -> None:
    with pytest.raises(snapshot.SnapshotError, match="not a snapshot"):
        snapshot.table_named_by(b"\x93rubbish")
