"""The observability report on systems whose answer can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.estimation.ensemble_filter import EnsembleFilter, Measured
from twin.estimation.errors import EstimatePlanError, NotObservableError
from twin.estimation.observability import answers, observability
from twin.estimation.plan import EstimatePlan, Instrument, Unknown
from twin.matrix.model_state import joined


def plan(unknowns, tags, noise=0.1, spread=1.0):
    return EstimatePlan(
        unknowns=tuple(Unknown(name=name, spread=spread) for name in unknowns),
        instruments=tuple(Instrument(name=name, noise=noise) for name in tags),
    )


def report(model, asked, times=(0,), limit=0.5):
    count = len(model.declaration.parameters)
    state = model.single(np.zeros(len(model.declaration.states)), np.zeros(count))
    return observability(asked, answers(model, asked, state, times), limit=limit)


@given(spread=st.floats(0.1, 10), noise=st.floats(0.1, 10), readings=st.integers(1, 5))
def test_one_unknown_read_directly_keeps_what_the_textbook_says(linear_model, spread, noise, readings):
    model = linear_model([[1.0]], [[0.0]], [[0.0]], [[1.0]])
    found = report(model, plan(["p0"], ["y0"], noise, spread), range(readings)).findings[0]
    assert found.stays == pytest.approx((1 + readings * (spread / noise) ** 2) ** -0.5)
    assert found.alone == pytest.approx(found.stays)


def test_two_that_only_act_as_their_sum_cannot_be_told_apart(linear_model):
    model = linear_model([[0.9]], [[1.0, 1.0]], [[1.0]])
    told = report(model, plan(["p0", "p1"], ["y0"]), range(1, 60))
    assert told.told == ("p0",)
    (refused,) = told.refused
    assert (refused.name, refused.confused_with) == ("p1", ("p0",))
    assert refused.stays == pytest.approx(0.5**0.5, abs=1e-3)
    assert refused.alone < 0.01
    assert "p1 cannot be told apart from p0" in refused.sentence
    assert told.findings[0].told_by == ("y0",)
    with pytest.raises(NotObservableError, match="p1 cannot be told apart from p0.*take it as known") as caught:
        told.require()
    assert caught.value.report is told


def test_a_second_tag_that_only_one_of_them_moves_tells_them_apart(linear_model):
    model = linear_model([[0.9]], [[1.0, 1.0]], [[1.0], [0.0]], [[0.0, 0.0], [0.0, 1.0]])
    told = report(model, plan(["p0", "p1"], ["y0", "y1"]), (40,))
    assert told.told == ("p0", "p1")
    # y0 tells the sum ten times as exactly as y1 tells p1, so y1 decides what stays of both.
    assert [one.told_by for one in told.findings] == [("y1",), ("y1",)]
    told.require()
    assert report(model, plan(["p0", "p1"], ["y0"]), (40,)).told == ("p0",)


def test_what_no_tag_answers_to_is_refused_for_that(linear_model):
    model = linear_model([[0.9]], [[1.0, 0.0]], [[1.0]])
    told = report(model, plan(["p1", "p0"], ["y0"]), range(1, 9))
    (refused,) = told.refused
    assert (refused.name, refused.stays, refused.alone) == ("p1", 1.0, 1.0)
    assert (refused.told_by, refused.confused_with) == ((), ())
    assert "p1 is hardly seen by any tag: 100%" in refused.sentence
    assert told.told == ("p0",)


def test_one_that_acts_as_two_others_together_names_both(linear_model):
    model = linear_model([[1.0]], [[0.0] * 3], [[0.0]] * 2, [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    told = report(model, plan(["p0", "p1", "p2"], ["y0", "y1"]))
    (refused,) = told.refused
    assert refused.name == "p2"
    assert set(refused.confused_with) == {"p0", "p1"}
    assert told.told == ("p0", "p1")


def test_a_transient_tells_apart_what_a_steady_state_cannot(linear_model):
    """A slow and a fast way to the same output: alike at the end, different on the way."""
    model = linear_model([[0.97, 0.0], [0.0, 0.5]], [[0.03, 0.0], [0.0, 0.5]], [[1.0, 1.0]])
    asked = plan(["p0", "p1"], ["y0"])
    assert report(model, asked, (500, 501, 502)).told == ("p0",)
    assert report(model, asked, range(1, 60)).told == ("p0", "p1")


def test_two_operating_points_tell_more_than_one(linear_model):
    """Outputs p0 + p1 at one and p0 - p1 at the other, as another valve position would make it."""
    points = [linear_model([[1.0]], [[0.0, 0.0]], [[0.0]], [[1.0, sign]]) for sign in (1.0, -1.0)]
    asked = plan(["p0", "p1"], ["y0"])
    told = [answers(model, asked, model.single([0.0], [0.0, 0.0]), (0,)) for model in points]
    assert [len(observability(asked, one).told) for one in told] == [1, 1]
    assert observability(asked, np.concatenate(told, axis=1)).told == ("p0", "p1")


def test_states_are_unknowns_too(linear_model):
    """The second state is seen through the first only, and only after a while."""
    model = linear_model([[0.9, 0.3], [0.0, 0.95]], [[0.0], [0.0]], [[1.0, 0.0]])
    asked = plan(["x0", "x1"], ["y0"])
    assert report(model, asked, (0,)).told == ("x0",)
    assert report(model, asked, (0, 1, 2, 3)).told == ("x0", "x1")


def test_a_model_without_parameters_has_states_to_look_for(lorenz96):
    asked = plan(["x3", "x20"], ["y3"], noise=0.5)
    told = answers(lorenz96, asked, lorenz96.single(np.linspace(-1, 8, 40)), (0,))
    assert [one.told for one in observability(asked, told).findings] == [True, False]


def test_what_stays_is_what_a_filter_has_left(linear_model):
    model = linear_model([[0.9]], [[0.3, 0.1]], [[1.0], [1.0]], [[0.0, 0.0], [0.0, 0.4]])
    asked = plan(["x0", "p0", "p1"], ["y0", "y1"], noise=0.4)
    asked = EstimatePlan(unknowns=asked.unknowns, instruments=asked.instruments, members=20_000)
    estimator = EnsembleFilter(model, asked)
    estimate = estimator.start(model.single([0.0], [0.0, 0.0]), 0, 1)
    for now in range(1, 13):
        estimate = estimator.advance(estimate, {}, 1, now)
        estimate = estimator.assimilate(estimate, [Measured(name, now, 0.2) for name in ("y0", "y1")], now)
    left = estimator.unknowns(estimate)
    findings = {one.name: one for one in report(model, asked, range(1, 13), limit=1.0).findings}
    for name in ("p0", "p1"):
        assert findings[name].stays == pytest.approx(left[name].spread, rel=0.03)


def test_what_is_blind_at_one_point_may_be_seen_over_an_ensemble(linear_model):
    """A tag that tells the square of an unknown says nothing at 0, and 2 p for each of its changes elsewhere."""
    model = linear_model([[1.0]], [[0.0]], [[0.0]])
    model.outputs = lambda state: state.parameters**2
    asked = plan(["p0"], ["y0"], noise=0.5)
    points = np.array([-1.5, -0.5, 0.0, 1.0])
    ensemble = joined([model.single([0.0], [point]) for point in points])
    told = answers(model, asked, ensemble, (0, 1))
    assert told.shape == (4, 2, 1, 1)
    np.testing.assert_allclose(told[:, :, 0, 0], np.repeat(2 * points / 0.5, 2).reshape(4, 2), atol=1e-12)
    (found,) = observability(asked, told).findings
    assert found.stays == pytest.approx((1 + 2 * np.mean((2 * points / 0.5) ** 2)) ** -0.5)
    assert found.told
    assert not observability(asked, answers(model, asked, ensemble.member(2), (0, 1))).told


def test_at_the_edge_of_its_range_an_unknown_is_moved_inwards_only(linear_model):
    model = linear_model([[1.0]], [[0.0]], [[0.0]], [[2.0]], bound=3.0)
    asked = plan(["p0"], ["y0"])
    edge, middle = (answers(model, asked, model.single([0.0], [at]), (0,)) for at in (3.0, 0.0))
    np.testing.assert_allclose(edge, middle)
    shut = linear_model([[1.0]], [[0.0]], [[0.0]], [[2.0]], bound=0.0)
    assert report(shut, asked).refused[0].alone == 1.0


def test_names_that_the_model_lacks_are_refused(linear_model):
    model = linear_model([[1.0]], [[0.0]], [[0.0]])
    with pytest.raises(EstimatePlanError, match="q is no parameter or state"):
        report(model, plan(["q"], ["y0"]))
