"""Published errors on Lorenz's 40 variables, all read with noise 1 every 0.05 units of time.

P. Sakov, P. R. Oke, A deterministic formulation of the ensemble Kalman filter, Tellus A 60 (2008) 361-371, table 1 and
the filters compared there: about 0.18 for square-root filters from 25 members on, 0.22 for perturbed readings with 40.
"""

import numpy as np
import pytest

from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.plan import EstimatePlan, Instrument, Unknown

STEPS, SPIN_UP = 600, 150


@pytest.mark.parametrize(
    ("method", "members", "inflation", "published"), [("transform", 28, 1.02, 0.18), ("stochastic", 40, 1.06, 0.22)]
)
def test_the_error_is_the_published_one(lorenz96, method, members, inflation, published):
    estimator = EnsembleFilter(
        lorenz96,
        EstimatePlan(
            unknowns=tuple(Unknown(name=f"x{i}", spread=1.0) for i in range(40)),
            instruments=tuple(Instrument(name=f"y{i}", noise=1.0) for i in range(40)),
            members=members,
            method=method,
            inflation=inflation,
        ),
    )
    rng = np.random.default_rng(96)
    truth = rng.normal(size=40)
    for _ in range(200):
        truth = lorenz96.after(truth)
    estimate = estimator.start(lorenz96.single(truth + rng.normal(size=40)), 0, 1)
    errors = []
    for now in range(1, STEPS + 1):
        truth = lorenz96.after(truth)
        told = [Measured(f"y{i}", now, value) for i, value in enumerate((truth + rng.normal(size=40)).tolist())]
        estimate = estimator.assimilate(estimator.advance(estimate, {}, 1, (2, now)), told, (3, now))
        errors.append(np.sqrt(np.mean((estimate.ensemble.states.mean(axis=0) - truth) ** 2)))
    assert np.mean(errors[SPIN_UP:]) == pytest.approx(published, abs=0.02)
    assert estimator.verdict(estimate).explains
