from dataclasses import replace

import numpy as np
import pytest

from tests.unit.daedalus.conftest import TANK, Tank
from twin.daedalus.runs import simulated_runs, usual
from twin.daedalus.windows import Cutter
from twin.matrix.errors import DivergedError
from twin.matrix.trajectory import Trajectory, Trip


class Fragile(Tank):
    """Trips after 6 h in its second run and finds no solution in its third."""

    def __init__(self):
        self.asked = 0

    def simulate(self, state, scenario, watch=lambda done: None):
        self.asked += 1
        if self.asked == 3:
            raise DivergedError("no solution")
        told = super().simulate(state, scenario)
        trip = Trip(6 * 3600.0, "too hot") if self.asked == 2 else None
        return Trajectory.of(told.model, TANK.outputs, told.times_s, told.values.copy(), [trip])


@pytest.fixture
def some(recipe):
    return replace(recipe, runs=4)


def test_runs_stay_within_what_is_taught_and_many_things_change(some):
    heard = []
    runs = list(simulated_runs(Tank(), some, 1, heard.append))
    assert heard == [0.0, 0.25, 0.5, 0.75]
    for run in runs:
        assert len(run) == 13 * 12 + 1
        assert np.isfinite(run.outputs).all()
        for at, one in enumerate(some.varied):
            assert np.all((run.levels[:, at] >= one.low) & (run.levels[:, at] <= one.high))
            assert np.all((run.means[:, at] >= one.low) & (run.means[:, at] <= one.high))
        assert np.array_equal(run.outputs[:, 1], run.levels[:, 0])
        assert np.count_nonzero(np.any(np.diff(run.levels, axis=0), axis=1)) > 5


def test_a_runs_seed_is_its_own_whatever_their_number(some):
    three, four = (list(simulated_runs(Tank(), replace(some, runs=count), 1)) for count in (3, 4))
    other = next(simulated_runs(Tank(), some, 2))
    assert np.array_equal(three[2].outputs, four[2].outputs)
    assert not np.array_equal(three[0].levels, other.levels)
    assert not np.array_equal(three[0].levels, three[1].levels)


def test_a_trip_ends_a_run_and_a_run_without_solution_is_left_out(some):
    lengths = [len(run) for run in simulated_runs(Fragile(), some, 1)]
    assert lengths == [157, 59, 157]
    assert all(np.isfinite(run.outputs).all() for run in simulated_runs(Fragile(), some, 1))


def test_windows_tell_what_drives_them_as_differences_and_where_they_begin(some):
    run = next(simulated_runs(Tank(), some, 1))
    cutter = Cutter(36, (True, False))
    window = cutter.cut(run, 10)
    assert window.begin.tolist() == [*run.outputs[10], run.levels[10, 0]]
    assert np.array_equal(window.outputs, run.outputs[11:47])
    assert window.drive[4] == pytest.approx([*(run.means[15] - run.levels[10]), *(run.levels[15] - run.levels[10])])
    assert cutter.fits(run)
    assert not Cutter(157, (True, False)).fits(run)


def test_every_second_window_begins_just_before_something_changes(some):
    run, rng = next(simulated_runs(Tank(), some, 1)), np.random.default_rng(2)
    windows = list(Cutter(12, (True, False)).drawn([run], 400, rng))
    eventful = sum(bool(np.any(window.drive[0, 2:] != 0.0)) for window in windows)
    assert 200 < eventful < 400


def test_a_usual_twin_is_the_declarations():
    twin = usual(TANK)
    assert twin.values == {"TI-1.PV": 45, "TIC-1.SP": 50, "TIC-1.MODE": 1}
