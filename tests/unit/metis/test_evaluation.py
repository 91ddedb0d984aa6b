"""Evaluations: values and bounds read from trajectories, exact slopes, and failed runs that are no bad values."""

import numpy as np
import pytest

from tests.unit.metis.conftest import LAG_S, Hill
from twin.matrix.errors import SimulationCancelledError
from twin.matrix.model_state import joined
from twin.metis.evaluation import Evaluation, figures

ALWAYS = {"value": "[A.PV]", "unit": "degC", "high": "65 degC", "when": "always"}


@pytest.mark.parametrize("over", ["end", "mean"])
@pytest.mark.parametrize("point", [(0.2, 0.9), (0.9, 0.1)])
def test_slopes_are_those_of_the_values(hill, pose, over, point):
    problem = pose(
        goal={"value": "[H.PV] + sqrt([A.PV])", "unit": "kW", "over": over},
        bounds=[ALWAYS, {"value": "[H.PV]", "unit": "kW", "low": -500, "when": "end"}],
    )
    evaluation = Evaluation(hill, hill.start(), problem)
    at, step = np.array(point), 1e-5

    outcome = evaluation(at, slopes=True)

    for index in range(2):
        up, down = (evaluation(at + sign * step * np.eye(2)[index]) for sign in (1.0, -1.0))
        assert outcome.cost_slopes[index] == pytest.approx((up.cost - down.cost) / (2 * step), rel=1e-4, abs=1e-4)
        np.testing.assert_allclose(
            outcome.violation_slopes[:, index], (up.violations - down.violations) / (2 * step), rtol=1e-4, atol=1e-6
        )


def test_the_mean_counts_all_times_and_the_end_the_last(hill, pose):
    start = hill.start()
    goal = {"value": "[A.PV]", "unit": "degC"}
    at = np.array([0.75, 0.5])  # 70 degC from 50 degC

    ends = Evaluation(hill, start, pose(goal=goal | {"over": "end"}))(at)
    mean = Evaluation(hill, start, pose(goal=goal | {"over": "mean"}))(at)

    assert ends.value == pytest.approx(70.0, abs=1e-6)
    assert ends.cost == -ends.value
    assert mean.value == pytest.approx(70.0 - 20.0 * LAG_S / (4 * 3600.0), abs=0.01)


def test_bounds_hold_at_the_end_or_always(hill, pose):
    start = hill.start()
    bound = {"value": "abs([A.PV] - 58)", "unit": "degC", "high": 5}
    at = np.array([0.5, 0.5])  # 60 degC: 8 degC away at first, 2 in the end

    ends = Evaluation(hill, start, pose(bounds=[bound | {"when": "end"}]))(at)
    always = Evaluation(hill, start, pose(bounds=[bound | {"when": "always"}]))(at)

    assert ends.feasible
    assert not always.feasible
    assert always.violation == pytest.approx(3.0 / 5.0)


def test_a_shutdown_and_a_divergence_are_failures_with_their_reason(hill, pose):
    wide = [{"tag": "A.SP", "low": 40, "high": 99}, {"tag": "B.SP", "low": 1, "high": 5}]
    evaluation = Evaluation(hill, hill.start(), pose(adjustable=wide, bounds=[ALWAYS]))

    tripped, diverged = evaluation(np.array([0.1, 1.0])), evaluation(np.array([1.0, 0.1]), slopes=True)

    assert "shuts down after 60 s: too much" in tripped.failure
    assert diverged.failure == "no solution"
    assert not tripped.feasible
    assert np.isnan(tripped.cost)
    assert diverged.violation == np.inf


def test_an_ensemble_counts_by_its_mean_and_must_hold_for_each_member(hill, pose):
    members = joined([hill.start().with_parameters([[bias]]) for bias in (2.0, 4.0)])
    problem = pose(bounds=[{"value": "[H.PV]", "unit": "kW", "low": 70}])

    outcome = Evaluation(hill, members, problem)(problem.point({"A.SP": 60.0, "B.SP": 2.5}))
    told = figures(problem, hill.simulate(members, problem.asking({"A.SP": 60.0, "B.SP": 2.5})))

    np.testing.assert_allclose(told.values, [95.0, 55.0])
    assert outcome.value == pytest.approx(75.0)
    assert outcome.violation == pytest.approx(15.0 / 70.0)
    np.testing.assert_array_equal(told.holding, [True, False])
    assert not Evaluation(hill, members, problem).differentiable


def test_what_the_watch_raises_ends_the_run(pose):
    def cancelled(done):
        raise SimulationCancelledError

    hill = Hill()
    with pytest.raises(SimulationCancelledError):
        Evaluation(hill, hill.start(), pose(), cancelled)(np.array([0.5, 0.5]))
