"""Triggers: conditions that combine, hold, cool down, and count only in their operating modes."""

import doctest
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas import triggers as triggers_module
from twin.atlas.triggers import AllOf, AnyOf, Condition, Threshold, Trigger, Watch, thresholds_of

S = 1_000_000
NAMES = ("A", "B", "C")
POSITIONS = {name: position for position, name in enumerate(NAMES)}

leaves = st.builds(
    Threshold, st.sampled_from(NAMES), st.integers(2, 8).map(float), st.integers(0, 2).map(float), st.booleans()
)
conditions: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(AllOf, st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(parts, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
walks = st.lists(st.tuples(st.integers(0, 4), st.lists(st.integers(0, 10), min_size=3, max_size=3)), max_size=25)


def passed(leaf: Threshold, value: float, before: bool) -> bool:
    if leaf.above:
        return value >= leaf.limit or (before and value >= leaf.limit - leaf.hysteresis)
    return value <= leaf.limit or (before and value <= leaf.limit + leaf.hysteresis)


def holds(condition: Condition, flags: list[bool]) -> bool:
    """By hand; takes the flags of its thresholds from the front."""
    if isinstance(condition, Threshold):
        return flags.pop(0)
    parts = [holds(part, flags) for part in condition.parts]
    return all(parts) if isinstance(condition, AllOf) else any(parts)


def calls_of(watch: Watch, walk: list[tuple[int, list[int]]]) -> list[list[str]]:
    state, now, seen = watch.start(), 0, []
    for gap, values in walk:
        now += gap * S
        state, called = watch(state, np.array(values, dtype=np.float64), now)
        seen.append([trigger.name for trigger in called])
    return seen


@given(conditions, walks)
def test_a_trigger_without_waits_is_called_whenever_its_condition_begins_to_hold(
    condition: Condition, walk: list[tuple[int, list[int]]]
) -> None:
    found = calls_of(Watch.of([Trigger("t", condition, "simulation")], POSITIONS), walk)
    flags = [False] * len(list(thresholds_of(condition)))
    before, expected = False, []
    for _, values in walk:
        flags = [
            passed(leaf, values[POSITIONS[leaf.tag]], was)
            for leaf, was in zip(thresholds_of(condition), flags, strict=True)
        ]
        now = holds(condition, list(flags))
        expected.append(["t"] if now and not before else [])
        before = now
    assert found == expected


@given(st.lists(st.tuples(conditions, st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=4), walks)
def test_triggers_followed_together_are_called_as_each_by_itself(
    rules: list[tuple[Condition, int, int]], walk: list[tuple[int, list[int]]]
) -> None:
    made = [Trigger(str(n), when, "optimisation", hold, cool) for n, (when, hold, cool) in enumerate(rules)]
    alone = [calls_of(Watch.of([trigger], POSITIONS), walk) for trigger in made]
    together = calls_of(Watch.of(made, POSITIONS), walk)
    assert together == [[name for one in row for name in one] for row in zip(*alone, strict=True)]


def test_conditions_combine_with_and_and_or() -> None:
    a, b, c = (Threshold(name, 1.0) for name in NAMES)
    assert (a & b) & c == AllOf((a, b, c))
    assert a | b | c == AnyOf((a, b, c))
    assert (a & b) | c == AnyOf((AllOf((a, b)), c))
    assert (a | b) & c == AllOf((AnyOf((a, b)), c))


def test_a_trigger_out_of_force_is_not_called_and_begins_to_hold_when_it_comes_into_force() -> None:
    watch = Watch.of([Trigger("hot", Threshold("A", 90.0), "simulation", hold_s=2)], {"A": 0})
    state, called = watch.start(), []
    for second, in_force in enumerate([False, False, False, True, True, True, True]):
        state, now = watch(state, np.array([95.0]), second * S, np.array([in_force]))
        called.append(bool(now))
    assert called == [False, False, False, False, False, True, False]


def test_a_value_that_cannot_be_trusted_calls_for_nothing_and_ends_nothing() -> None:
    watch = Watch.of([Trigger("hot", Threshold("A", 90.0), "simulation", hold_s=2)], {"A": 0})
    assert calls_of(watch, [(1, [95]), (1, [np.nan]), (1, [np.nan])]) == [[], [], ["hot"]]  # type: ignore[list-item]
    assert calls_of(watch, [(1, [np.nan])] * 9) == [[]] * 9  # type: ignore[list-item]


def test_the_examples_of_the_docstrings_are_true() -> None:
    assert doctest.testmod(triggers_module).failed == 0
