"""Rule closed-scans: a plant's grid of scans, against a plain statement of the rule."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality import BAD_WAITING_FOR_INITIAL_DATA, GOOD
from stream.scan.admit import Admitted
from stream.scan.grid import Grid
from twin.atlas.tags import Tag, TagTable, TagTableContent

PERIOD, GRACE = 10, 20
START = 1000
"""The time of day at which the logs begin, on the grid."""
Held = dict[int, tuple[int, float]]
"""Time and value by position."""


def table_of(tags: int, revision: int = 1, first: int = 0) -> TagTable:
    numbers = range(first, first + tags)
    made = tuple(Tag(tag_id=n, name=f"T-{n}", description="", unit="K", low=0, high=1) for n in numbers)
    content = TagTableContent(
        plant="mill", number=1, revision=revision, scan_period_us=PERIOD, grace_us=GRACE, tags=made
    )
    return TagTable.of(content)


def admitted(*readings: tuple[int, int, float]) -> Admitted:
    """Readings (position, time, value); the tag's number is its position."""
    columns = list(zip(*readings, strict=True)) if readings else [(), (), ()]
    return Admitted(
        positions=np.array(columns[0], dtype=np.intp),
        tag_ids=np.array(columns[0], dtype=np.int32),
        times=np.array(columns[1], dtype=np.int64),
        values=np.array(columns[2], dtype=np.float64),
        quality=np.full(len(readings), GOOD, dtype=np.uint32),
    )


@dataclass
class Said:
    time: int
    values: list[float]


def play(grid: Grid, log: list[tuple[int, Admitted]]) -> list[Said]:
    """What the grid says of records (log time, readings), each closing what is due before its readings count."""
    said = []
    for log_time, readings in log:
        said += [Said(scan.time, scan.values.tolist()) for scan in grid.close(log_time)]
        grid.offer(readings, is_live=True)
    return said


def by_the_rule(log: list[tuple[int, Admitted]], tags: int) -> dict[int, Held]:
    """Scan by time: of each tag the newest reading at or before it, among the records before the one that closed it."""
    end = log[-1][0] - GRACE
    scans: dict[int, Held] = {}
    for time in range(log[0][0] - GRACE - (log[0][0] - GRACE) % PERIOD + PERIOD, end + 1, PERIOD):
        held: Held = {}
        for log_time, readings in log:
            if log_time >= time + GRACE:
                break
            for position, at, value in zip(readings.positions, readings.times, readings.values, strict=True):
                if at <= time and (position not in held or at > held[position][0]):
                    held[int(position)] = (int(at), float(value))
        scans[time] = held
    return scans


readings = st.tuples(st.integers(0, 2), st.integers(-60, 15), st.integers(0, 99).map(float))
"""Position, time relative to the record's, value."""
records = st.tuples(st.integers(0, 45), st.lists(readings, max_size=4))
"""Time since the record before, and readings."""


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[int, Admitted]]:
    log, now = [], START
    for gap, rows in draw(st.lists(records, min_size=4, max_size=15)):
        now += gap
        log.append((now, admitted(*((position, now + at, value) for position, at, value in rows))))
    return log


@given(log=logs())
def test_closed_scans_hold_what_the_rule_says(log: list[tuple[int, Admitted]]) -> None:
    said = play(Grid.of(table_of(3)), log)
    expected = by_the_rule(log, 3)
    assert [scan.time for scan in said] == sorted({scan.time for scan in said})
    assert {scan.time for scan in said} <= set(expected)
    before: Held = {}
    told = {scan.time: scan.values for scan in said}
    for time, held in expected.items():
        if held != before:
            assert told[time] == pytest.approx([held.get(p, (0, np.nan))[1] for p in range(3)], nan_ok=True)
        else:
            assert time not in told  # nothing is new in it
        before = held


@given(log=logs(), data=st.data())
def test_closed_scans_do_not_depend_on_how_one_moments_readings_are_cut_into_records(
    log: list[tuple[int, Admitted]], data: st.DataObject
) -> None:
    """Of each tag the same order, each moment of log time a whole: any cutting gives the same scans."""
    cut: list[tuple[int, Admitted]] = []
    for log_time, given_readings in log:
        n = len(given_readings.times)
        at = data.draw(st.integers(0, n))
        for start, end in ((0, at), (at, n)):
            columns = (given_readings.positions, given_readings.times, given_readings.values)
            cut.append((log_time, admitted(*zip(*(column[start:end].tolist() for column in columns), strict=True))))
    whole, parts = Grid.of(table_of(3)), Grid.of(table_of(3))
    assert str(play(whole, log)) == str(play(parts, cut))
    assert (whole.closed, whole.late) == (parts.closed, parts.late)


@given(log=logs(), later=st.lists(readings, min_size=1, max_size=5))
def test_closed_scans_never_reopen_and_what_comes_later_is_counted_late(
    log: list[tuple[int, Admitted]], later: list[tuple[int, int, float]]
) -> None:
    grid = Grid.of(table_of(3))
    said = play(grid, log)
    closed, late = grid.closed, grid.late
    old = [(position, closed - abs(at), value) for position, at, value in later]
    grid.offer(admitted(*old), is_live=True)
    assert grid.late == late + len(old)
    grid.offer(admitted(*old), is_live=False)  # back-fill is expected to be old
    assert grid.late == late + len(old)
    after = grid.close(closed + GRACE + PERIOD) + grid.close(closed + GRACE + 20 * PERIOD)
    assert all(scan.time > max([closed, *(s.time for s in said)]) for scan in after)
    assert grid.close(closed + GRACE) == []


def test_closed_scans_close_at_their_time_plus_the_grace_and_not_before() -> None:
    grid = Grid.of(table_of(1))
    grid.close(START)
    grid.offer(admitted((0, START, 5.0)), is_live=True)
    assert grid.close(START + GRACE - 1) == []
    [scan] = grid.close(START + GRACE)
    assert (scan.time, scan.values.tolist()) == (START, [5.0])


def test_closed_scans_of_tags_without_a_reading_wait_for_their_first() -> None:
    grid = Grid.of(table_of(2))
    grid.offer(admitted((0, START, 5.0)), is_live=True)
    [scan] = grid.close(START + GRACE)
    assert scan.quality.tolist() == [GOOD, BAD_WAITING_FOR_INITIAL_DATA]
    assert np.isnan(scan.values[1])


def test_closed_scans_given_out_are_not_changed_by_later_ones() -> None:
    grid = Grid.of(table_of(1))
    grid.offer(admitted((0, START, 5.0), (0, START + PERIOD, 6.0)), is_live=True)
    first, second = grid.close(START + GRACE), grid.close(START + GRACE + PERIOD)
    assert [scan.values.tolist() for scan in (*first, *second)] == [[5.0], [6.0]]


def test_tag_tables_held_and_waiting_readings_move_by_tag_number_to_another_revision() -> None:
    grid, old, new = Grid.of(table_of(3)), table_of(3), table_of(3, revision=2, first=1)
    grid.offer(admitted((0, START, 1.0), (1, START, 2.0)), is_live=True)
    grid.close(START + GRACE)
    grid.offer(admitted((0, START + 1, 3.0), (2, START + 1, 4.0)), is_live=True)
    moved = grid.carried(old, new)
    [scan] = moved.close(START + GRACE + PERIOD)
    assert scan.values.tolist() == pytest.approx([2.0, 4.0, np.nan], nan_ok=True)
    assert moved.closed == START + PERIOD
