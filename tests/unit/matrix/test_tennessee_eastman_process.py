"""The Tennessee Eastman plant behind the port: base case, forks with a future of their own, trips."""

import numpy as np
import pytest

pytest.importorskip("tep_studio.simulation.native", reason="the extra 'tep' is not installed")

from twin.matrix.errors import SnapshotError
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.tennessee_eastman.adapter import TennesseeEastmanProcess
from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel

UNSTEADY_WATER = 8
"""Index of the disturbance that moves the reactor's cooling water by a generator."""


@pytest.fixture(scope="module")
def model():
    return TennesseeEastmanProcess()


@pytest.fixture(scope="module")
def plant():
    """A running plant after a few minutes, its cooling water unsteady."""
    running = TennesseeEastmanModel(seed=5)
    running.disturb(UNSTEADY_WATER, True)
    for _ in range(200):
        running.control(running.measure())
        running.advance()
    return running.snapshot()


def scenario(model, *changes, horizon="5 min"):
    return Scenario.parse(changes, horizon, model.declaration)


def test_a_start_at_the_base_case_is_the_published_one(model):
    running = TennesseeEastmanModel(seed=5)
    running.control(running.measure())
    signals = [*running.instruments, *running.settings]
    values = dict(zip([s.name for s in signals], [*running.measure(), *running.read_settings()], strict=True))
    # Downs and Vogel's base case; a setpoint taken from a noisy measurement would be another.
    published = {
        "TIC-209.PV": 120.40, "PIC-207.PV": 2705.0, "LIC-208.PV": 75.0, "LIC-212.PV": 50.0, "LIC-215.PV": 50.0,
        "TIC-211.PV": 80.109, "FIC-217.PV": 22.949, "JI-220.PV": 341.43, "FIC-202.PV": 3664.0, "FIC-203.PV": 4509.3,
    }  # fmt: skip
    setpoints = {"FC-250": "FIC-217"}
    for name in ("TIC-209", "PIC-207", "LIC-208", "LIC-212", "LIC-215", "FC-250"):
        values[f"{name}.SP"] = published[f"{setpoints.get(name, name)}.PV"]
    values |= {"AC-225G.SP": 53.724, "AC-223A.SP": 100.0 * 32.188 / (32.188 + 26.383), "AC-223C.SP": 32.188 + 26.383}
    state = model.start(TwinSnapshot("te", values, {s.name: s.unit for s in signals}))
    outputs = dict(zip([one.name for one in model.declaration.outputs], model.outputs(state)[0], strict=True))
    for one in model.declaration.outputs:
        if one.name in published:
            assert abs(outputs[one.name] - published[one.name]) < 0.01 * (one.high - one.low), one.name
    with pytest.raises(SnapshotError, match="no usable value"):
        model.start(TwinSnapshot("te", {}, {}))


def test_forks_have_a_future_of_their_own(model, plant):
    told = {seed: model.simulate(model.adopt(plant, seed), scenario(model)).values for seed in (1, 2)}
    again = model.simulate(model.adopt(plant, 1), scenario(model)).values
    np.testing.assert_array_equal(again, told[1])
    assert np.abs(told[1] - told[2]).max() > 1e-3


def test_noise_and_disturbances_do_not_share_a_generator(model, plant):
    noisy = TennesseeEastmanProcess(noise=True)
    quiet, loud = (one.step(one.adopt(plant, 3), 120.0, hold=True) for one in (model, noisy))
    np.testing.assert_array_equal(quiet.states, loud.states)
    at = model.declaration.output_index["LIC-208.PV"]
    roughness = [
        np.abs(np.diff(one.simulate(one.adopt(plant, 3), scenario(one)).values[0, 5:, at])).mean()
        for one in (model, noisy)
    ]
    assert roughness[1] > 10 * roughness[0]


def test_a_member_answers_alike_whatever_the_kernel_did_before(model, plant):
    state = model.adopt(plant, 3)
    written = state.with_states(state.states * 1.005)
    model.outputs(state)
    fresh = TennesseeEastmanProcess()
    np.testing.assert_array_equal(model.outputs(written), fresh.outputs(written))
    np.testing.assert_array_equal(model.step(written, 5.0).states, fresh.step(written, 5.0).states)


def test_a_trip_ends_the_trajectory_with_its_time_and_reason(model, plant):
    told = model.simulate(model.adopt(plant, 1), scenario(model, "TIC-209.MODE=MAN", "TIC-209.OP=0 %"))
    (trip,) = told.trips
    assert trip is not None
    assert 60.0 < trip.time_s < 300.0
    assert "High" in trip.reason
    temperature = told["TIC-209.PV"][0]
    before = told.times_s <= trip.time_s
    assert np.all(np.isfinite(temperature[before]))
    assert np.all(np.isnan(temperature[~before]))
    assert temperature[before][-1] > 140.0


def test_warmer_cooling_water_opens_the_cooling_water_valve(model, plant):
    state = model.adopt(plant, 1)
    base, warm = (
        model.simulate(state, scenario(model, *changes))["TIC-209.OP"][0, -1]
        for changes in ((), ("reactor_water_temperature=42 degC over 1 min",))
    )
    assert warm > base + 2.0
    at_once = [
        model.step(one, 30.0, hold=True).states[0, 36]
        for one in (state, state.with_parameters(state.parameters + np.eye(8)[4] * 2.0))
    ]
    assert at_once[1] > at_once[0] + 0.2


def test_following_the_plants_settings_moves_nothing_but_the_settings(model, plant):
    state = model.adopt(plant, 1)
    settings = dict(zip([one.name for one in model.declaration.inputs], state.inputs[0], strict=True))
    followed = model.follow(state, settings)
    np.testing.assert_allclose(followed.inputs, state.inputs, rtol=1e-12)
    np.testing.assert_array_equal(followed.states, state.states)
    one, other = (model.step(each, 60.0).states for each in (followed, state))
    np.testing.assert_allclose(one, other, rtol=5e-3)
