"""The live state: a fork shares nothing that changes, sources keep their names, state moves by tag number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.state import ARRAYS, MOST_SOURCES, UNKNOWN, PlantState
from twin.atlas.tags import Tag, TagTable, TagTableContent


def table_of(*numbers: int) -> TagTable:
    tags = tuple(Tag(tag_id=n, name=f"TI-{n}.PV", description="", unit="K", low=0, high=1) for n in numbers)
    return TagTable.of(TagTableContent(plant="mill", number=1, revision=1, tags=tags))


def filled(tags: int) -> PlantState:
    state = PlantState.empty(tags)
    for n, name in enumerate(ARRAYS):
        array = getattr(state, name)
        array[:] = (np.arange(tags) + n) % 2 if array.dtype == np.bool_ else np.arange(tags) + n
    state.source[:] = np.arange(tags) % 2
    state.sources = ("opcua", "push")
    return state


@given(st.integers(0, 50))
def test_a_fork_is_equal_and_shares_no_memory_that_changes(tags: int) -> None:
    state = filled(tags)
    fork = state.fork()
    for name in ARRAYS:
        own, other = getattr(state, name), getattr(fork, name)
        assert np.array_equal(own, other)
        assert own.dtype == other.dtype
        assert not np.shares_memory(own, other)
        assert other.flags.writeable
    fork.place_of("replay")
    fork.values[:] = -1
    assert state.sources == ("opcua", "push")
    assert not (state.values == -1).any()


def test_an_empty_state_has_no_values_and_no_sources() -> None:
    state = PlantState.empty(2)
    assert len(state) == 2
    assert np.isnan(state.values).all()
    assert (state.source == UNKNOWN).all()
    assert state.source_of(0) == ""


def test_state_moves_by_tag_number_to_another_revisions_positions() -> None:
    old, new = table_of(3, 5, 8), table_of(5, 6, 8)
    moved, empty = filled(3).carried(old, new), PlantState.empty(3)
    for name in ARRAYS:
        before, after = getattr(filled(3), name), getattr(moved, name)
        assert (after[0], after[2]) == (before[1], before[2])
        assert np.array_equal(after[1:2], getattr(empty, name)[1:2], equal_nan=name == "values")
    assert [moved.source_of(position) for position in range(3)] == ["push", "", "opcua"]


def test_sources_that_no_value_is_of_are_forgotten_when_there_are_too_many() -> None:
    state = PlantState.empty(3)
    for n in range(2 * MOST_SOURCES + 5):
        state.source[n % 2] = state.place_of(f"source {n}")
        assert [state.source_of(n % 2), state.source_of(2)] == [f"source {n}", ""]
        assert len(state.sources) <= MOST_SOURCES
    assert state.source_of(0) == f"source {2 * MOST_SOURCES + 4}"
    assert state.source_of(1) == f"source {2 * MOST_SOURCES + 3}"


@pytest.mark.parametrize("repeats", [1, 5])
def test_a_source_has_one_place(repeats: int) -> None:
    state = PlantState.empty(1)
    places = [(state.place_of("opcua"), state.place_of("push")) for _ in range(repeats)]
    assert set(places) == {(0, 1)}
