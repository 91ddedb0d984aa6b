"""Searches behind one port: each finds the hill's top, keeps bounds, survives failed runs, and can be closed."""

import importlib.util
import threading

import numpy as np
import pytest

from tests.unit.metis.conftest import Hill
from twin.metis.errors import MissingSearchError, OptimisationError
from twin.metis.evaluation import Evaluation, Outcome
from twin.metis.searches import sampling
from twin.metis.searches.calling_search import CallingSearch
from twin.metis.searches.chosen import KEYS, choose_search
from twin.metis.study import run_study

NEEDS = {"gp": "torch"}
# Within how much of the top, 100 kW, each is after so many runs.
ACCURACY = {"derivatives": (15, 1e-5), "quadratic": (25, 1e-2), "tpe": (60, 4.0), "gp": (10, 4.0), "cma-es": (60, 4.0)}


@pytest.fixture(params=[pytest.param(key, marks=pytest.mark.slow if key == "gp" else ()) for key in KEYS])
def any_key(request):
    return installed(request.param)


# A Gaussian process takes seconds for each point, so only that it finds the top is tried.
@pytest.fixture(params=[key for key in KEYS if key != "gp"])
def key(request):
    return installed(request.param)


def installed(key):
    package = NEEDS.get(key)
    if package and importlib.util.find_spec(package) is None:
        pytest.skip(f"{key} needs the package {package}, which is not installed")
    return key


def searched(pose, key, *, budget=None, seed=1, **entry):
    hill, problem = Hill(), pose(**entry)
    evaluation = Evaluation(hill, hill.start(), problem)
    runs = budget or ACCURACY[key][0]
    start = problem.point({"A.SP": 50.0, "B.SP": 2.0})
    search = choose_search(problem, evaluation, start, budget=runs, seed=seed, wish=key)
    return run_study(problem, evaluation, search, runs), hill


def test_it_finds_the_top_from_the_present_settings(pose, any_key):
    key = any_key
    study, hill = searched(pose, key)

    assert study.best.outcome.value == pytest.approx(100.0, abs=ACCURACY[key][1])
    assert study.trials[0].settings == pytest.approx({"A.SP": 50.0, "B.SP": 2.0})
    assert hill.runs == len(study.trials) <= ACCURACY[key][0]


def test_the_best_keeps_the_bounds(pose, key):
    study, _ = searched(pose, key, bounds=[{"value": "[A.PV]", "unit": "degC", "high": 56}])

    # At 56 degC four degrees are missing, which cost 4 kW.
    assert study.best.outcome.violation <= 1e-6
    assert study.best.outcome.value == pytest.approx(96.0, abs=max(0.01, 2 * ACCURACY[key][1]))


def test_failed_runs_are_stepped_over(pose, key):
    wide = [{"tag": "A.SP", "low": 40, "high": 99}, {"tag": "B.SP", "low": 1, "high": 5}]
    study, _ = searched(pose, key, adjustable=wide, budget=60)

    assert study.best.outcome.value > 90.0


def test_the_same_seed_asks_the_same(pose, key):
    first, second = (searched(pose, key, budget=12)[0] for _ in range(2))

    assert [trial.settings for trial in first.trials] == [trial.settings for trial in second.trials]


def test_minimising_looks_for_the_bottom(pose):
    study, _ = searched(pose, "derivatives", goal={"value": "0 - [H.PV]", "unit": "kW", "aim": "minimise"})

    assert study.best.outcome.value == pytest.approx(-100.0, abs=1e-5)


@pytest.mark.parametrize("key", ["derivatives", "quadratic"])
def test_a_study_that_ends_early_leaves_no_thread_behind(pose, key):
    before = threading.active_count()

    study, _ = searched(pose, key, budget=3)

    assert (study.ended, len(study.trials)) == ("runs spent", 3)
    assert threading.active_count() == before


def test_what_a_solver_raises_reaches_who_asks():
    def solver(call):
        call(np.zeros(1))
        raise ZeroDivisionError

    search = CallingSearch("broken", solver, wants_slopes=False)
    assert search.ask() is not None
    search.tell(Outcome(0.0, 0.0, np.zeros(0)))

    with pytest.raises(ZeroDivisionError):
        search.ask()
    assert search.ask() is None


def test_a_search_that_cannot_be_is_named_with_the_remedy(pose, monkeypatch):
    blind, problem = Hill(gradients=False), pose()
    evaluation = Evaluation(blind, blind.start(), problem)

    def choose(wish):
        return choose_search(problem, evaluation, np.array([0.5, 0.5]), budget=5, seed=1, wish=wish)

    with pytest.raises(OptimisationError, match="use the search 'quadratic'"):
        choose("derivatives")
    with pytest.raises(OptimisationError, match="use one of derivatives"):
        choose("guess")
    monkeypatch.setattr(sampling, "find_spec", lambda name: None)
    with pytest.raises(MissingSearchError, match="needs the package 'torch'"):
        choose("gp")
    assert choose(None).method == "search by quadratic models"
