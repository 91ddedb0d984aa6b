"""Trends and standing differences: what the filter finds of them beside a plant that has both."""

import numpy as np
import pytest

from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.errors import EstimatePlanError
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.estimation.stored_estimate import pack, unpack

MINUTE_S = 60
RATE = 1.2
"""Of the parameter, per hour."""


def plan(lasting_s, averaged=0, **changes):
    unknown = Unknown(**({"name": "p0", "spread": 0.5, "walk": 1.0, "lasting_s": lasting_s} | changes))
    return EstimatePlan(unknowns=(unknown,), instruments=(Instrument(name="y0", noise=0.05, averaged=averaged),))


@pytest.fixture
def model(linear_model):
    """Shows the parameter as it is."""
    return linear_model(0.0, [[1.0]], [[0.0]], d=[[1.0]])


def beside(model, asked, difference=0.0, minutes=180):
    """The estimate beside a plant whose parameter rises, and whose instrument may show something else."""
    estimator, rng = EnsembleFilter(model, asked), np.random.default_rng(3)
    estimate = estimator.start(model.single([0.0], [0.0]), 0, 1)
    for minute in range(1, minutes + 1):
        now = minute * MINUTE_S
        estimate = estimator.advance(estimate, {}, MINUTE_S, (1, now))
        shown = RATE * now / 3600 + difference + 0.05 * rng.normal()
        estimate = estimator.assimilate(estimate, [Measured("y0", now, shown)], (2, now))
    return estimator, estimate


def test_the_rate_of_a_parameter_that_keeps_its_direction_is_found(model):
    estimator, estimate = beside(model, plan(6 * 3600.0))
    rates = estimator.outlook(estimate).rates["p0"]
    assert rates.shape == (50,)
    assert rates.mean() == pytest.approx(RATE, abs=3 * rates.std())
    assert rates.std() < 0.3
    assert estimator.unknowns(estimate)["p0"].mean == pytest.approx(3 * RATE, abs=0.1)


def test_without_a_trend_no_rate_is_kept(model):
    estimator, estimate = beside(model, plan(0.0), minutes=3)
    assert estimate.rates.shape == (50, 0)
    assert estimator.outlook(estimate).rates == {}


def test_rates_spread_as_the_walk_says_where_nothing_tells_of_them(model):
    estimator = EnsembleFilter(model, plan(1800.0))
    estimate = estimator.start(model.single([0.0], [0.0]), 0, 1)
    spreads = []
    for now in range(600, 8 * 3600, 600):
        estimate = estimator.advance(estimate, {}, 600, (1, now))
        spreads.append(estimate.rates.std(ddof=1))
    assert np.mean(spreads) == pytest.approx(1.0, rel=0.1)


def test_a_standing_difference_is_averaged_and_nothing_else_takes_it_for_its_own(linear_model):
    deaf = linear_model(0.0, [[1.0]], [[0.0]], d=[[0.0]])
    asked = plan(0.0, averaged=20)
    estimator, estimate = EnsembleFilter(deaf, asked), None
    estimate = estimator.start(deaf.single([0.0], [0.0]), 0, 1)
    rng = np.random.default_rng(5)
    for minute in range(1, 121):
        now = minute * MINUTE_S
        estimate = estimator.advance(estimate, {}, MINUTE_S, (1, now))
        told = Measured("y0", now, 0.2 + 0.05 * rng.normal())
        estimate = estimator.assimilate(estimate, [told], (2, now))
    assert estimator.outlook(estimate).offsets["y0"] == pytest.approx(0.2, abs=0.03)
    none = beside(deaf, plan(0.0), 0.2, 3)
    assert none[0].outlook(none[1]).offsets == {}


def test_what_goes_on_from_bytes_goes_on_bit_for_bit(model):
    estimator, estimate = beside(model, plan(3600.0, averaged=5), minutes=20)
    again = unpack(pack(estimate, estimator), estimator)
    for one in (estimate, again):
        assert one.rates.shape == (50, 1)
    pair = [estimator.advance(one, {}, MINUTE_S, 9) for one in (estimate, again)]
    assert np.array_equal(pair[0].rates, pair[1].rates)
    assert np.array_equal(pair[0].offsets, pair[1].offsets)
    assert pair[0].offsets[0] != 0.0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda: plan(-1.0), "p0: a trend that lasts -1.0 s"),
        (lambda: plan(0.0, averaged=-1), "averaged over -1"),
    ],
)
def test_plans_that_make_no_sense_are_refused(asked, told):
    with pytest.raises(EstimatePlanError, match=told):
        asked()


def test_a_state_has_no_trend_because_the_model_moves_it(model):
    with pytest.raises(EstimatePlanError, match="x0 is a state"):
        EnsembleFilter(model, plan(60.0, name="x0"))
