from collections.abc import Callable

import numpy as np
import pytest

from analytics.quality import BAD_SENSOR_FAILURE, GOOD, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED, UNCERTAIN_SUB_NORMAL
from stream.envelope import ReadingBatch
from stream.scan.admit import admit, misplaced
from twin.atlas.tags import TagTable

Batch = Callable[..., ReadingBatch]
MINUTE_US = 60_000_000  # The rule's own word, not the code's.


def test_admit_once_values_come_in_the_stored_unit(batch: Batch, table: TagTable, t0: int) -> None:
    admitted = admit(batch(0, (12, t0, 4.0)), table, t0)
    assert admitted.values.tolist() == [3.0]
    assert admitted.tag_ids.tolist() == [12]


def test_honest_times_a_reading_more_than_a_minute_ahead_is_quarantined(batch: Batch, table: TagTable, t0: int) -> None:
    admitted = admit(batch(0, (11, t0 + MINUTE_US, 1.0), (11, t0 + MINUTE_US + 1, 2.0)), table, t0)
    assert admitted.times.tolist() == [t0 + MINUTE_US]
    assert admitted.quarantined[0].index == 1
    assert "TI-1.PV" in admitted.quarantined[0].reason
    assert "ahead" in admitted.quarantined[0].reason


@pytest.mark.parametrize("time", [0, -(10**15), 1])
def test_honest_times_a_reading_before_the_plant_is_quarantined(
    batch: Batch, table: TagTable, t0: int, time: int
) -> None:
    admitted = admit(batch(0, (11, time, 1.0), (11, t0, 2.0)), table, t0)
    assert admitted.values.tolist() == [2.0]
    assert "history_from" in admitted.quarantined[0].reason


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_value_that_is_no_number_needs_bad_quality(batch: Batch, table: TagTable, t0: int, value: float) -> None:
    admitted = admit(batch(0, (11, t0, value), (11, t0 + 1, value, BAD_SENSOR_FAILURE)), table, t0)
    assert admitted.times.tolist() == [t0 + 1]
    assert "not a finite number" in admitted.quarantined[0].reason


def test_unknown_tag_is_quarantined_and_good_neighbours_survive(batch: Batch, table: TagTable, t0: int) -> None:
    admitted = admit(batch(0, (11, t0, 1.0), (13, t0, 1.0), (99, t0, 1.0), (15, t0, 2.0)), table, t0)
    assert admitted.tag_ids.tolist() == [11, 15]
    assert [q.tag_id for q in admitted.quarantined] == [13, 99]


def test_value_beyond_what_an_instrument_reports_turns_uncertain(batch: Batch, table: TagTable, t0: int) -> None:
    admitted = admit(
        batch(0, (11, t0, 103.1), (11, t0 + 1, 103.2), (11, t0 + 2, -1.3), (11, t0 + 3, 200.0, UNCERTAIN_SUB_NORMAL)),
        table,
        t0,
    )
    exceeded = UNCERTAIN_ENGINEERING_UNITS_EXCEEDED
    assert admitted.quality.tolist() == [GOOD, exceeded, exceeded, UNCERTAIN_SUB_NORMAL]


def test_one_partition_a_batch_in_a_strange_partition_is_refused(batch: Batch, table: TagTable) -> None:
    assert misplaced(batch(0), table, 7) is None
    assert "partition 7" in str(misplaced(batch(0), table, 8))
    assert "own" in str(misplaced(batch(0, plant="other"), table, 7))


def test_admission_is_pure(batch: Batch, table: TagTable, t0: int) -> None:
    given = batch(0, (11, t0, 1.0), (99, t0, 1.0))
    first, second = admit(given, table, t0), admit(given, table, t0)
    assert first.quarantined == second.quarantined
    assert first.values.tolist() == second.values.tolist()
