"""The filter beside a plant whose answer is known: exact Kalman filter, late results, parameters, bad readings."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality import BAD_SENSOR_FAILURE, GOOD_LOCAL_OVERRIDE, UNCERTAIN
from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.errors import EstimatePlanError, EstimationError, StoredEstimateError
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.estimation.stored_estimate import pack, unpack

A = np.array([[0.9, 0.2], [-0.1, 0.95]])
B = np.array([[0.0], [0.3]])
H = np.array([[1.0, 0.0], [0.5, 1.0]])
NOISE = np.array([0.5, 0.8])
WALK = 0.05
"""Of the parameter in a second."""


def plan(**changes):
    asked = {
        "unknowns": (
            Unknown(name="x0", spread=2.0),
            Unknown(name="x1", spread=1.0),
            Unknown(name="p0", spread=0.7, walk=WALK * 60),
        ),
        "instruments": (Instrument(name="y0", noise=0.5), Instrument(name="y1", noise=0.8, delay_s=4)),
        "members": 30,
        "gate": inf,
    }
    return EstimatePlan(**(asked | changes))


@pytest.fixture
def model(linear_model):
    return linear_model(A, B, H)


@pytest.fixture
def estimator(model):
    return EnsembleFilter(model, plan())


def begun(estimator, seed=1):
    return estimator.start(estimator.model.single([1.0, -1.0], [0.5]), 0, seed)


def readings(seed, steps):
    """Per second what y0 says now, and what y1 says of three seconds ago."""
    rng = np.random.default_rng(seed)
    for now in range(1, steps + 1):
        told = [Measured("y0", now, float(rng.normal()))]
        if now > 3:
            told.append(Measured("y1", now - 3, float(rng.normal())))
        yield now, told


class ExactKalman:
    """The Kalman filter of the same system over the vector (x now, p, x of each of the last three seconds)."""

    def __init__(self, mean, covariance):
        self.mean, self.cov = np.concatenate([mean, *[mean[:2]] * 3]), None
        lift = np.concatenate([np.eye(3), *[np.eye(3)[:2]] * 3])
        self.cov = lift @ covariance @ lift.T

    def advance(self, setting, walk):
        step = np.zeros((9, 9))
        step[:2, :2], step[:2, 2:3], step[2, 2] = A, B, 1.0
        step[3:5, :2], step[5:9, 3:7] = np.eye(2), np.eye(4)
        self.mean = step @ self.mean
        self.mean[:2] += setting
        self.cov = step @ self.cov @ step.T
        self.cov[2, 2] += walk**2

    def correct(self, told, now):
        for reading in told:
            row, at = np.zeros(9), 3 + 2 * (now - reading.time_s - 1)
            place = int(reading.name[1])
            row[slice(0, 2) if now == reading.time_s else slice(at, at + 2)] = H[place]
            gain = self.cov @ row / (row @ self.cov @ row + NOISE[place] ** 2)
            self.mean = self.mean + gain * (reading.value - row @ self.mean)
            self.cov = self.cov - np.outer(gain, row @ self.cov)


def moments(estimate):
    columns = np.concatenate([estimate.ensemble.states, estimate.ensemble.parameters], axis=1)
    return columns.mean(axis=0), np.cov(columns.T)


def follow(estimator, estimate, steps, seed=3, walks=WALK):
    exact = ExactKalman(*moments(estimate))
    for now, told in readings(seed, steps):
        setting = 0.1 * now
        estimate = estimator.assimilate(estimator.advance(estimate, {"u0": setting}, 1, (7, now)), told, (8, now))
        exact.advance(setting, walks)
        exact.correct(told, now)
    return estimate, exact


@given(seed=st.integers(0, 10**6), members=st.integers(4, 20))
def test_without_walks_the_filter_is_the_exact_kalman_filter_late_results_included(linear_model, seed, members):
    """From its own first moments on, for any number of members: the transform draws nothing."""
    still = tuple(replace(row, walk=0.0) for row in plan().unknowns)
    estimator = EnsembleFilter(linear_model(A, B, H), plan(unknowns=still, members=members))
    estimate, exact = follow(estimator, begun(estimator, seed), 12, seed, walks=0.0)
    mean, covariance = moments(estimate)
    np.testing.assert_allclose(mean, exact.mean[:3], atol=1e-8)
    np.testing.assert_allclose(covariance, exact.cov[:3, :3], atol=1e-8)


@pytest.mark.parametrize("method", ["transform", "stochastic"])
def test_with_walks_a_large_ensemble_tends_to_the_exact_kalman_filter(model, method):
    estimator = EnsembleFilter(model, plan(members=20_000, method=method))
    estimate, exact = follow(estimator, begun(estimator), 30)
    mean, covariance = moments(estimate)
    np.testing.assert_allclose(mean, exact.mean[:3], atol=0.05)
    np.testing.assert_allclose(covariance, exact.cov[:3, :3], atol=0.03 * exact.cov.max())


def watched(estimator, truth, seconds, seed=2):
    """Run the estimator beside a plant of its own kind, read with the plan's noise; y1 three seconds late."""
    rng, state = np.random.default_rng(seed), truth
    estimate, samples = begun(estimator), []
    for now in range(1, seconds + 1):
        state = estimator.model.step(estimator.model.follow(state, {"u0": np.sin(now)}), 1.0)
        samples.append(estimator.model.outputs(state)[0] + NOISE * rng.normal(size=2))
        told = [Measured("y0", now, samples[-1][0])]
        if now > 3:
            told.append(Measured("y1", now - 3, samples[-4][1]))
        estimate = estimator.advance(estimate, {"u0": np.sin(now)}, 1, (7, now))
        estimate = estimator.assimilate(estimate, told, (8, now))
    return estimate, state


def test_an_unknown_parameter_is_found_with_a_spread_that_tells_how_well(model):
    still = plan(unknowns=(Unknown(name="x0", spread=2.0), Unknown(name="p0", spread=2.0)))
    estimate, truth = watched(EnsembleFilter(model, still), model.single([3.0, 1.0], [-1.2]), 120)
    found = EnsembleFilter(model, still).unknowns(estimate)
    assert found["p0"].spread < 0.1
    assert found["p0"].mean == pytest.approx(-1.2, abs=3 * found["p0"].spread)
    assert found["x0"].mean == pytest.approx(truth.states[0, 0], abs=4 * found["x0"].spread)


def test_a_model_that_is_right_explains_the_plant_and_one_that_is_not_is_told_with_the_tag(model, linear_model):
    estimator = EnsembleFilter(model, plan())
    estimate, _ = watched(estimator, model.single([3.0, 1.0], [-1.2]), 240)
    verdict = estimator.verdict(estimate)
    assert verdict.explains
    assert not verdict.learning
    assert verdict.ratio == pytest.approx(1.0, abs=0.2)
    blind = EnsembleFilter(model, plan(unknowns=(Unknown(name="x0", spread=2.0), Unknown(name="x1", spread=1.0))))
    estimate, _ = watched(blind, model.single([3.0, 1.0], [-1.2]), 240)
    verdict = blind.verdict(estimate)
    assert not verdict.explains
    assert verdict.unexplained[0] in {"y0", "y1"}
    assert "does not explain" in verdict.sentence
    assert blind.verdict(begun(blind)).learning


def test_the_same_seeds_give_the_same_bits_and_others_do_not(estimator):
    first, _ = follow(estimator, begun(estimator), 9)
    again, _ = follow(estimator, begun(estimator), 9)
    other, _ = follow(estimator, begun(estimator, seed=2), 9)
    np.testing.assert_array_equal(first.ensemble.states, again.ensemble.states)
    np.testing.assert_array_equal(first.predicted, again.predicted)
    assert not np.array_equal(first.ensemble.states, other.ensemble.states)


@pytest.mark.parametrize("method", ["transform", "stochastic"])
def test_an_estimate_read_back_goes_on_bit_for_bit(model, method):
    estimator = EnsembleFilter(model, plan(method=method, inflation=1.05, relaxation=0.3))
    kept, _ = follow(estimator, begun(estimator), 9)
    back = unpack(pack(kept, estimator), EnsembleFilter(model, plan(method=method, inflation=1.05, relaxation=0.3)))
    ends = []
    for estimate in (kept, back):
        estimate = estimator.advance(estimate, {"u0": 1.0}, 1, 5)
        ends.append(estimator.assimilate(estimate, [Measured("y1", 7, 0.3), Measured("y0", 10, 0.1)], 6))
    assert pack(ends[0], estimator) == pack(ends[1], estimator)
    assert estimator.verdict(ends[0]) == estimator.verdict(ends[1])


def test_bytes_of_another_plan_or_of_nothing_are_refused(model, estimator):
    stored = pack(begun(estimator), estimator)
    with pytest.raises(StoredEstimateError, match="31 members.*begin a new estimate"):
        unpack(stored, EnsembleFilter(model, plan(members=31)))
    for wrong in (stored[:-5], b"", b"\x80", b"\x01"):
        with pytest.raises(StoredEstimateError, match="no estimate"):
            unpack(wrong, estimator)


@pytest.mark.parametrize(
    "reading",
    [
        Measured("y0", 9, np.nan),
        Measured("y0", 9, np.inf),
        Measured("y0", 9, 99.0, BAD_SENSOR_FAILURE),
        Measured("y0", 9, 99.0, UNCERTAIN),
        Measured("y0", 8, 99.0),
        Measured("y1", 4, 99.0),
    ],
)
def test_bad_doubtful_and_too_old_readings_are_left_out(estimator, reading):
    estimate, _ = follow(estimator, begun(estimator), 9)
    good = Measured("y1", 9, 0.4, GOOD_LOCAL_OVERRIDE)
    assert estimator.assimilate(estimate, [reading], 1) is estimate
    with_it, without = (estimator.assimilate(estimate, told, 1) for told in ([reading, good], [good]))
    np.testing.assert_array_equal(with_it.ensemble.states, without.ensemble.states)


@pytest.mark.parametrize("method", ["transform", "stochastic"])
def test_a_wild_reading_pulls_no_harder_than_one_at_the_gate(model, method):
    estimator = EnsembleFilter(model, plan(method=method, gate=5.0))
    estimate = begun(estimator)
    expected = estimator.outputs(estimate)["y0"]
    gate = expected.mean + 5.0 * np.hypot(expected.spread, 0.5)
    wild, at_gate = (
        estimator.assimilate(estimate, [Measured("y0", 0, value)], 1).ensemble.states for value in (1e9, gate)
    )
    np.testing.assert_allclose(wild, at_gate)
    near = Measured("y0", 0, expected.mean + 1.0)
    believing = EnsembleFilter(model, plan(method=method))
    held = [one.assimilate(estimate, [near], 1).ensemble.states for one in (estimator, believing)]
    np.testing.assert_array_equal(*held)


def test_a_late_result_of_a_time_between_two_steps_is_compared_with_the_nearer(estimator):
    estimate = begun(estimator)
    estimate = estimator.advance(estimator.advance(estimate, {}, 3, 1), {}, 1, 2)
    near, exact = (
        estimator.assimilate(estimate, [Measured("y1", time_s, 5.0)], 1).ensemble.states for time_s in (2, 3)
    )
    np.testing.assert_array_equal(near, exact)


def test_predictions_that_no_result_can_speak_of_are_forgotten(estimator):
    estimate, _ = follow(estimator, begun(estimator), 30)
    assert sorted(estimate.columns) == [(0, 30), *((1, time_s) for time_s in range(26, 31))]
    assert estimate.predicted.shape == (30, 6)


def test_states_and_parameters_stay_in_their_ranges(linear_model):
    bounded = linear_model(A, B, H, bound=0.6)
    estimator = EnsembleFilter(bounded, plan())
    estimate, _ = watched(estimator, bounded.single([3.0, 1.0], [0.6]), 40)
    assert np.abs(estimate.ensemble.parameters).max() <= 0.6


def test_outputs_are_told_measured_or_not(model):
    estimator = EnsembleFilter(model, plan(instruments=(Instrument(name="y0", noise=0.5),)))
    estimate, truth = watched(EnsembleFilter(model, plan()), model.single([3.0, 1.0], [0.1]), 60)
    told = estimator.outputs(replace(estimate, offsets=estimate.offsets[:1]))
    assert set(told) == {"y0", "y1"}
    assert told["y1"].mean == pytest.approx(model.outputs(truth)[0, 1], abs=4 * told["y1"].spread)


def test_what_was_given_is_never_changed(estimator):
    estimate = begun(estimator)
    before = pack(estimate, estimator)
    follow(estimator, estimate, 3)
    assert pack(estimate, estimator) == before


@pytest.mark.parametrize(
    ("reading", "said"),
    [(Measured("y7", 0, 1.0), "y7 is no instrument.*give one of y0, y1"), (Measured("y0", 1, 1.0), "advance the")],
)
def test_readings_of_unknown_tags_and_of_the_future_are_mistakes(estimator, reading, said):
    with pytest.raises(EstimationError, match=said):
        estimator.assimilate(begun(estimator), [reading], 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unknowns": (Unknown(name="q", spread=1.0),)}, "q is no parameter or state.*p0"),
        ({"unknowns": (Unknown(name="p0", spread=0.0),)}, "p0: spread 0.0 and walk 0.0"),
        ({"unknowns": (Unknown(name="p0", spread=1.0),) * 2}, "p0 is named twice"),
        ({"instruments": (Instrument(name="z", noise=1.0),)}, "z is no output.*y0, y1"),
        ({"instruments": (Instrument(name="y0", noise=0.0),)}, "y0: noise 0.0.*above 0"),
        ({"unknowns": ()}, "0 unknowns and 2 tags.*name one of each"),
        ({"members": 2}, "2 members.*3 members or more"),
        ({"relaxation": 1.0}, "relaxation 1.0"),
        ({"gate": 2.0}, "gate 2.0.*gate of 3 or more"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_by_name(model, changes, said):
    with pytest.raises(EstimatePlanError, match=said):
        EnsembleFilter(model, plan(**changes))


def test_a_model_that_cannot_be_stepped_is_refused(model):
    model.declaration = replace(model.declaration, capabilities=frozenset({"cancel"}))
    with pytest.raises(EstimatePlanError, match="cannot be stepped.*capabilities step and state"):
        EnsembleFilter(model, plan())
