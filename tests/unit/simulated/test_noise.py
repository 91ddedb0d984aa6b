"""Sensor noise: its size, its independence, and that it needs no memory."""

import numpy as np

from connectors.simulated.noise import SensorNoise


def test_noise_has_the_deviation_asked_for_and_no_bias_or_memory() -> None:
    noise = SensorNoise(1, (0.5, 2.0, 0.0))
    rows = np.array([noise.at(scan) for scan in range(20_000)])
    assert np.abs(rows[:, :2].std(axis=0) / (0.5, 2.0) - 1.0).max() < 0.03
    # Four standard errors of a mean of 20,000.
    assert np.abs(rows[:, :2].mean(axis=0) / (0.5, 2.0)).max() < 4 / np.sqrt(20_000)
    assert abs(np.corrcoef(rows[1:, 0], rows[:-1, 0])[0, 1]) < 0.03
    assert abs(np.corrcoef(rows[:, 0], rows[:, 1])[0, 1]) < 0.03
    assert not rows[:, 2].any()


def test_noise_of_a_scan_is_the_same_whatever_came_before() -> None:
    forward, jumped = SensorNoise(3, (1.0,)), SensorNoise(3, (1.0,))
    rows = [forward.at(scan) for scan in range(2000)]
    assert jumped.at(1999) == rows[1999]
    assert jumped.at(5) == rows[5]


def test_seeds_and_signals_differ() -> None:
    assert SensorNoise(1, (1.0,)).at(7) != SensorNoise(2, (1.0,)).at(7)
    first, second = SensorNoise(1, (1.0, 1.0)).at(7)
    assert first != second


def test_a_signals_noise_does_not_depend_on_the_others() -> None:
    assert SensorNoise(1, (1.0,)).at(9)[0] == SensorNoise(1, (1.0, 5.0)).at(9)[0]
