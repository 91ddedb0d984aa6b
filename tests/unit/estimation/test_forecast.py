"""Forecasts whose members have futures of their own, on models whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from twin.estimation.ensemble_filter import Outlook
from twin.estimation.forecast import forecast
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.errors import SimulationCancelledError
from twin.matrix.model_state import ModelState
from twin.matrix.scenario import Change, Scenario, value_at
from twin.matrix.trajectory import Trajectory
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess

HOURS = 8


class Told:
    """Tells its parameters over time, as a scenario moves them."""

    def __init__(self, linear_model):
        self.inner = linear_model(1.0, [[0.0, 0.0]], [[1.0]], bound=10.0)
        self.declaration = self.inner.declaration
        self.scenarios = []

    def simulate(self, state, scenario, watch):
        watch(0.5)
        self.scenarios.append(scenario)
        times = scenario.times_s
        values = np.empty((1, len(times), 1))
        moves = [change for change in scenario.changes if change.name == "p0"]
        before = {"p0": float(state.parameters[0, 0])}
        values[0, :, 0] = [value_at(moves, before, time).get("p0", before["p0"]) for time in times]
        return Trajectory.of("test", self.declaration.outputs, times, values)


def plan(walk, lasting_s=0.0):
    return EstimatePlan(
        unknowns=(Unknown(name="p0", spread=1.0, walk=walk, lasting_s=lasting_s), Unknown(name="p1", spread=1.0)),
        instruments=(Instrument(name="y0", noise=0.1),),
    )


@pytest.fixture
def told(linear_model):
    return Told(linear_model)


def ensemble(told, members=400):
    return told.inner.single([0.0], [[2.0, 0.0]]).repeated(members)


def asked(*changes):
    return Scenario(changes=changes, horizon_s=3600.0 * HOURS, every_s=3600.0)


def test_an_unknown_s_spread_is_its_walk_s_at_an_eighth_of_the_horizon_and_at_its_end(told):
    curves = forecast(told, ensemble(told), asked(), plan=plan(0.3), seed=1)["y0"]
    assert curves.mean(axis=0) == pytest.approx(2.0, abs=1e-9)
    spreads = curves.std(axis=0)
    assert spreads[1] == pytest.approx(0.3, rel=0.1)
    assert spreads[HOURS] == pytest.approx(0.3 * HOURS**0.5, rel=0.1)
    assert np.all(np.diff(spreads) > 0)


def test_a_trend_goes_on_until_it_has_died_away(told):
    rates = np.full(400, 0.4)
    curves = forecast(
        told, ensemble(told), asked(), plan=plan(0.3, 7200.0), seed=1, outlook=Outlook({"p0": rates}, {})
    )["y0"]
    assert curves.mean(axis=0)[1] == pytest.approx(2.0 + 0.8 * (1 - np.exp(-0.5)), abs=1e-9)
    assert curves.mean(axis=0)[HOURS] == pytest.approx(2.0 + 0.8 * (1 - np.exp(-4.0)), abs=1e-9)
    rng = np.random.default_rng(3)
    rate, place, spreads = np.zeros(4000), np.zeros(4000), []
    for _ in range(HOURS):
        for _ in range(50):
            place += rate / 50
            rate += -rate / 100 + 0.3 * (2 / 100) ** 0.5 * rng.normal(size=4000)
        spreads.append(place.std())
    assert curves.std(axis=0)[1] == pytest.approx(spreads[0], rel=0.12)
    assert curves.std(axis=0)[HOURS] == pytest.approx(spreads[-1], rel=0.12)


def test_a_standing_difference_is_added_to_what_its_instrument_shows(told):
    curves = forecast(told, ensemble(told, 3), asked(), plan=plan(0.0), seed=1, outlook=Outlook({}, {"y0": -0.5}))["y0"]
    assert curves == pytest.approx(1.5)


def test_one_seed_gives_one_future_whatever_is_asked(told):
    step = Change(name="u0", value=1.0, unit="dimensionless")
    first, second = (forecast(told, ensemble(told, 5), asked(*one), plan=plan(0.3), seed=7) for one in ((), (step,)))
    assert np.array_equal(first.values, second.values)
    other = forecast(told, ensemble(told, 5), asked(), plan=plan(0.3), seed=8)
    assert not np.any(other.values[:, 1:] == first.values[:, 1:])


def test_what_the_scenario_changes_does_not_wander_too(told):
    change = Change(name="p0", value=3.0, unit="dimensionless")
    curves = forecast(told, ensemble(told, 5), asked(change), plan=plan(0.3), seed=1)
    assert [scenario.changes for scenario in told.scenarios] == [(change,)]
    assert curves.members == 1


def test_futures_stay_in_the_range_that_the_model_declares(told):
    curves = forecast(told, ensemble(told), asked(), plan=plan(100.0), seed=1)["y0"]
    assert np.abs(curves).max() == pytest.approx(10.0)


def test_the_watch_ends_it_between_members(told):
    seen = []

    def watch(done):
        seen.append(done)
        if done > 0.5:
            raise SimulationCancelledError

    with pytest.raises(SimulationCancelledError):
        forecast(told, ensemble(told, 10), asked(), plan=plan(0.3), seed=1, watch=watch)
    assert seen == pytest.approx([0.05, 0.15, 0.25, 0.35, 0.45, 0.55])


def test_the_reactor_s_forecast_spreads_with_its_activity_and_its_temperature_is_held():
    model = WilliamsOttoProcess()
    declared = model.declaration
    parts = (declared.states, declared.parameters, declared.inputs)
    design = ModelState(declared.id, *(np.array([[variable.nominal for variable in part]]) for part in parts))
    scenario = replace(
        Scenario(horizon_s=7200.0, every_s=600.0), changes=(Change(name="TIC-101.SP", value=85.0, unit="degC"),)
    )
    wandering = EstimatePlan(
        unknowns=(Unknown(name="activity", spread=0.03, walk=0.02),),
        instruments=(Instrument(name="AI-101P.PV", noise=0.1),),
    )
    told = forecast(model, design.repeated(20), scenario, plan=wandering, seed=1)
    assert told["TIC-101.PV"][:, -1] == pytest.approx(85.0, abs=0.05)
    spread = told["AI-101P.PV"].std(axis=0)
    assert spread[-1] > 0.03 > spread[0]
