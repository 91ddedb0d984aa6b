"""Drift: slow, two-sided, without memory, of the size announced."""

import numpy as np
import pytest

from connectors.simulated import drift
from connectors.simulated.drift import Wander, sawtooth
from twin.matrix.williams_otto.model import WilliamsOttoModel

HOUR = 3600.0


def test_wandering_begins_at_zero_and_keeps_its_deviation() -> None:
    paths = np.array(
        [[Wander(2.0, 7200.0, (seed, 0)).at(t) for t in np.arange(0, 400 * HOUR, HOUR)] for seed in range(20)]
    )
    assert np.abs(paths[:, 0]).max() < 1e-12
    assert paths[:, 2:].std() == pytest.approx(2.0, rel=0.15)
    assert abs(paths[:, 2:].mean()) < 0.3


def test_wandering_is_slow() -> None:
    wander = Wander(1.0, 7200.0, (1, 0))
    path = np.array([wander.at(t) for t in np.arange(2 * HOUR, 50 * HOUR, 60.0)])
    assert np.abs(np.diff(path)).max() < 0.05


def test_loss_grows_and_is_made_good() -> None:
    day = 24 * HOUR
    assert [sawtooth(t * day, 0.3, 3.0) for t in (0.0, 1.0, 3.0, 4.0, 6.0)] == pytest.approx([0.0, 0.1, 0.3, 0.2, 0.0])


def test_reactor_ages_without_the_twin_being_told() -> None:
    model = WilliamsOttoModel()
    apply = drift.williams_otto(1)
    apply(model, 0.0)
    assert model.surroundings.activity == pytest.approx(1.0)
    assert model.surroundings.transfer_kw_k == pytest.approx(12.0)
    apply(model, 24 * HOUR)
    assert model.surroundings.transfer_kw_k == pytest.approx(12.0 * 0.9)
    assert model.surroundings.activity != pytest.approx(1.0, abs=1e-4)
    assert 0.9 < model.surroundings.purity_a <= 1.0
