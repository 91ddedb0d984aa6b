import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analytics.conditions import LimitArrays, LimitState, limit_states


def limits_of(low_low: float, low: float, high: float, high_high: float, deadband: float) -> LimitArrays:
    return LimitArrays(*(np.array([value], dtype=np.float64) for value in (low_low, low, high, high_high, deadband)))


LIMITS = limits_of(5, 10, 80, 90, 2)


def walk(*values: float) -> list[int]:
    state = np.zeros(1, dtype=np.int8)
    seen = []
    for value in values:
        state = limit_states(state, np.array([value]), LIMITS)
        seen.append(int(state[0]))
    return seen


def test_limit_becomes_active_when_the_value_reaches_it() -> None:
    assert walk(79.99, 80.0, 90.0) == [LimitState.NONE, LimitState.HIGH, LimitState.HIGH_HIGH]
    assert walk(10.01, 10.0, 5.0) == [LimitState.NONE, LimitState.LOW, LimitState.LOW_LOW]


def test_limit_clears_only_when_the_value_has_come_back_by_more_than_the_deadband() -> None:
    assert walk(80, 79, 78, 77.99) == [1, 1, 1, 0]
    assert walk(10, 11, 12, 12.01) == [-1, -1, -1, 0]
    assert walk(91, 89, 87.9) == [2, 2, 1]


def test_value_that_is_no_number_leaves_the_state() -> None:
    assert walk(85, float("nan"), 85) == [1, 1, 1]


def test_missing_limits_are_never_active() -> None:
    none = limits_of(-np.inf, -np.inf, np.inf, np.inf, 0)
    assert limit_states(np.zeros(1, dtype=np.int8), np.array([1e300]), none)[0] == LimitState.NONE


@given(st.lists(st.floats(-50, 150), min_size=1, max_size=50))
def test_a_value_beyond_a_limit_is_always_active_and_one_well_inside_never(values: list[float]) -> None:
    for value, state in zip(values, walk(*values), strict=True):
        if value >= 80:
            assert state >= 1
        if value <= 10:
            assert state <= -1
        if 12 < value < 78:
            assert state == 0
