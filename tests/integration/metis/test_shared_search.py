"""Several processes share a search through PostgreSQL: each knows what the others found, and no run is done twice."""

import multiprocessing

import numpy as np
import psycopg
import pytest

from tests.unit.metis.conftest import Hill, optimisation
from twin.metis.evaluation import Evaluation
from twin.metis.problem import Problem
from twin.metis.searches.sampling import SamplingSearch
from twin.metis.study import run_study

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of Optuna's own tables
RUNS = 20
START = np.array([0.25, 0.33])


def work(address, seed):
    """One worker: runs its share, and gives back the settings it ran."""
    hill, problem = Hill(), Problem.of(optimisation(), Hill().declaration)
    search = SamplingSearch("tpe", START, seed=seed, storage=address, name="hill")
    study = run_study(problem, Evaluation(hill, hill.start(), problem), search, RUNS)
    return [tuple(trial.settings.values()) for trial in study.trials], study.best.outcome.value


def test_two_workers_climb_together(scratch_database):
    import optuna

    with psycopg.connect(scratch_database.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE searches")
    address = scratch_database.url.rpartition("/")[0] + "/searches"
    SamplingSearch("tpe", START, seed=1, storage=address, name="hill").close()

    with multiprocessing.get_context("spawn").Pool(2) as workers:
        (first, _), (second, _) = workers.starmap(work, [(address, 2), (address, 3)])

    shared = optuna.load_study(
        study_name="hill", storage=address.replace("postgresql:", "postgresql+psycopg:"), sampler=None
    )
    assert [trial.state.name for trial in shared.trials] == ["COMPLETE"] * 2 * RUNS
    assert len({*first, *second}) == 2 * RUNS
    assert -shared.best_value > 95.0
