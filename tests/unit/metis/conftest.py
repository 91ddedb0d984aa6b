"""A hill: a model with two settings whose best point, slopes and shutdown are known in closed form."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from twin.atlas.optimisation import Optimisation
from twin.atlas.optimisation_file import OptimisationEntry, read_optimisation
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.errors import DivergedError
from twin.matrix.model_state import ModelState
from twin.matrix.port import Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory, Trip
from twin.metis.problem import Problem

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LAG_S = 600.0
UNITS = {"A.SP": "degC", "B.SP": "kg/s", "A.PV": "degC", "H.PV": "kW"}


def _variable(name: str, unit: str, low: float, high: float, nominal: float) -> Variable:
    return Variable(name=name, description=name, unit=unit, low=low, high=high, nominal=nominal)


class Hill:
    """`H.PV` is 100 - (A - 60)^2 / 4 - 20 (B - bias)^2 kW, A following its setpoint with a lag; bias is a parameter.

    Above 90 degC it diverges, and with B above 4.5 kg/s it shuts down.
    """

    def __init__(self, *, gradients: bool = True) -> None:
        self.runs = 0
        self.declaration = Declaration(
            name="hill",
            title="Hill",
            version=1,
            inputs=(
                _variable("A.SP", "degC", 0, 100, 50),
                _variable("B.SP", "kg/s", 0, 5, 2),
                Variable(name="A.MODE", description="mode", unit="", low=0, high=1, nominal=1, states=("MAN", "AUTO")),
            ),
            outputs=(_variable("A.PV", "degC", 0, 100, 50), _variable("H.PV", "kW", -9e3, 200, 0)),
            states=(_variable("a", "degC", 0, 100, 50),),
            parameters=(_variable("bias", "kg/s", 0, 5, 3),),
            capabilities=frozenset({"cancel", "gradients"} if gradients else {"cancel"}),
            longest_s=86400.0,
        )

    def start(self, twin: TwinSnapshot | None = None) -> ModelState:
        return ModelState("hill/1", np.array([[50.0]]), np.array([[3.0]]), np.array([[50.0, 2.0, 1.0]]))

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        self.runs += 1
        watch(0.5)
        asked = {change.name: change.value for change in scenario.changes}
        target, flow = asked.get("A.SP", state.inputs[0, 0]), asked.get("B.SP", state.inputs[0, 1])
        if target > 90.0:
            raise DivergedError("no solution", remedy="ask for less")
        a = target + (state.states - target) * np.exp(-scenario.times_s / LAG_S)
        height = 100.0 - (a - 60.0) ** 2 / 4.0 - 20.0 * (flow - state.parameters) ** 2
        trips = [Trip(60.0, "too much") if flow > 4.5 else None] * state.members
        values = np.stack([a, height], axis=2)
        return Trajectory.of("hill/1", self.declaration.outputs, scenario.times_s, values, trips)

    def sensitivities(
        self, state: ModelState, scenario: Scenario, to: Sequence[str], watch: Watch = unwatched
    ) -> tuple[Trajectory, np.ndarray]:
        told = self.simulate(state, scenario, watch)
        a, rises = told["A.PV"][0], 1.0 - np.exp(-scenario.times_s / LAG_S)
        flow = next(change.value for change in scenario.changes if change.name == "B.SP")
        slopes = {
            "A.SP": np.stack([rises, -(a - 60.0) / 2.0 * rises], axis=1),
            "B.SP": np.stack([0.0 * rises, np.full_like(rises, -40.0 * (flow - state.parameters[0, 0]))], axis=1),
        }
        return told, np.stack([slopes[name] for name in to], axis=2)


@pytest.fixture
def hill() -> Hill:
    return Hill()


def optimisation(**entry: Any) -> Optimisation:
    """The plant's side: climb the hill, unless the entry says otherwise."""
    given = {
        "goal": {"value": "[H.PV]", "name": "Height", "unit": "kW"},
        "adjustable": [{"tag": "A.SP", "low": 40, "high": 80}, {"tag": "B.SP", "low": 1, "high": 4}],
        "horizon": "4 h",
    } | entry
    read, findings = read_optimisation(OptimisationEntry.model_validate(given), UNITS, has_economics=True)
    assert read is not None, findings
    return read


@pytest.fixture
def pose(hill: Hill) -> Callable[..., Problem]:
    """Make a problem of the hill from an entry."""
    return lambda **entry: Problem.of(optimisation(**entry), hill.declaration)
