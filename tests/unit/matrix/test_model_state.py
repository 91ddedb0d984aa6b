"""States of models, and what a twin gives to begin from."""

import numpy as np
import pytest

from analytics.quality import BAD, GOOD
from twin.atlas.state import PlantState
from twin.atlas.tags import Tag, TagTable, TagTableContent
from twin.matrix.declaration import Variable
from twin.matrix.errors import OutOfRangeError, SnapshotError
from twin.matrix.model_state import ModelState, joined
from twin.matrix.snapshot import TwinSnapshot

TEMPERATURE = Variable(name="TIC-101.PV", description="", unit="degC", low=0, high=200, nominal=80)


def state(members=1):
    rows = np.arange(members, dtype=float)[:, None]
    return ModelState("m/1", rows + 1.0, rows + 10.0, rows + 20.0, tuple(b"%d" % at for at in range(members)))


def test_a_state_cannot_be_changed_and_keeps_a_copy():
    given = np.ones((1, 2))
    held = ModelState("m/1", given, given, given)
    given[0, 0] = 5.0
    assert held.states[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        held.states[0, 0] = 2.0


def test_members_are_taken_repeated_and_joined():
    assert state(3).member(-1).memory == (b"2",)
    assert state(3).member(1).states.tolist() == [[2.0]]
    assert state().repeated(4).memory == (b"0",) * 4
    both = joined([state(2), state(1)])
    assert (both.members, both.states.tolist(), both.memory) == (3, [[1.0], [2.0], [1.0]], (b"0", b"1", b"0"))
    with pytest.raises(ValueError, match="take one member first"):
        state(2).repeated(3)


def test_what_is_written_is_finite_and_of_the_same_shape():
    assert state(2).with_states([[5.0], [6.0]]).states.tolist() == [[5.0], [6.0]]
    with pytest.raises(ValueError, match="one row for each member"):
        state(2).with_parameters([[5.0]])
    with pytest.raises(OutOfRangeError, match="no finite number"):
        state().with_parameters([[np.nan]])
    with pytest.raises(ValueError, match="with one member at least"):
        ModelState("m/1", np.ones((0, 2)), np.ones((0, 2)), np.ones((0, 2)))


def test_a_snapshot_gives_usable_values_in_the_models_units():
    tags = tuple(
        Tag(tag_id=at, name=name, description="d", unit=unit, low=0, high=500)
        for at, (name, unit) in enumerate((("TIC-101.PV", "K"), ("BAD", "K"), ("NEVER", "K"), ("MASS", "kg")), start=1)
    )
    table = TagTable.of(TagTableContent(plant="mill", number=1, revision=1, tags=tags))
    live = PlantState.empty(4)
    live.values[:] = (353.15, 1.0, np.nan, 3.0)
    live.quality[:] = (GOOD, BAD, GOOD, GOOD)
    live.times[:] = (1, 1, 0, 1)
    twin = TwinSnapshot.of(table, live)
    assert set(twin.values) == {"TIC-101.PV", "MASS"}
    assert twin.value(TEMPERATURE) == pytest.approx(80.0)
    assert twin.known([TEMPERATURE, Variable(name="X", description="", unit="K", low=0, high=1, nominal=0)]) == {
        "TIC-101.PV": pytest.approx(80.0)
    }
    for name in ("BAD", "NEVER", "no such"):
        with pytest.raises(SnapshotError, match="no usable value"):
            twin.value(Variable(name=name, description="", unit="K", low=0, high=1, nominal=0))
    with pytest.raises(SnapshotError, match="unit of the same kind"):
        twin.value(Variable(name="MASS", description="", unit="degC", low=0, high=1, nominal=0))
