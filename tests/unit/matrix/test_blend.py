from dataclasses import replace

import numpy as np
import pytest

from tests.contracts.matrix.test_models import TANK, Tank
from twin.matrix.blend import Blend
from twin.matrix.contract import ModelCase, ProcessModelContract
from twin.matrix.errors import (
    CrashedError,
    DivergedError,
    OutOfRangeError,
    SimulationCancelledError,
    SnapshotError,
)
from twin.matrix.model_state import ModelState, joined
from twin.matrix.scenario import Scenario
from twin.matrix.skill import Skill
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory, Trip

TWIN = TwinSnapshot("tank", {"TI-1.PV": 323.15, "TIC-1.OP": 40.0}, {"TI-1.PV": "K", "TIC-1.OP": "%"})
OTHER = replace(TANK, name="other", outputs=TANK.outputs[:1], capabilities=frozenset({"cancel"}))


class Other:
    """Says `away` degC more than the tank, of its temperature only; `trip` ends it, `fails` is raised."""

    def __init__(self, away=4.0, *, fails=None, refuses=None, trip=None, declaration=OTHER):
        self.away, self.fails, self.refuses, self.trip, self.declaration = away, fails, refuses, trip, declaration

    def start(self, twin):
        if self.refuses is not None:
            raise self.refuses
        state = Tank().start(twin)
        return ModelState("other/1", state.states, state.parameters, state.inputs, (b"remembered",))

    def simulate(self, state, scenario, watch=lambda done: None):
        assert (state.model, state.memory) == ("other/1", (b"remembered",) * state.members)
        if self.fails is not None:
            raise self.fails
        watch(0.5)
        told = Tank().simulate(ModelState(TANK.id, state.states, state.parameters, state.inputs), scenario)
        values = told.values[:, :, :1] + self.away
        return Trajectory.of("other/1", OTHER.outputs, told.times_s, values, (self.trip,) * state.members)


class TestBlend(ProcessModelContract):
    @pytest.fixture
    def case(self) -> ModelCase:
        return ModelCase(
            make=lambda: Blend([Tank(), Other()]),
            twin=TWIN,
            changes=("TIC-1.OP=60 percent",),
            same_changes=("TIC-1.OP=60 %",),
            watched="TI-1.PV",
        )


def asked(blend, *changes):
    return Scenario.parse(changes, "10 min", blend.declaration)


def answer(blend, *changes):
    return blend.answer(blend.start(TWIN), asked(blend, *changes))


def test_the_mean_is_weighted_by_skill_and_disagreement_is_told_beside_it():
    skill = Skill(("tank", "other"), ("TI-1.PV", "TIC-1.OP"), np.array([[1.0, 1.0], [3.0, 3.0]]))
    blended = answer(Blend([Tank(), Other(4.0)], skill), "TIC-1.OP=60 %")
    physics = blended.answers["tank"]
    assert blended.weights.tolist() == [[0.75, 1.0], [0.25, 0.0]]
    assert blended.trajectory["TI-1.PV"] == pytest.approx(physics["TI-1.PV"] + 1.0)
    assert np.array_equal(blended.trajectory["TIC-1.OP"], physics["TIC-1.OP"]), "only one tells of it"
    assert blended.apart[:, 0] == pytest.approx(np.full(len(physics.times_s), 4.0 / 150.0))
    assert blended.apart[:, 1].tolist() == [0.0] * len(physics.times_s)
    assert blended.left_out == {}


@pytest.mark.parametrize("other", [Other(fails=OutOfRangeError("never seen")), Other(refuses=SnapshotError("unknown"))])
def test_who_cannot_answer_is_left_out_with_the_reason(other):
    blended = answer(Blend([Tank(), other]))
    assert list(blended.answers) == ["tank"]
    assert blended.left_out["other"] in ("never seen", "unknown")
    assert np.array_equal(blended.trajectory.values, blended.answers["tank"].values)
    assert not blended.apart.any()


def test_errors_of_the_first_and_passing_ones_of_any_are_the_blends():
    with pytest.raises(DivergedError, match="no way"):
        answer(Blend([Other(fails=DivergedError("no way"), declaration=replace(OTHER, name="first")), Other()]))
    for passing in (CrashedError("gone"), SimulationCancelledError()):
        with pytest.raises(type(passing)):
            answer(Blend([Tank(), Other(fails=passing)]))
    with pytest.raises(CrashedError):
        Blend([Tank(), Other(refuses=CrashedError("gone"))]).start(TWIN)


def test_after_a_trip_of_any_model_there_is_nothing_to_tell():
    blended = answer(Blend([Tank(), Other(trip=Trip(300.0, "too hot"))]))
    after = blended.trajectory.times_s > 300.0
    assert np.isnan(blended.trajectory["TI-1.PV"][0, after]).all()
    assert np.isfinite(blended.trajectory["TI-1.PV"][0, ~after]).all()
    assert blended.trajectory.trips == (Trip(300.0, "too hot"),)


def test_members_keep_to_themselves_and_watches_hear_of_the_whole():
    blend, heard = Blend([Tank(), Other()]), []
    state = blend.start(TWIN)
    warmer = replace(state, states=state.states + 10.0)
    both = blend.simulate(joined([state, warmer]), asked(blend), heard.append)
    assert np.array_equal(both.values[1], blend.simulate(warmer, asked(blend)).values[0])
    assert heard == sorted(heard)
    assert heard[-1] > 0.5


def test_only_models_of_the_same_process_are_blended():
    foreign = replace(TANK.inputs[0], name="FIC-9.SP")
    for inputs in ((foreign,), (replace(TANK.inputs[0], unit="degC"),)):
        with pytest.raises(ValueError, match="blend models of the same process"):
            Blend([Tank(), Other(declaration=replace(OTHER, inputs=inputs))])
