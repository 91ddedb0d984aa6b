"""The Williams-Otto reactor behind the port: published optimum, the plant's own control, what can't be asked."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from twin.matrix.errors import OutOfRangeError, ScenarioError, SnapshotError, UnsupportedError
from twin.matrix.model_state import joined
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.matrix.williams_otto.model import WilliamsOttoModel
from twin.matrix.williams_otto.steady_state import PRICES

MODEL = WilliamsOttoProcess()
DECLARED = MODEL.declaration
SPANS = np.array([one.high - one.low for one in DECLARED.outputs])


def twin_of(plant, **other):
    signals = [*plant.instruments, *plant.settings]
    values = dict(zip([s.name for s in signals], [*plant.measure(), *plant.read_settings()], strict=True))
    return TwinSnapshot("williams-otto", values | other, {s.name: s.unit for s in signals})


def scenario(*changes, horizon="10 min", every="10 s"):
    return Scenario.parse(changes, horizon, DECLARED, every=every)


@pytest.fixture(scope="module")
def start():
    return MODEL.start(twin_of(WilliamsOttoModel()))


def profit(outputs):
    """$/s of rows of outputs, and its derivative to each output."""
    at = DECLARED.output_index
    flow_a, flow_b = outputs[at["FIC-101.PV"]], outputs[at["FIC-102.PV"]]
    for_p, for_e, for_a, for_b = PRICES
    earned = 0.01 * (for_p * outputs[at["AI-101P.PV"]] + for_e * outputs[at["AI-101E.PV"]])
    slope = np.zeros(len(at))
    slope[[at["FIC-101.PV"], at["FIC-102.PV"]]] = earned - for_a, earned - for_b
    slope[at["AI-101P.PV"]] = 0.01 * for_p * (flow_a + flow_b)
    slope[at["AI-101E.PV"]] = 0.01 * for_e * (flow_a + flow_b)
    return earned * (flow_a + flow_b) - for_a * flow_a - for_b * flow_b, slope


@pytest.mark.parametrize(
    ("feed_b", "temperature", "earned"),
    [(4.787, 80.0, 162.203), (4.787, 85.0, 184.700), (4.787470, 89.70282, 190.990602)],
)
def test_the_closed_loop_settles_at_the_published_profits(start, feed_b, temperature, earned):
    told = MODEL.simulate(start, scenario(f"TIC-101.SP={temperature} degC", f"FIC-102.SP={feed_b} kg/s", horizon="8 h"))
    assert profit(told.values[0, -1])[0] == pytest.approx(earned, abs=1e-3)


def test_the_gradient_vanishes_at_the_published_optimum_and_nowhere_near(start):
    slopes = {}
    for temperature in (85.0, 89.70282):
        asked = scenario(f"TIC-101.SP={temperature} degC", "FIC-102.SP=4.787470 kg/s", horizon="8 h", every="1 h")
        told, derivatives = MODEL.sensitivities(start, asked, ["TIC-101.SP", "FIC-102.SP"])
        slopes[temperature] = profit(told.values[0, -1])[1] @ derivatives[-1]
    assert slopes[85.0][0] > 2.0
    assert np.abs(slopes[89.70282]).max() < 0.01


def test_a_steady_plant_stays_where_it_is(start):
    told = MODEL.simulate(start, scenario(horizon="8 h", every="10 min"))
    assert np.max(np.abs(told.values[0] - told.values[0, 0]) / SPANS) < 1e-6


@pytest.mark.parametrize(
    "writes",
    [
        {"TIC-101.SP": 85.0},
        {"FIC-102.SP": 6.0, "LIC-101.SP": 55.0},
        {"TIC-101.MODE": 0.0, "TIC-101.OP": 60.0},
        {"TIC-102.MODE": 1.0, "TIC-102.SP": 95.0},
        {"TIC-101.SP": 82.0, "TIC-101.TD": 20.0},
        {"TIC-101.SP": 120.0},
    ],
)
def test_the_trajectory_is_the_plants_own_stepped_second_by_second(start, writes):
    plant = WilliamsOttoModel()
    units = {one.name: "" if one.states else one.unit for one in DECLARED.inputs}
    told = MODEL.simulate(start, scenario(*(f"{name}={value:g} {units[name]}" for name, value in writes.items())))
    for name, value in writes.items():
        plant.write(name, value)
    rows = []
    for second in range(600):
        plant.control(plant.measure())
        plant.advance()
        if (second + 1) % 10 == 0:
            rows.append(plant.measure())
    errors = np.abs(told.values[0, 1:, : len(plant.instruments)] - rows) / SPANS[: len(plant.instruments)]
    # A second's sampling shows while valves run; the reactor's temperature hardly sees it.
    assert errors[6:].max() < 2e-3
    assert errors[:, DECLARED.output_index["TIC-101.PV"]].max() < 1e-3


def test_ramps_and_drifting_surroundings_move_as_asked(start):
    told = MODEL.simulate(
        start, scenario("TIC-101.SP=84 degC over 4 min at 2 min", "feed_temperature=55 degC over 5 min")
    )
    assert told["TIC-101.SP"][0, [0, 12, 24, 36, 60]] == pytest.approx([80.0, 80.0, 82.0, 84.0, 84.0])
    assert told["TI-103.PV"][0, [0, 15, 30, 60]] == pytest.approx([60.0, 57.5, 55.0, 55.0])


def test_a_filter_that_puts_the_plants_valves_follows_it():
    plant = WilliamsOttoModel()
    plant.write("TIC-101.SP", 85.0)
    state = MODEL.start(twin_of(plant)).repeated(3)
    for _ in range(60):
        plant.control(plant.measure())
        settings = dict(zip([s.name for s in plant.settings], plant.read_settings(), strict=True))
        state = MODEL.step(MODEL.follow(state, settings), 1.0, hold=True)
        plant.advance()
    assert np.allclose(state.states, plant.state, rtol=1e-9)


def test_members_with_other_modes_are_stepped_too(start):
    by_hand = MODEL.follow(start, {"TIC-101.MODE": 0.0, "TIC-101.OP": 60.0})
    pair = MODEL.step(joined([start, by_hand]), 20.0)
    assert np.array_equal(pair.states[1], MODEL.step(by_hand, 20.0).states[0])
    told = MODEL.simulate(joined([start, by_hand]), scenario())
    assert np.array_equal(told.values[1], MODEL.simulate(by_hand, scenario()).values[0])


def test_a_reactor_that_runs_empty_ends_there(start):
    asked = scenario("LIC-101.MODE=MAN", "LIC-101.OP=100 %", "FIC-101.SP=0 kg/s", "FIC-102.SP=0 kg/s", horizon="30 min")
    told = MODEL.simulate(start, asked)
    (trip,) = told.trips
    assert trip is not None
    assert trip.reason == "the reactor is empty"
    level = told["LIC-101.PV"][0]
    assert np.all(np.isfinite(level[told.times_s < trip.time_s]))
    assert np.all(np.isnan(level[told.times_s > trip.time_s]))


def test_a_start_takes_supplies_from_flows_and_openings():
    plant = WilliamsOttoModel()
    plant.surroundings.supply_b = 0.8
    for _ in range(300):
        plant.control(plant.measure())
        plant.advance()
    state = MODEL.start(twin_of(plant))
    assert state.parameters[0, DECLARED.parameter_index["feed_b_supply"]] == pytest.approx(0.8, abs=0.002)
    assert state.states[0] == pytest.approx(plant.state, rel=1e-6)


def test_a_twin_without_analyser_or_level_cannot_begin():
    twin = twin_of(WilliamsOttoModel())
    with pytest.raises(SnapshotError, match="AI-101P.PV"):
        MODEL.start(replace(twin, values={k: v for k, v in twin.values.items() if k != "AI-101P.PV"}))
    with pytest.raises(OutOfRangeError, match="check the level"):
        MODEL.start(twin_of(WilliamsOttoModel(), **{"LIC-101.PV": 0.0}))


def test_what_the_control_system_refuses_is_told_with_its_remedy(start):
    with pytest.raises(ScenarioError, match="set its mode to MAN first") as caught:
        MODEL.simulate(start, scenario("TIC-101.OP=50 %"))
    assert caught.value.faults[0].path == "changes[0].TIC-101.OP"
    assert MODEL.simulate(start, scenario("TIC-101.MODE=MAN", "TIC-101.OP=50 % at 1 min")).trips == (None,)
    with pytest.raises(ScenarioError, match="no derivative"):
        MODEL.sensitivities(start, scenario(), ["TIC-101.SP"])
    with pytest.raises(UnsupportedError, match="take one member"):
        MODEL.sensitivities(start.repeated(2), scenario(), ["activity"])
    with pytest.raises(UnsupportedError, match="rate time"):
        MODEL.sensitivities(start, scenario("TIC-101.TD=20 s"), ["activity"])


def test_a_ramp_of_a_loop_with_rate_action_moves_every_second(start):
    told = MODEL.simulate(start, scenario("TIC-101.TD=20 s", "TIC-101.SP=84 degC over 4 min at 2 min"))
    assert told["TIC-101.SP"][0, [0, 12, 24, 36, 60]] == pytest.approx([80.0, 80.0, 82.0, 84.0, 84.0])


def test_stepping_does_not_load_the_solver():
    """The live path steps only, and starts without CasADi's half a second."""
    code = """
import sys
from twin.matrix.model_state import ModelState
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
model = WilliamsOttoProcess()
declared = model.declaration
groups = declared.states, declared.parameters, declared.inputs
model.step(ModelState(declared.id, *([[one.nominal for one in group]] for group in groups)), 5.0)
assert "casadi" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
