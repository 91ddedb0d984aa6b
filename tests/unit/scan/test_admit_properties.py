"""Rules admit-once and honest-times over random batches."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.quality import BAD_SENSOR_FAILURE, UNCERTAIN, UNCERTAIN_SUB_NORMAL
from stream.envelope import ReadingBatch, decode, encode
from stream.scan.admit import Admitted, admit
from twin.atlas.tags import TagTable

Batch = Callable[..., ReadingBatch]
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
HISTORY_US = 3_600_000_000
MINUTE_US = 60_000_000

moments = st.one_of(
    st.integers(-HISTORY_US - 2, -HISTORY_US + 2),
    st.integers(MINUTE_US - 2, MINUTE_US + 2),
    st.integers(-1000, 1000),
    st.integers(-(2**62), 2**62),
)
values = st.one_of(st.floats(-20, 120), st.floats(width=64), st.sampled_from([-1.25, 103.125, 0.0, 100.0]))
readings = st.tuples(
    st.sampled_from([11, 12, 15, 20, 13, -1, 2**31 - 1]),
    moments,
    values,
    st.sampled_from([0, UNCERTAIN_SUB_NORMAL, BAD_SENSOR_FAILURE, 0xFFFF_FFFF, 0x0000_0480]),
)
batches = st.lists(readings, max_size=8)
Rows = list[tuple[int, int, float, int]]


def at(t0: int, rows: Rows) -> Rows:
    """The rows with their times from `t0` on, within what 64 bits hold."""
    return [(tag, max(-(2**63), min(2**63 - 1, t0 + time)), value, quality) for tag, time, value, quality in rows]


def columns(admitted: Admitted) -> list[list[float]]:
    arrays = (admitted.positions, admitted.tag_ids, admitted.times, admitted.values.view(np.int64), admitted.quality)
    return [column.tolist() for column in arrays]


@QUICK
@given(rows=batches)
def test_admit_once_worker_and_historian_get_the_same_answer(
    batch: Batch, table: TagTable, t0: int, rows: Rows
) -> None:
    sent = batch(0, *at(t0, rows))
    record = decode(encode(sent))  # each decodes its own copy of the record, and has its own copy of the table
    assert isinstance(record, ReadingBatch)
    first, second = admit(sent, table, t0), admit(record, TagTable.decode(table.encoded), t0)
    assert columns(first) == columns(second)
    assert first.quarantined == second.quarantined


@QUICK
@given(rows=batches)
def test_admit_once_decides_on_each_reading_alone(batch: Batch, table: TagTable, t0: int, rows: Rows) -> None:
    together = admit(batch(0, *at(t0, rows)), table, t0)
    apart = [admit(batch(0, row), table, t0) for row in at(t0, rows)]
    assert columns(together) == [[value for one in apart for value in columns(one)[column]] for column in range(5)]
    reasons = [(index, q.reason) for index, one in enumerate(apart) for q in one.quarantined]
    assert [(q.index, q.reason) for q in together.quarantined] == reasons
    assert len(together.times) + len(together.quarantined) == len(rows)


@QUICK
@given(time=moments)
def test_honest_times_only_from_history_to_a_minute_ahead(batch: Batch, table: TagTable, t0: int, time: int) -> None:
    admitted = admit(batch(0, *at(t0, [(11, time, 1.0, 0)])), table, t0)
    assert (len(admitted.times) == 1) == (-HISTORY_US <= time <= MINUTE_US)
    assert all("TI-1.PV" in quarantined.reason for quarantined in admitted.quarantined)


@QUICK
@given(rows=batches)
def test_what_is_admitted_is_finite_or_bad_and_never_better_than_it_came(
    batch: Batch, table: TagTable, t0: int, rows: Rows
) -> None:
    given_rows = at(t0, rows)
    admitted = admit(batch(0, *given_rows), table, t0)
    taken = [row for index, row in enumerate(given_rows) if index not in {q.index for q in admitted.quarantined}]
    for row, value, quality in zip(taken, admitted.values, admitted.quality, strict=True):
        assert np.isfinite(value) or quality >> 30 >= 2 or abs(row[2]) > 1e300  # an overflow of the conversion
        assert quality >> 30 >= row[3] >> 30
        if quality != row[3]:
            assert quality & 0xC000_0000 == UNCERTAIN


@pytest.mark.parametrize(("value", "is_honest"), [(-0.13, False), (-0.12, True), (10.3, True), (10.32, False)])
def test_range_is_judged_in_the_stored_unit(
    batch: Batch, table: TagTable, t0: int, value: float, is_honest: bool
) -> None:
    scale, offset = table.tags[1].scale, table.tags[1].offset
    admitted = admit(batch(0, (12, t0, (value - offset) / scale)), table, t0)
    assert admitted.values[0] == pytest.approx(value)
    assert (admitted.quality[0] == 0) == is_honest
