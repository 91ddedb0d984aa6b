"""A whole trial in small: two reactors watched for minutes, asked, changed, and seen ten minutes later."""

import numpy as np
import pytest

from connectors.simulated.plant_kinds import KINDS
from stream.bench.truth_fleet import Surprises
from stream.bench.truth_plants import part
from stream.bench.truth_reactors import Reactors
from stream.bench.truth_trial import MONEY, Trial, run
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.scenario import Change
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess

KIND = KINDS["williams-otto"]
SURPRISES = Surprises(make_drift=KIND.make_drift, deviations=KIND.deviations)


@pytest.fixture(scope="module")
def trial():
    return Trial(
        model=WilliamsOttoProcess(),
        plan=EstimatePlan(
            unknowns=(Unknown(name="activity", spread=0.03, walk=0.03, lasting_s=3600.0),),
            instruments=(
                Instrument(name="TIC-101.PV", noise=0.05),
                Instrument(name="AI-101P.PV", noise=0.08, delay_s=300, averaged=5),
            ),
            members=5,
        ),
        every_s=60,
        watched_s=900,
        judged_s=300,
        changes=(Change(name="TIC-101.SP", value=85.0, unit="degC"),),
        horizons_s=(600,),
        money=lambda values: 10.0 * values["AI-101P.PV"],
        open_loop=True,
    )


@pytest.fixture(scope="module")
def course(trial):
    return run(trial, Reactors((1, 2), SURPRISES), lambda line: None)


def test_the_change_is_made_in_the_plants_and_foretold(trial, course):
    temperature = trial.names.index("TIC-101.PV")
    assert course.true[:, 0, temperature] == pytest.approx(85.0, abs=1.0)
    assert course.told["twin"][:, 0, temperature] == pytest.approx(85.0, abs=1.0)
    assert course.told["uncorrected"][:, 0, temperature] == pytest.approx(85.0, abs=1.0)
    assert course.told["persistence"][:, 0, temperature] == pytest.approx(80.0, abs=0.5)


def test_rivals_begin_from_the_readings_before_the_change(trial, course):
    setpoint = trial.names.index("TIC-101.SP")
    assert np.all(course.told["persistence"][:, 0, setpoint] == 80.0)
    assert np.all(course.told["twin"][:, 0, setpoint] == 85.0)


def test_money_is_told_like_an_output(trial, course):
    product, money = trial.names.index("AI-101P.PV"), trial.names.index(MONEY)
    assert course.true[..., money] == pytest.approx(10.0 * course.true[..., product])
    assert course.misses.shape == (2, 1, len(trial.names))


def test_the_parts_of_a_course_are_its_plants(course):
    second = part(course, slice(1, None))
    assert len(second.true) == len(second.squares) == len(second.explained) == 1
    assert np.array_equal(second.told["twin"][0], course.told["twin"][1])


def test_estimates_and_open_loop_model_are_both_judged(trial, course):
    assert course.squares.shape == (2, 2, len(trial.model.declaration.outputs))
    assert np.all(np.isfinite(course.squares))
