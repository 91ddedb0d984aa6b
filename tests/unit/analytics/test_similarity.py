"""Similar moments of the past."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.similarity import Similar, similar_moments

NAN = float("nan")


def test_a_step_of_the_past_is_found_at_its_beginning() -> None:
    setpoint = np.r_[np.full(50, 80.0), np.full(50, 85.0), np.full(50, 80.0)]
    other = np.r_[np.full(75, 1.0), np.full(75, 9.0)]
    found = similar_moments(np.c_[setpoint, other], [80.0, 1.0], [5.0, NAN], [5.0, 2.0], lag=1, apart=20)
    assert found == [Similar(49, 0.0)]


def test_a_step_the_other_way_or_too_small_is_none() -> None:
    setpoint = np.r_[np.full(50, 85.0), np.full(50, 80.0), np.full(50, 82.0)]
    assert similar_moments(setpoint[:, None], [80.0], [5.0], [5.0], lag=1, apart=20) == []


def test_the_nearer_state_comes_first_and_neighbours_count_once() -> None:
    level = np.r_[np.linspace(40.0, 45.0, 6), np.full(30, 45.0), np.linspace(50.0, 55.0, 6), np.full(5, 55.0)]
    found = similar_moments(level[:, None], [49.0], [2.0], [5.0], lag=2, apart=10)
    assert found[0].row == 36
    assert len(found) == 2
    assert found[0].distance < found[1].distance


def test_what_is_not_known_matches_nothing() -> None:
    history = np.array([[80.0], [NAN], [80.0], [85.0]])
    assert [one.row for one in similar_moments(history, [80.0], [5.0], [5.0], lag=1, apart=1)] == [2]


def test_a_history_shorter_than_the_move_has_no_moment() -> None:
    assert similar_moments([[80.0], [85.0]], [80.0], [5.0], [5.0], lag=2, apart=1) == []


@pytest.mark.parametrize(("wanted", "move", "lag"), [([80.0, 1.0], [5.0], 1), ([NAN], [NAN], 1), ([80.0], [5.0], 0)])
def test_what_cannot_be_compared_is_refused(wanted: list[float], move: list[float], lag: int) -> None:
    with pytest.raises(ValueError, match="give"):
        similar_moments([[80.0], [85.0]], wanted, move, [1.0], lag=lag, apart=1)


@given(
    st.lists(st.floats(-100.0, 100.0), min_size=3, max_size=60),
    st.integers(1, 5),
    st.integers(1, 8),
    st.integers(1, 4),
)
def test_found_moments_are_the_nearest_and_lie_apart(values: list[float], lag: int, apart: int, most: int) -> None:
    found = similar_moments(
        np.array(values)[:, None], [0.0], [NAN], [10.0], lag=lag, apart=apart, most=most, within=1.0
    )
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    rows = sorted(one.row for one in found)
    assert all(later - earlier >= apart for earlier, later in pairwise(rows))
    if len(values) > lag:
        assert found[0].distance == pytest.approx(min(abs(value) for value in values[:-lag]) / 10.0)
