"""The process models that ship, and a small one made for it, keep the contract of all models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

import numpy as np
import pytest
from numpy.typing import NDArray

from twin.matrix.contract import ModelCase, ProcessModelContract
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.model_state import ModelState
from twin.matrix.port import Watch, unwatched
from twin.matrix.process import ControlledProcess
from twin.matrix.scenario import Scenario, value_at
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.matrix.williams_otto.model import WilliamsOttoModel


def twin_of(plant: str, model: ControlledProcess) -> TwinSnapshot:
    """What a twin that follows this model without noise knows."""
    signals = [*model.instruments, *model.settings]
    values = [*model.measure(), *model.read_settings()]
    return TwinSnapshot(
        plant, dict(zip([s.name for s in signals], values, strict=True)), {s.name: s.unit for s in signals}
    )


HEATER_OP = Variable(name="TIC-1.OP", description="Heater", unit="percent", low=0, high=100, nominal=40)
TEMPERATURE = Variable(name="TI-1.PV", description="Tank", unit="degC", low=0, high=150, nominal=50)
TANK = Declaration(
    name="tank",
    title="Heated tank",
    version=1,
    inputs=(HEATER_OP,),
    outputs=(TEMPERATURE, HEATER_OP),
    states=(Variable(name="temperature", description="Tank", unit="degC", low=0, high=150, nominal=50),),
    parameters=(Variable(name="lag", description="Time constant", unit="s", low=10, high=1000, nominal=100),),
    capabilities=frozenset({"step", "state", "gradients", "cancel"}),
    longest_s=86400.0,
)


class Tank:
    """A heated tank in closed form: dT/dt = (10 degC + OP - T) / lag."""

    declaration = TANK

    def start(self, twin: TwinSnapshot) -> ModelState:
        values = [twin.value(TEMPERATURE)], [100.0], [twin.value(HEATER_OP)]
        return ModelState(TANK.id, *(np.array([value]) for value in values))

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        state.check(TANK.id)
        told = []
        for index in range(state.members):
            watch(index / state.members)
            told.append(self._through(state.member(index), scenario))
        return Trajectory.of(TANK.id, TANK.outputs, scenario.times_s, np.stack(told))

    def _through(self, now: ModelState, scenario: Scenario) -> NDArray[np.float64]:
        rows, at = [], 0.0
        before = {"TIC-1.OP": float(now.inputs[0, 0])}
        for time_s in scenario.times_s:
            if time_s > at:
                now, at = self.step(now, time_s - at), time_s
            now = self.follow(now, value_at(scenario.changes, before, time_s))
            rows.append(self.outputs(now)[0])
        return np.stack(rows)

    def outputs(self, state: ModelState) -> NDArray[np.float64]:
        return np.stack([state.states[:, 0], state.inputs[:, 0]], axis=1)

    def step(self, state: ModelState, duration_s: float, *, hold: bool = False) -> ModelState:
        share = np.exp(-duration_s / state.parameters[:, 0])
        now = share * state.states[:, 0] + (1.0 - share) * (10.0 + state.inputs[:, 0])
        return state.with_states(now[:, None])

    def follow(self, state: ModelState, settings: Mapping[str, float]) -> ModelState:
        inputs = np.full_like(state.inputs, settings["TIC-1.OP"]) if settings else state.inputs
        return ModelState(state.model, state.states, state.parameters, inputs)

    def sensitivities(
        self, state: ModelState, scenario: Scenario, to: Sequence[str], watch: Watch = unwatched
    ) -> tuple[Trajectory, NDArray[np.float64]]:
        (_,) = to
        slopes = [[1.0 - exp(-time_s / state.parameters[0, 0]), 1.0] for time_s in scenario.times_s]
        return self.simulate(state, scenario, watch), np.array(slopes)[:, :, None]


class TestTank(ProcessModelContract):
    @pytest.fixture
    def case(self) -> ModelCase:
        return ModelCase(
            make=Tank,
            twin=TwinSnapshot("tank", {"TI-1.PV": 323.15, "TIC-1.OP": 40.0}, {"TI-1.PV": "K", "TIC-1.OP": "%"}),
            changes=("TIC-1.OP=60 percent",),
            same_changes=("TIC-1.OP=60 %",),
            watched="TI-1.PV",
        )


class TestWilliamsOtto(ProcessModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> ModelCase:
        plant = WilliamsOttoModel()
        plant.surroundings.transfer_kw_k = 11.0
        plant.surroundings.activity = 0.97
        for _ in range(600):
            plant.control(plant.measure())
            plant.advance()
        return ModelCase(
            make=WilliamsOttoProcess,
            twin=twin_of("williams-otto", plant),
            changes=("TIC-101.SP=85 degC over 3 min", "FIC-102.SP=5 kg/s at 1 min"),
            same_changes=("FIC-102.SP=18000 kg/h at 60 s", "TIC-101.SP=358.15 K over 0.05 h"),
            watched="TIC-101.PV",
            refused=(
                "TIC-101.OP=50 %",
                "TIC-102.SP=100 degC",
                "TIC-101.MODE=CAS",
                "TIC-101.KC=4 dimensionless over 1 min",
            ),
        )


class TestTennesseeEastman(ProcessModelContract):
    @pytest.fixture(scope="class")
    @classmethod
    def case(cls) -> ModelCase:
        pytest.importorskip("tep_studio.simulation.native", reason="the extra 'tep' is not installed")
        from twin.matrix.tennessee_eastman.adapter import TennesseeEastmanProcess
        from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel

        plant = TennesseeEastmanModel(seed=7)
        plant.control(plant.measure())
        return ModelCase(
            make=TennesseeEastmanProcess,
            twin=twin_of("tennessee-eastman", plant),
            changes=("TIC-209.SP=121.5 degC over 2 min", "FC-250.SP=22 m^3/h"),
            same_changes=("TIC-209.SP=394.65 K over 120 s", "FC-250.SP=22000 L/h"),
            watched="TIC-209.PV",
            horizon="4 min",
            long_horizon="2 h",
            refused=("TIC-209.OP=50 %", "FIC-201.SP=300 m^3/h", "TIC-209.MODE=CAS"),
        )
