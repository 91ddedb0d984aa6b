from __future__ import annotations

import numpy as np
import pytest

from tests.contracts.matrix.steady_files import TWIN, steady_file
from twin.matrix.errors import DivergedError, UnusableModelError
from twin.matrix.model_state import joined
from twin.matrix.scenario import Scenario
from twin.matrix.simulator_file import parse_simulator
from twin.matrix.steady_simulator import SteadySimulator


class Doubling:
    """ShareP is a thousandth of the temperature in degC; remembers what it was asked."""

    def __init__(self, unknown=()) -> None:
        self.points, self.unknown = [], unknown

    def solve(self, inputs, outputs, ask):
        ask()
        self.points.append(tuple(inputs.values()))
        shares = {"ShareP": inputs["Temperature"] / 1000.0, "ShareE": 0.3}
        return {name: shares[name] for name in outputs if name not in self.unknown}


@pytest.fixture
def model(tmp_path):
    def make(**more):
        solver = Doubling(**more)
        return SteadySimulator(steady_file(tmp_path, "gproms", "run: {command: [none]}"), solver), solver

    return make


def asked(model, *changes):
    return Scenario.parse(changes, "10 min", model.declaration)


def test_outputs_follow_at_once_and_equal_points_are_solved_once(model):
    steady, solver = model()
    state = steady.start(TWIN)
    told = steady.simulate(joined([state, state]), asked(steady, "TIC-101.SP=85 degC at 5 min"))
    assert solver.points == [(4.787 * 3600.0, 80.0), (4.787 * 3600.0, 85.0)]
    before = told.times_s < 300.0
    np.testing.assert_allclose(told["AI-101P.PV"][:, before], 8.0)
    np.testing.assert_allclose(told["AI-101P.PV"][:, ~before], 8.5)


def test_a_ramp_is_told_in_ten_steps(model):
    steady, solver = model()
    steady.simulate(steady.start(TWIN), asked(steady, "TIC-101.SP=90 degC over 5 min at 1 min"))
    temperatures = [point[1] for point in solver.points]
    assert temperatures == pytest.approx([80.0, *np.arange(81.0, 91.0)])


def test_an_output_without_a_value_is_named(model):
    steady, _ = model(unknown=("ShareE",))
    with pytest.raises(DivergedError, match=r"no value of AI-101E\.PV"):
        steady.simulate(steady.start(TWIN), asked(steady))


def test_a_steady_simulator_has_no_states(tmp_path):
    steady_file(tmp_path, "gproms", "run: {command: [none]}")
    state = "states:\n  - {name: T, description: x, unit: K, range: [0, 1], nominal: 1, at: T}\n"
    file = parse_simulator((tmp_path / "gproms.yaml").read_text() + state, tmp_path)
    with pytest.raises(UnusableModelError, match="as an FMU"):
        SteadySimulator(file, Doubling())
