"""Thresholds with hysteresis, on-delay, off-delay and cool-down, against one condition followed in plain words."""

from dataclasses import astuple, dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.conditions import NEVER, Delayed, Delays, Thresholds, advance, beyond

times_between = st.integers(0, 7)
walks = st.lists(st.tuples(times_between, st.booleans()), min_size=1, max_size=40)
delays = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 20))


def thresholds(limit: float, deadband: float, above: bool = True) -> Thresholds:
    return Thresholds(np.array([limit]), np.array([deadband]), np.array([above]))


def follow(values: list[float], limits: Thresholds) -> list[bool]:
    state, seen = np.zeros(1, dtype=np.bool_), []
    for value in values:
        state = beyond(state, np.array([value]), limits)
        seen.append(bool(state[0]))
    return seen


def play(walk: list[tuple[int, bool]], waits: tuple[int, int, int]) -> tuple[list[int], list[bool], list[bool]]:
    """Times, activity and calls of one condition."""
    all_delays = Delays(*(np.array([wait], dtype=np.int64) for wait in waits))
    state, now = Delayed.start(1), 1000
    times, active, called = [], [], []
    for gap, holds in walk:
        now += gap
        state, calls = advance(state, np.array([holds]), now, all_delays)
        times.append(now)
        active.append(bool(state.active[0]))
        called.append(bool(calls[0]))
    return times, active, called


@dataclass
class ByHand:
    """One condition as one would explain it."""

    on: int
    off: int
    cool_down: int
    began: int | None = None
    ended: int | None = None
    active: bool = False
    owed: bool = False
    last: int = NEVER

    def step(self, now: int, holds: bool) -> tuple[bool, bool]:
        if holds:
            self.ended = None
            self.began = now if self.began is None else self.began
            if not self.active and now - self.began >= self.on:
                self.active = self.owed = True
        else:
            self.began = None
            self.ended = now if self.ended is None else self.ended
            if now - self.ended >= self.off:
                self.active = self.owed = False
        call = self.owed and now - self.last >= self.cool_down
        if call:
            self.owed, self.last = False, now
        return self.active, call


def test_a_threshold_is_reached_from_its_side_and_left_by_more_than_the_deadband() -> None:
    assert follow([79.9, 80, 79, 78, 77.9, 79], thresholds(80, 2)) == [False, True, True, True, False, False]
    assert follow([20.1, 20, 21, 22, 22.1, 21], thresholds(20, 2, above=False)) == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_value_that_is_no_number_leaves_a_threshold_as_it_was() -> None:
    assert follow([float("nan"), 80, float("nan")], thresholds(80, 2)) == [False, True, True]


@given(
    st.lists(st.floats(-1, 0, exclude_min=True, exclude_max=True), min_size=2), st.booleans(), st.booleans(),
    st.floats(-1e3, 1e3), st.floats(1e-3, 10),
)  # fmt: skip
def test_values_inside_the_hysteresis_never_change_anything(
    inside: list[float], above: bool, was: bool, limit: float, deadband: float
) -> None:
    limits, state = thresholds(limit, deadband, above), np.array([was])
    for part in inside:
        # The outermost parts of the band are left out: there rounding may put a value on its edge.
        offset = (0.01 + 0.98 * -part) * deadband
        state = beyond(state, np.array([limit - offset if above else limit + offset]), limits)
        assert bool(state[0]) is was


@given(walks, delays)
def test_delays_do_what_one_would_do_by_hand(walk: list[tuple[int, bool]], waits: tuple[int, int, int]) -> None:
    by_hand = ByHand(*waits)
    times, active, called = play(walk, waits)
    expected = [by_hand.step(now, holds) for now, (_, holds) in zip(times, walk, strict=True)]
    assert list(zip(active, called, strict=True)) == expected


@given(walks, delays)
def test_hold_time_and_cool_down_are_respected(walk: list[tuple[int, bool]], waits: tuple[int, int, int]) -> None:
    on, _, cool_down = waits
    times, active, called = play(walk, waits)
    calls = [now for now, call in zip(times, called, strict=True) if call]
    assert all(later - earlier >= cool_down for earlier, later in pairwise(calls))
    assert all(is_active for is_active, call in zip(active, called, strict=True) if call)
    for index, now in enumerate(times):
        if active[index] and not (index and active[index - 1]):
            run = next((n for n in range(index, -1, -1) if not walk[n][1]), -1) + 1
            assert times[run] <= now - on


@given(
    st.lists(st.tuples(times_between, st.lists(st.booleans(), min_size=3, max_size=3)), min_size=1, max_size=20),
    st.lists(delays, min_size=3, max_size=3),
)
def test_many_conditions_at_once_equal_each_by_itself_and_leave_the_state_before_alone(
    walk: list[tuple[int, list[bool]]], waits: list[tuple[int, int, int]]
) -> None:
    together = Delays(*(np.array(column, dtype=np.int64) for column in zip(*waits, strict=True)))
    state, now, seen = Delayed.start(3), 1000, []
    for gap, holds in walk:
        now += gap
        kept = [array.copy() for array in astuple(state)]
        after, calls = advance(state, np.array(holds), now, together)
        assert all(np.array_equal(was, array) for was, array in zip(kept, astuple(state), strict=True))
        state = after
        seen.append(calls.tolist())
    alone = [play([(gap, holds[n]) for gap, holds in walk], waits[n])[2] for n in range(3)]
    assert [list(row) for row in zip(*alone, strict=True)] == seen


@pytest.mark.parametrize(
    ("waits", "expected"),
    [((0, 0, 0), [1000, 1040]), ((5, 0, 0), [1010, 1050]), ((11, 0, 0), [1020]), ((0, 30, 0), [1000]),
     ((0, 0, 100), [1000]), ((0, 0, 45), [1000, 1050])],
)  # fmt: skip
def test_calls_of_a_condition_that_holds_twice(waits: tuple[int, int, int], expected: list[int]) -> None:
    walk = [(0, True), (10, True), (10, True), (10, False), (10, True), (10, True), (5, False)]
    times, _, called = play(walk, waits)
    assert [now for now, call in zip(times, called, strict=True) if call] == expected
