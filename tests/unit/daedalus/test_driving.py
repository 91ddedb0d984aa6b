import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.daedalus.driving import driving
from twin.matrix.scenario import Change, value_at

BEFORE = {"a": 10.0, "b": 5.0}


def change(name, value, start_s=0.0, over_s=0.0):
    return Change(name=name, value=value, unit="", start_s=start_s, over_s=over_s)


def test_a_step_at_once_is_in_the_level_of_its_time_and_in_every_mean_after_it():
    levels, means = driving([change("a", 12.0)], BEFORE, ("a", "b"), np.array([0.0, 60.0, 120.0]))
    assert levels.tolist() == [[12.0, 5.0]] * 3
    assert means.tolist() == [[10.0, 5.0], [12.0, 5.0], [12.0, 5.0]]


def test_means_weigh_a_step_within_an_interval_and_a_ramp_by_its_course():
    changes = [change("a", 20.0, start_s=45.0), change("b", 11.0, start_s=60.0, over_s=120.0)]
    levels, means = driving(changes, BEFORE, ("a", "b"), np.array([0.0, 60.0, 120.0, 180.0]))
    assert means[1:, 0] == pytest.approx([12.5, 20.0, 20.0])
    assert levels[:, 1] == pytest.approx([5.0, 5.0, 8.0, 11.0])
    assert means[1:, 1] == pytest.approx([5.0, 6.5, 9.5])


def test_what_nobody_asked_for_is_left_out_and_a_second_change_goes_on_from_the_first():
    changes = [change("a", 20.0), change("elsewhere", 1.0), change("a", 0.0, start_s=60.0)]
    levels, _ = driving(changes, {**BEFORE, "elsewhere": 0.0}, ("a",), np.array([0.0, 30.0, 60.0]))
    assert levels[:, 0].tolist() == [20.0, 20.0, 0.0]


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(1, 500), st.one_of(st.just(0.0), st.floats(1, 300))), max_size=4))
def test_levels_are_what_a_scenario_says_and_means_their_averages(parts):
    changes, free_s = [], 0.0
    for value, wait_s, over_s in parts:
        changes.append(change("a", value, start_s=free_s + wait_s, over_s=over_s))
        free_s = changes[-1].end_s
    fine = np.linspace(0.0, 3000.0, 30_001)
    told = np.array([value_at(changes, BEFORE, time_s).get("a", BEFORE["a"]) for time_s in fine[::50]])
    coarse = fine[::1000]
    levels, means = driving(changes, BEFORE, ("a",), coarse)
    assert levels[:, 0] == pytest.approx(told[::20])
    dense, _ = driving(changes, BEFORE, ("a",), fine)
    for at in range(1, len(coarse)):
        piece = dense[1000 * (at - 1) : 1000 * at + 1, 0]
        average = float(np.mean((piece[1:] + piece[:-1]) / 2.0))
        assert means[at, 0] == pytest.approx(average, abs=0.02)
