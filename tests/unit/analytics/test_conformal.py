"""Conformal bands: coverage, the published bound for any sequence, and a stream that ends where the batch does."""

from itertools import pairwise
from math import ceil, inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.conformal import (
    Calibration,
    PastForecasts,
    Recalibration,
    band_scores,
    calibrate,
    conformal_margin,
    learn,
    margins,
    widened,
)

numbers = st.floats(-1e6, 1e6)
histories = st.lists(numbers | st.just(np.nan), min_size=1, max_size=60)
coverages = st.floats(0.5, 0.99)


@given(scores=st.lists(numbers, min_size=1, max_size=60), percent=st.integers(50, 99))
def test_the_margin_is_the_order_statistic_of_the_theorem(scores, percent):
    k = ceil(percent * (len(scores) + 1) / 100)
    wanted = sorted(scores)[k - 1] if k <= len(scores) else inf
    assert conformal_margin(scores, percent / 100) == wanted


@given(scores=st.lists(numbers, min_size=1, max_size=20), times=st.lists(st.integers(0, 1), min_size=20, max_size=20))
def test_a_score_without_weight_or_value_is_no_score(scores, times):
    weights = np.array(times[: len(scores)], dtype=float)
    kept = [score for score, weight in zip(scores, weights, strict=True) if weight]
    holed = np.where(weights > 0, scores, np.nan)
    wanted = conformal_margin(kept, 0.8) if kept else inf
    assert conformal_margin(scores, 0.8, weights) == wanted
    assert conformal_margin(holed, 0.8) == wanted


def test_margins_of_a_whole_shape_are_those_of_each_element():
    scores = np.random.default_rng(3).normal(size=(40, 5, 3))
    coverage = np.linspace(0.5, 0.95, 3)
    together = conformal_margin(scores, coverage)
    alone = [[conformal_margin(scores[:, i, j], coverage[j]) for j in range(3)] for i in range(5)]
    assert together.shape == (5, 3)
    np.testing.assert_array_equal(together, alone)


@given(
    st.lists(st.tuples(numbers, st.floats(0, 100), numbers), min_size=1, max_size=20), coverages, st.floats(0.01, 100)
)
def test_a_band_holds_exactly_those_whose_score_is_at_most_the_margin(bands, coverage, scale):
    low, width, actual = np.array(bands).T
    high = low + width
    scores = band_scores(low, high, actual, scale)
    margin = conformal_margin(scores, coverage)
    if not np.isfinite(margin) or margin < 0:
        return
    lower, upper = widened(low, high, margin, scale)
    outside = np.maximum(lower - actual, actual - upper)
    slack = 1e-9 * (1 + np.abs(low) + np.abs(actual) + width)
    assert np.all((outside <= slack)[scores <= margin])
    assert np.all((outside > -slack)[scores > margin])


def test_a_margin_too_negative_leaves_the_middle_and_an_infinite_one_everything():
    assert widened(1.0, 3.0, -inf) == (2.0, 2.0)
    assert widened(1.0, 3.0, -0.5) == (1.5, 2.5)
    assert widened(1.0, 3.0, inf) == (-inf, inf)


@pytest.mark.parametrize("draw", ["standard_normal", "standard_cauchy", "standard_exponential"])
@pytest.mark.parametrize("calibration", [19, 40, 99])
def test_exchangeable_scores_are_covered_as_promised_and_hardly_more(draw, calibration):
    """Between 1 - alpha and 1 - alpha + 1/(n + 1), in the mean over calibration and test (Lei et al. 2018, thm. 2)."""
    draws = getattr(np.random.default_rng(11), draw)((calibration + 1, 40_000))
    forecast = 0.3 * getattr(np.random.default_rng(12), draw)(40_000)
    scores = band_scores(forecast - 0.5, forecast + 0.5, draws)
    margin = conformal_margin(scores[:-1], 0.9)
    held = np.mean(scores[-1] <= margin)
    # 40,000 trials have a standard deviation of 0.0015.
    assert 0.9 - 0.006 <= held <= 0.9 + 1 / (calibration + 1) + 0.006


def test_recent_scores_count_more_after_a_change():
    calm, wild = np.full(300, 1.0), np.full(60, 5.0)
    scores = np.concatenate([calm, wild])
    forgetful, _ = calibrate(scores, Recalibration(half_life=20, rate=0.0))
    steady, _ = calibrate(scores, Recalibration(coverage=0.8, rate=0.0))
    assert margins(forgetful, Recalibration(half_life=20, rate=0.0)) == 5.0
    assert margins(steady, Recalibration(coverage=0.8, rate=0.0)) == 1.0


@given(
    scores=st.lists(st.floats(-10, 10), min_size=1, max_size=120),
    coverage=coverages,
    rate=st.floats(0.01, 0.5),
    late=st.integers(0, 5),
)
def test_misses_stay_within_the_published_bound_for_any_sequence(scores, coverage, rate, late):
    """Gibbs and Candes 2021, proposition 4.1, in the form for scores that come `late` steps late."""
    how = Recalibration(coverage=coverage, window=7, rate=rate)
    state = Calibration.start((), how)
    promised = []
    for number in range(len(scores) + late):
        promised.append(margins(state, how))
        if number >= late:
            state = learn(state, np.float64(scores[number - late]), promised[number - late], how)
    share = state.missed / state.count
    assert abs(share - (1 - coverage)) <= (1 + (late + 1) * rate) / (len(scores) * rate) + 1e-9


def test_a_plant_that_changes_is_followed():
    """The errors grow tenfold half way: bands that adapt hold on as often as asked, fixed ones fail."""
    rng = np.random.default_rng(5)
    errors = np.abs(rng.normal(size=4000)) * np.where(np.arange(4000) < 2000, 1.0, 10.0)
    how = Recalibration(window=200, rate=0.01)
    state, promised = calibrate(errors, how)
    assert abs(float(state.covered) - 0.9) < 0.01
    assert abs(np.mean(errors[2300:] <= promised[2300:]) - 0.9) < 0.02
    assert np.mean(errors[2000:] <= conformal_margin(errors[:2000], 0.9)) < 0.5


@given(history=histories, coverage=coverages, window=st.integers(1, 30))
def test_without_adaptation_the_stream_is_split_conformal_on_its_window(history, coverage, window):
    how = Recalibration(coverage=coverage, window=window, rate=0.0)
    state, _ = calibrate(np.array(history), how)
    known = [score for score in history if not np.isnan(score)]
    assert state.count == len(known)
    assert margins(state, how) == (conformal_margin(known[-window:], coverage) if known else inf)


@given(history=histories, cut=st.integers(0, 60), half_life=st.sampled_from([3.0, inf]))
def test_a_stream_that_stops_and_goes_on_ends_where_the_batch_does(history, cut, half_life):
    how = Recalibration(coverage=0.8, window=9, rate=0.05, half_life=half_life)
    batch, promised = calibrate(np.array(history), how)
    state, _ = calibrate(np.array(history[:cut]), how)
    for number in range(min(cut, len(history)), len(history)):
        before = margins(state, how)
        np.testing.assert_array_equal(before, promised[number])
        state = learn(state, np.float64(history[number]), before, how)
    for field in ("scores", "count", "missed", "miss_level"):
        np.testing.assert_array_equal(getattr(state, field), getattr(batch, field))


@given(st.lists(st.lists(numbers | st.just(np.nan), min_size=3, max_size=3), min_size=1, max_size=30))
def test_elements_do_not_see_each_other(rows):
    how = Recalibration(coverage=0.7, window=5, rate=0.1, half_life=4.0)
    scores = np.array(rows)
    together, promised = calibrate(scores, how)
    for column in range(3):
        alone, promised_alone = calibrate(scores[:, column], how)
        np.testing.assert_array_equal(promised[:, column], promised_alone)
        np.testing.assert_array_equal(together.scores[:, column], alone.scores)


def test_learning_changes_nothing_that_it_was_given():
    how = Recalibration(window=3)
    state = Calibration.start((2,), how)
    before = state.scores.copy()
    after = learn(state, np.array([1.0, np.nan]), margins(state, how), how)
    np.testing.assert_array_equal(state.scores, before)
    assert after.count.tolist() == [1, 0]
    assert np.isnan(state.covered).all()


def test_every_horizon_of_a_stream_of_forecasts_gets_a_band_of_its_own():
    """A random walk forecast by its last value: the error of k steps grows as the root of k, and so do the bands."""
    steps, how = 4, Recalibration(coverage=0.9, window=2000, rate=0.0)
    walk = np.cumsum(np.random.default_rng(8).normal(size=2500))
    state, past = Calibration.start((steps, 1), how), PastForecasts.start(steps, (1,))
    ones = np.ones((steps, 1))
    for now, then in pairwise(walk):
        past = past.after(now * ones, now * ones, ones, margins(state, how))
        state = learn(state, *past.judged(np.array([then])), how)
    assert state.count[:, 0].tolist() == [2499, 2498, 2497, 2496]
    np.testing.assert_allclose(margins(state, how)[:, 0], 1.645 * np.sqrt([1, 2, 3, 4]), rtol=0.1)
    np.testing.assert_allclose(state.covered, 0.9, atol=0.03)


def test_a_forecast_that_was_not_made_is_not_judged():
    how, past = Recalibration(), PastForecasts.start(2, ())
    none, one = np.full(2, np.nan), np.ones(2)
    past = past.after(0 * one, 0 * one, one, np.array([3.0, 5.0])).after(none, none, none, none)
    scores, promised = past.judged(np.float64(4.0))
    np.testing.assert_array_equal(scores, [np.nan, 4.0])
    np.testing.assert_array_equal(promised, [np.nan, 5.0])
    state = learn(Calibration.start((2,), how), scores, promised, how)
    assert (state.count.tolist(), state.missed.tolist()) == ([0, 1], [0, 0])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"coverage": 1.0}, "coverage"),
        ({"window": 0}, "window"),
        ({"half_life": 0.0}, "half_life"),
        ({"rate": -1}, "rate"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_by_name(wrong, field):
    with pytest.raises(ValueError, match=f"{field} .*give"):
        Recalibration(**wrong)
