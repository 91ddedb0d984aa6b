"""How a drain's samples become rates."""

import pytest

from api.bench.drain import Sample, _drained

SAMPLES = [
    Sample(10.0, 0, 0, {"worker": 2.0, "historian": 1.0}),
    Sample(11.0, 500, 1000, {"worker": 2.5, "historian": 1.2}),
    Sample(12.0, 1500, 3000, {"worker": 3.0, "historian": 1.5}),
    Sample(14.0, 3000, 3000, {"worker": 3.5, "historian": 2.0}),
]


def test_a_drain_lasts_until_the_slower_of_both_is_done():
    drained = _drained(SAMPLES, values=3000, rows=3000, copy=1000.0)
    assert drained.seconds == 4.0
    assert drained.values_per_second == 750.0


def test_a_workers_rate_counts_its_own_processor_time_from_first_change_to_last():
    drained = _drained(SAMPLES, values=3000, rows=3000, copy=1000.0)
    assert drained.worker_values_per_core_s == 2000 / 0.5


def test_a_worker_that_is_done_at_the_first_look_counts_from_before():
    samples = [SAMPLES[0], Sample(11.0, 500, 3000, {"worker": 3.0, "historian": 1.2}), SAMPLES[3]]
    drained = _drained(samples, values=3000, rows=3000, copy=1000.0)
    assert drained.worker_values_per_core_s == 3000.0


def test_cores_are_processor_time_over_the_drain():
    cores = _drained(SAMPLES, values=3000, rows=3000, copy=1000.0).cores
    assert cores == pytest.approx({"worker": 0.375, "historian": 0.25})
