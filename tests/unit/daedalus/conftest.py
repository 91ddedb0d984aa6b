"""A small process, and learned models of it: with random weights for what files do, and a trained one."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from twin.daedalus.driving import driving
from twin.daedalus.learned import Learned
from twin.daedalus.recipe import Recipe
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.model_state import ModelState
from twin.matrix.port import Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

HEATER = Variable(name="TIC-1.SP", description="Heater", unit="degC", low=0, high=100, nominal=50)
MODE = Variable(name="TIC-1.MODE", description="Mode", unit="", low=0, high=2, nominal=1, states=("MAN", "AUTO", "CAS"))
TANK = Declaration(
    name="tank",
    title="Heated tank",
    version=1,
    inputs=(HEATER, MODE),
    outputs=(Variable(name="TI-1.PV", description="Tank", unit="degC", low=0, high=100, nominal=45), HEATER),
    states=(),
    parameters=(Variable(name="loss", description="Lost heat", unit="delta_degC", low=0, high=20, nominal=5),),
    capabilities=frozenset({"cancel"}),
    longest_s=86_400.0,
)
RECIPE = """
process_model = "tank"
every = "5 min"
window = "3 h"
run = "14 h"
settling = "1 h"
change_every = "1 h"
runs = 40
epochs = 12
hidden = 16
context = 8

[varied]
"TIC-1.SP" = ["20 degC", "80 degC"]
loss = ["2 delta_degC", "8 delta_degC"]
"""


class Tank:
    """dT/dt = (SP - loss - T) / 30 min from 45 degC on."""

    declaration = TANK

    def start(self, twin: TwinSnapshot) -> ModelState:
        inputs = np.array([[twin.value(HEATER), twin.value(MODE)]])
        return ModelState(TANK.id, np.empty((1, 0)), np.array([[5.0]]), inputs)

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        watch(0.0)
        before = {"TIC-1.SP": float(state.inputs[0, 0]), "loss": float(state.parameters[0, 0])}
        steps = 10.0 * np.arange(round(scenario.horizon_s / 10.0) + 1)
        levels, means = driving(scenario.changes, before, ("TIC-1.SP", "loss"), steps)
        told, share = [45.0], np.exp(-10.0 / 1800.0)
        for setpoint, loss in means[1:]:
            told.append(share * told[-1] + (1.0 - share) * (setpoint - loss))
        values = [np.interp(scenario.times_s, steps, column) for column in (told, levels[:, 0])]
        return Trajectory.of(TANK.id, TANK.outputs, scenario.times_s, np.stack(values, axis=1)[None])


LEARNED = Learned(
    process_model="tank",
    name="tank/surrogate",
    title="Heated tank, learned",
    version=1,
    every_s=60.0,
    longest_s=7200.0,
    outputs=TANK.outputs,
    inputs=(HEATER,),
    parameters=TANK.parameters,
    conditions=(MODE,),
    seen=((20.0, 80.0), (20.0, 80.0)),
    coverage=0.9,
    horizons_s=(600.0, 7200.0),
    margins=((1.0, 0.0), (3.0, 0.0)),
    hidden=6,
)


def model_file(version: int = 1) -> bytes:
    """A model that tells something, with weights drawn at random by its version."""
    exporting = pytest.importorskip("twin.daedalus.exporting", reason="the extra 'ai' is not installed")
    rng, shapes = np.random.default_rng(version), {}
    hidden, context, begins, drives, moves = 6, 4, 3, 4, 2
    for name, (given, told) in {
        "encode": (begins, 12),
        "describe": (12, context),
        "awake": (context, hidden),
        "decode": (hidden + drives + context, 12),
    }.items():
        shapes |= {f"{name}.weight": (told, given), f"{name}.bias": (told,)}
    shapes |= {"move_by.weight": (moves, 12)}
    for side, given in (("ih", drives + context), ("hh", hidden)):
        shapes |= {f"recur.weight_{side}_l0": (3 * hidden, given), f"recur.bias_{side}_l0": (3 * hidden,)}
    weights = {name: rng.normal(0.0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    weights |= {"begin_middle": np.array([45.0, 50.0, 50.0], np.float32), "begin_spread": np.full(3, 20.0, np.float32)}
    weights |= {"drive": np.array([60.0, 6.0] * 2, np.float32), "move": np.array([10.0, 20.0], np.float32)}
    return exporting.exported(weights, replace(LEARNED, version=version))


@pytest.fixture
def twin() -> TwinSnapshot:
    return TwinSnapshot(
        "tank",
        {"TI-1.PV": 318.15, "TIC-1.SP": 50.0, "TIC-1.MODE": 1.0},
        {"TI-1.PV": "K", "TIC-1.SP": "degC", "TIC-1.MODE": ""},
    )


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe.parse(RECIPE, TANK)
