"""The schedule of disturbances follows from seed and time alone."""

import itertools

import pytest

from connectors.simulated.config import ScheduleConfig
from connectors.simulated.disturbances import Disturbance, Schedule

NOW = 1_900_000_000


def _all(schedule: Schedule, periods: int) -> list[Disturbance]:
    first = NOW // 1800
    return [schedule.of_period(first + period) for period in range(periods)]


def test_same_seed_gives_the_same_schedule_in_any_order_of_asking() -> None:
    one, other = Schedule(ScheduleConfig(), 4, 8), Schedule(ScheduleConfig(), 4, 8)
    forward = _all(one, 50)
    assert [other.of_period(NOW // 1800 + period) for period in reversed(range(50))] == forward[::-1]


def test_seeds_differ() -> None:
    assert _all(Schedule(ScheduleConfig(), 1, 8), 10) != _all(Schedule(ScheduleConfig(), 2, 8), 10)


def test_disturbances_begin_every_20_to_40_minutes_and_act_for_10_to_15() -> None:
    found = _all(Schedule(ScheduleConfig(), 1, 8), 400)
    gaps = [later.begin_s - earlier.begin_s for earlier, later in itertools.pairwise(found)]
    assert 1200 <= min(gaps)
    assert max(gaps) <= 2400
    assert all(600 <= one.end_s - one.begin_s <= 900 for one in found)
    assert all(later.begin_s - earlier.end_s >= 300 for earlier, later in itertools.pairwise(found))


@pytest.mark.parametrize("kinds", [8, 12])
def test_every_kind_comes_once_before_any_comes_again(kinds: int) -> None:
    found = _all(Schedule(ScheduleConfig(), 1, kinds), 3 * kinds)
    for start in range(2 * kinds):
        assert {one.number for one in found[start : start + kinds]} == set(range(kinds))


def test_what_is_announced_is_what_then_acts() -> None:
    schedule = Schedule(ScheduleConfig(), 9, 8)
    for moment in range(NOW, NOW + 20_000, 37):
        coming = schedule.coming(moment)
        assert coming is not None
        assert coming.begin_s > moment
        assert schedule.acting(coming.begin_s) == coming
        assert schedule.acting(coming.end_s) is None
        before = schedule.acting(moment)
        assert before is None or before.end_s < coming.begin_s


def test_schedule_that_is_off_announces_nothing() -> None:
    schedule = Schedule(ScheduleConfig(on=False), 1, 8)
    assert schedule.coming(NOW) is None
    assert all(schedule.acting(moment) is None for moment in range(NOW, NOW + 3600, 60))


def test_disturbance_that_outlasts_its_period_is_refused() -> None:
    with pytest.raises(ValueError, match="lengthen period_s"):
        ScheduleConfig(period_s=900)
