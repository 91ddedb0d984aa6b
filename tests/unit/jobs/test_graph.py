"""Graphs of steps: in which order they can be done, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jobs.errors import StepGraphError, UnknownKindError
from stream.jobs.graph import Step, StepGraph
from stream.jobs.job import JobRequest
from stream.jobs.kinds import KINDS, steps_of


def step(name: str, *needs: str, weight: float = 1.0) -> Step:
    return Step(name, print, needs, weight)


@st.composite
def graphs(draw: st.DrawFn) -> StepGraph:
    names = draw(st.lists(st.text("abcdef", min_size=1), min_size=1, max_size=8, unique=True))
    return StepGraph(
        step(name, *(draw(st.sets(st.sampled_from(names[:n]))) if n else ()), weight=draw(st.floats(0.1, 9)))
        for n, name in enumerate(names)
    )


@given(graphs(), st.randoms(use_true_random=False))
def test_whatever_ends_first_every_step_begins_once_and_after_what_it_needs(graph: StepGraph, random: object) -> None:
    begun: list[str] = []
    answered: list[str] = []
    running: list[Step] = []
    while len(answered) < len(graph.steps):
        for each in graph.ready(answered, begun):
            assert set(each.needs) <= set(answered)
            begun.append(each.name)
            running.append(each)
        assert running, "steps are left but none can begin"
        answered.append(running.pop(random.randrange(len(running))).name)  # type: ignore[attr-defined]
    assert sorted(begun) == sorted(each.name for each in graph.steps)


@given(graphs())
def test_the_part_done_goes_from_nothing_to_all(graph: StepGraph) -> None:
    assert graph.done({}) == 0
    assert graph.done({each.name: 1.5 for each in graph.steps}) == pytest.approx(1)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([], "no weight"),
        ([step("a"), step("a")], "'a' is there twice"),
        ([step("a", "b"), step("b")], "needs 'b', which is no step before it"),
        ([step("a", weight=0)], "no weight"),
    ],
)
def test_what_makes_no_graph_is_refused_with_the_step(steps: list[Step], told: str) -> None:
    with pytest.raises(StepGraphError, match=told):
        StepGraph(steps)


def test_an_unknown_kind_is_told_with_those_that_are_known() -> None:
    with pytest.raises(UnknownKindError, match="kind 'cook' of job 'x' is not known here; ask for one of boil"):
        steps_of(JobRequest(kind="cook", plant="p", identity="x"), {"boil": "boiling:tea"})


@pytest.mark.parametrize("place", KINDS.values())
def test_every_kind_that_ships_names_a_function(place: str) -> None:
    from importlib import import_module

    module, _, function = place.partition(":")
    assert callable(getattr(import_module(module), function))
