"""The filter on the Tennessee Eastman equations, whose reactor runs away unless it is held: 50 states, 22 tags."""

import numpy as np
import pytest

pytest.importorskip("tep_studio.simulation.native", reason="the extra 'tep' is not installed")

from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.observability import answers, observability
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.tennessee_eastman.adapter import TennesseeEastmanProcess
from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel

STEP_S = 60
SPREADS = {"reactor_water_temperature": 1.5, "condenser_water_temperature": 1.5, "reaction_factor_2": 0.05}
TRUE = {"reactor_water_temperature": 37.0, "condenser_water_temperature": 38.5, "reaction_factor_2": 1.04}


@pytest.fixture(scope="module")
def model():
    return TennesseeEastmanProcess()


@pytest.fixture(scope="module")
def base(model):
    return model.adopt(TennesseeEastmanModel().snapshot(), 1)


@pytest.fixture(scope="module")
def tags(model):
    """What is measured in place, with three thousandths of its range as noise."""
    return tuple(
        Instrument(name=row.name, noise=0.003 * (row.high - row.low)) for row in model.declaration.outputs[:22]
    )


def plan(tags, **spreads):
    unknowns = tuple(Unknown(name=name, spread=spread, walk=0.2 * spread) for name, spread in spreads.items())
    return EstimatePlan(unknowns=unknowns, instruments=tags, members=20)


def test_what_acts_on_the_plant_unseen_is_found(model, base, tags):
    parameters = base.parameters.copy()
    for name, value in TRUE.items():
        parameters[0, model.declaration.parameter_index[name]] = value
    truth, rng = base.with_parameters(parameters), np.random.default_rng(4)
    valves = {name: at for name, at in model.declaration.input_index.items() if name.endswith(".OP")}
    estimator = EnsembleFilter(model, plan(tags, **SPREADS))
    estimate = estimator.start(base, 0, 1)
    for now in range(STEP_S, 25 * STEP_S, STEP_S):
        seen = [truth.inputs[0]]
        for _ in range(6):
            truth = model.step(truth, STEP_S / 6)
            seen.append(truth.inputs[0])
        mean = np.mean(seen, axis=0)
        estimate = estimator.advance(estimate, {name: float(mean[at]) for name, at in valves.items()}, STEP_S, (1, now))
        shown = model.outputs(truth)[0]
        told = [Measured(tag.name, now, shown[at] + tag.noise * rng.normal()) for at, tag in enumerate(tags)]
        estimate = estimator.assimilate(estimate, told, (2, now))
    found = estimator.unknowns(estimate)
    for name, spread in SPREADS.items():
        assert found[name].spread < spread / 3
        assert found[name].mean == pytest.approx(TRUE[name], abs=4 * found[name].spread)
    states = estimate.ensemble.states.mean(axis=0)
    assert np.median(np.abs(states / truth.states[0] - 1)) < 0.005


def test_within_a_quarter_of_an_hour_five_of_eight_can_be_told(model, base, tags):
    """As a filter had shown beforehand, the first reaction's factor and the inert are not among them."""
    asked = plan(
        tags,
        **SPREADS,
        feed_ac_share_a=0.01,
        feed_ac_temperature=2.0,
        feed_d_temperature=2.0,
        reaction_factor_1=0.05,
        feed_ac_share_b=0.001,
    )
    report = observability(asked, answers(model, asked, base, (300, 600, 900)))
    assert report.told == (*SPREADS, "feed_ac_share_a", "feed_ac_temperature")
    refused = {one.name: one.confused_with for one in report.refused}
    assert refused["reaction_factor_1"] == ("reaction_factor_2",)
    assert refused["feed_ac_share_b"] == ()
