from dataclasses import replace

import numpy as np
import pytest

from tests.unit.daedalus.conftest import TANK
from twin.daedalus.recorded_runs import Record, recorded_runs

BEGIN_S, HOUR_S = 1_000_000.0, 3600.0
END_S = BEGIN_S + 30 * HOUR_S


def record(every_s, value, begin_s=BEGIN_S, end_s=END_S):
    times_s = np.arange(begin_s, end_s, every_s)
    return Record(times_s, np.array([float(value(time_s)) for time_s in times_s]))


@pytest.fixture
def records():
    """A day of a tank whose setpoint went from 50 to 60 degC after 10 h and 100 s."""
    return {
        "TI-1.PV": record(20.0, lambda time_s: (time_s - BEGIN_S) / HOUR_S),
        "TIC-1.SP": Record(np.array([BEGIN_S - 5.0, BEGIN_S + 10 * HOUR_S + 100.0]), np.array([50.0, 60.0])),
        "TIC-1.MODE": record(HOUR_S, lambda time_s: 1.0, begin_s=BEGIN_S - HOUR_S),
    }


def test_a_day_becomes_runs_with_what_drove_them(records, recipe):
    runs = recorded_runs(records, BEGIN_S, END_S, recipe, TANK)
    assert [len(run) for run in runs] == [156, 156, 48], "13 h each, as simulated ones"
    first = runs[0]
    assert first.outputs[:, 0] == pytest.approx(np.arange(156) / 12.0)
    assert first.levels[119:123, 0].tolist() == [50.0, 50.0, 60.0, 60.0]
    assert first.means[119:123, 0] == pytest.approx([50.0, 50.0, 50.0 + 10.0 * 200.0 / 300.0, 60.0])
    assert np.array_equal(first.outputs[:, 1], first.levels[:, 0])
    assert np.all(first.levels[:, 1] == 5.0), "what nobody measures is taken to stay"
    assert np.all(first.means[:, 1] == 5.0)


def test_a_loop_by_hand_and_a_silence_cut_and_what_was_never_recorded_leaves_nothing(records, recipe):
    by_hand = Record(np.array([BEGIN_S, BEGIN_S + 5 * HOUR_S, BEGIN_S + 6 * HOUR_S]), np.array([1.0, 0.0, 1.0]))
    cut = recorded_runs({**records, "TIC-1.MODE": by_hand}, BEGIN_S, END_S, recipe, TANK)
    assert len(cut[0]) == 60
    assert cut[1].outputs[0, 0] == pytest.approx(6.0)
    silent = {name: kept(one, BEGIN_S + 2 * HOUR_S, BEGIN_S + 3 * HOUR_S) for name, one in records.items()}
    runs = recorded_runs(silent, BEGIN_S, END_S, recipe, TANK)
    assert [run.outputs[0, 0] for run in runs[:2]] == pytest.approx([0.0, 3.0])
    assert len(runs[0]) == 26, "five minutes without anything are borne"
    assert recorded_runs({"TI-1.PV": records["TI-1.PV"]}, BEGIN_S, END_S, recipe, TANK) == []
    assert recorded_runs({}, BEGIN_S, END_S, recipe, TANK) == []


def kept(one, from_s, to_s):
    there = (one.times_s <= from_s) | (one.times_s >= to_s)
    return Record(one.times_s[there], one.values[there])


def test_a_setting_that_no_record_tells_is_taken_to_stand(records, recipe):
    del records["TIC-1.MODE"]
    assert recorded_runs(records, BEGIN_S, END_S, recipe, TANK)
    assert recorded_runs(records, BEGIN_S, END_S, replace(recipe, varied=recipe.varied[:1]), TANK)
