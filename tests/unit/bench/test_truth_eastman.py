"""Tennessee Eastman plants of the trials: unseen disturbances, readings of analysers, and what is true."""

import numpy as np
import pytest

pytest.importorskip("tep_studio.simulation.native", reason="the extra 'tep' is not installed")

from connectors.simulated.plant_kinds import KINDS
from stream.bench.truth_eastman import EastmanPlants
from stream.bench.truth_fleet import Surprises
from stream.bench.truth_trial import Trial, run
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.tennessee_eastman.adapter import TennesseeEastmanProcess
from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel

KIND = KINDS["tennessee-eastman"]
SURPRISES = Surprises(make_drift=KIND.make_drift, deviations=KIND.deviations)


@pytest.fixture(scope="module")
def model():
    return TennesseeEastmanProcess()


def plants(model, unseen=(), seeds=(4,)):
    return EastmanPlants(seeds, SURPRISES, model.declaration, unseen)


def test_what_is_unseen_acts_and_is_told_to_nobody(model):
    quiet, disturbed = plants(model), plants(model, (8, 13))
    for fleet in (quiet, disturbed):
        fleet.go_on(900)
    assert not np.array_equal(quiet.truth(), disturbed.truth())


def test_what_is_true_has_no_noise_and_asking_changes_nothing(model):
    asked, left = plants(model), plants(model)
    asked.go_on(60)
    assert np.array_equal(asked.truth(), asked.truth())
    asked.go_on(60)
    left.go_on(120)
    assert np.array_equal(asked.shown(), left.shown())
    assert not np.array_equal(asked.truth()[0, :22], asked.shown()[0, :22])


def test_analysers_are_read_when_they_say_something_new(model):
    fleet = plants(model)
    fleet.go_on(60)
    fleet.readings()
    fleet.go_on(60)
    assert not any(reading.name.startswith("AI") for reading in fleet.readings()[0])
    fleet.go_on(360)
    told = {reading.name[:6] for reading in fleet.readings()[0]}
    assert {"AI-223", "AI-224"} <= told


def test_a_trip_leaves_nothing_to_tell(model):
    fleet = plants(model)
    fleet._models[0]._trip = "too hot"  # a real one takes eight hours
    assert np.isnan(fleet.truth()).all()


def test_a_whole_trial_in_small(model):
    plan = EstimatePlan(
        unknowns=(Unknown(name="reactor_water_temperature", spread=1.0, walk=0.3),),
        instruments=(Instrument(name="TIC-209.PV", noise=0.3), Instrument(name="TI-221.PV", noise=0.4)),
        members=3,
    )
    trial = Trial(model=model, plan=plan, every_s=60, watched_s=300, judged_s=120, changes=(), horizons_s=(600,))
    course = run(trial, plants(model, (8, 13)), lambda line: None)
    place = trial.names.index("TIC-209.PV")
    assert course.told["twin"][0, 0, place] == pytest.approx(course.true[0, 0, place], abs=1.0)
    assert np.isnan(course.squares[:, 1]).all()


def test_without_unseen_disturbances_the_model_is_the_simulated_plant_s(model):
    fleet, plain = plants(model), TennesseeEastmanModel(4)
    drift = KIND.make_drift(4)
    for second in range(120):
        if second % 60 == 0:
            drift(plain, float(second))
        plain.control(plain.measure())
        plain.advance()
    fleet.go_on(120)
    assert np.array_equal(fleet.settings()[0], plain.read_settings())
