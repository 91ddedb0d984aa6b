"""The update's arithmetic against the Kalman filter's equations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.estimation.ensemble_update import Comparison, inflated, relaxed, stochastic_update, transform_update


def case(seed, states, readings, members):
    """An ensemble, what it predicts linearly, readings and their noise."""
    rng = np.random.default_rng(seed)
    ensemble = rng.normal(size=(members, states)) @ rng.normal(size=(states, states)) + rng.normal(size=states)
    observe = rng.normal(size=(readings, states))
    noise = rng.uniform(0.1, 3.0, readings)
    return ensemble, ensemble @ observe.T, observe @ rng.normal(size=states), noise, observe


def kalman(mean, covariance, observe, readings, noise):
    innovation = observe @ covariance @ observe.T + np.diag(noise**2)
    gain = covariance @ observe.T @ np.linalg.inv(innovation)
    return mean + gain @ (readings - observe @ mean), covariance - gain @ observe @ covariance


sizes = {
    "seed": st.integers(0, 10**6),
    "states": st.integers(1, 6),
    "readings": st.integers(1, 9),
    "members": st.integers(3, 12),
}


@given(**sizes)
def test_the_transform_is_the_kalman_filter_on_the_ensembles_own_moments(seed, states, readings, members):
    """Also with fewer members than states: the sample covariance then has a lower rank, but the equations hold."""
    ensemble, predicted, told, noise, observe = case(seed, states, readings, members)
    after = transform_update(ensemble, Comparison.of(predicted, told, noise))
    covariance = np.atleast_2d(np.cov(ensemble.T))
    mean, left = kalman(ensemble.mean(axis=0), covariance, observe, told, noise)
    scale = np.sqrt(np.trace(covariance))
    np.testing.assert_allclose(after.mean(axis=0), mean, rtol=1e-7, atol=1e-7 * scale)
    np.testing.assert_allclose(np.atleast_2d(np.cov(after.T)), left, rtol=1e-6, atol=1e-7 * scale**2)


@given(**sizes)
def test_readings_may_come_at_once_or_one_by_one(seed, states, readings, members):
    ensemble, predicted, told, noise, _ = case(seed, states, readings, members)
    together = np.concatenate([ensemble, predicted], axis=1)
    once = transform_update(together, Comparison.of(predicted, told, noise))
    each = together
    for k in range(readings):
        seen = each[:, states + k : states + k + 1]
        each = transform_update(each, Comparison.of(seen, told[k : k + 1], noise[k : k + 1]))
    scale = np.abs(together).max()
    np.testing.assert_allclose(each.mean(axis=0), once.mean(axis=0), atol=1e-7 * scale)
    np.testing.assert_allclose(np.cov(each.T), np.cov(once.T), atol=1e-7 * scale**2)


def test_perturbed_readings_tend_to_the_kalman_filter_as_members_grow():
    ensemble, predicted, told, noise, observe = case(4, 4, 3, 200_000)
    draws = np.random.default_rng(5).standard_normal((200_000, 3))
    after = stochastic_update(ensemble, Comparison.of(predicted, told, noise), draws)
    mean, left = kalman(ensemble.mean(axis=0), np.cov(ensemble.T), observe, told, noise)
    np.testing.assert_allclose(after.mean(axis=0), mean, atol=1e-9)
    np.testing.assert_allclose(np.cov(after.T), left, atol=0.02 * np.abs(left).max())


def test_a_reading_of_huge_noise_changes_nothing_and_a_sharp_one_is_believed():
    ensemble, predicted, told, _, _ = case(1, 3, 1, 20)
    blurred = transform_update(ensemble, Comparison.of(predicted, told, np.array([1e9])))
    np.testing.assert_allclose(blurred, ensemble, atol=1e-6)
    sharp = transform_update(predicted, Comparison.of(predicted, told, np.array([1e-6])))
    np.testing.assert_allclose(sharp, np.broadcast_to(told, sharp.shape), atol=1e-4)


@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("tags", [1, 8])
def test_the_normalised_square_is_on_average_the_number_of_readings(spread, tags):
    """Over the draws of truth, noise and a small ensemble, whether the spread or the noise dominates."""
    rng, squares = np.random.default_rng(tags), []
    for _ in range(4000):
        predicted = spread * rng.normal(size=(25, tags))
        # The truth is one more draw of the same; its distance from a mean of 25 is a little larger than the spread.
        told = spread * rng.normal(size=tags) / np.sqrt(1 + 1 / 25) + rng.normal(size=tags)
        squares.append(Comparison.of(predicted, told + predicted.mean(axis=0), np.ones(tags)).square)
    assert np.mean(squares) == pytest.approx(tags, rel=0.1)


def test_standardised_innovations_count_spread_and_noise():
    predicted = np.array([[-1.0], [0.0], [1.0]])
    compared = Comparison.of(predicted, np.array([4.0]), np.array([np.sqrt(3.0)]))
    assert compared.standardised == pytest.approx([2.0])


@given(seed=st.integers(0, 1000), factor=st.floats(1.0, 2.0), share=st.floats(0.0, 0.99))
def test_inflation_and_relaxation_move_spreads_and_no_mean(seed, factor, share):
    before, predicted, told, noise, _ = case(seed, 3, 2, 10)
    after = transform_update(before, Comparison.of(predicted, told, noise))
    wide, back = inflated(before, factor), relaxed(after, before, share)
    np.testing.assert_allclose(wide.std(axis=0), factor * before.std(axis=0))
    np.testing.assert_allclose(
        back.std(axis=0), share * before.std(axis=0) + (1 - share) * after.std(axis=0), rtol=1e-9
    )
    np.testing.assert_allclose(wide.mean(axis=0), before.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(back.mean(axis=0), after.mean(axis=0), atol=1e-9)


def test_a_column_without_spread_stays_when_relaxed():
    flat = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    np.testing.assert_array_equal(relaxed(flat, flat, 0.5), flat)
