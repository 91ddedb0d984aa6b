"""A simulator in a process of its own, whatever it does: the fault matrix of Aspen Plus."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partialmethod
from pathlib import Path

import psutil
import pytest

from tests.contracts.matrix.fake_com import FakeCom
from tests.contracts.matrix.steady_files import TWIN, steady_file
from twin.matrix.aspen_plus import open_aspen_plus
from twin.matrix.errors import (
    CrashedError,
    DivergedError,
    LicenceError,
    MatrixError,
    SimulationCancelledError,
    SimulationTimeoutError,
)
from twin.matrix.scenario import Scenario
from twin.matrix.simulator_process import SimulatorProcess

PROGRAM = "Apwn.Document.38.0"


@pytest.fixture
def asked(tmp_path):
    """Asks Aspen Plus, with a fault; ends whatever is left of it."""
    begun = []

    def ask(fault="", changes=("TIC-101.SP=85 degC",), watch=None, timeout="60 s", restart_every=50, **com):
        if not begun:
            section = f"com: {{timeout: {timeout}, restart_every: {restart_every}}}"
            file = steady_file(tmp_path, "aspen-plus", section)
            begun.append(open_aspen_plus(file, FakeCom(tmp_path, PROGRAM, fault, **com)))
        (model,) = begun
        scenario = Scenario.parse(changes, "10 min", model.declaration)
        state = model.start(TWIN)
        return model.simulate(state, scenario, watch) if watch else model.simulate(state, scenario)

    yield ask
    for model in begun:
        model._solver.close()


def program_of(folder: Path) -> int:
    return int((folder / "pid").read_text())


def is_gone(pid: int) -> bool:
    """Whether a killed process is gone, or only waits for whoever started it."""
    until = time.monotonic() + 10.0
    with suppress(psutil.NoSuchProcess):
        while (running := psutil.Process(pid).status() != psutil.STATUS_ZOMBIE) and time.monotonic() < until:
            time.sleep(0.05)
        return not running
    return True


def count(folder: Path, what: str) -> int:
    path = folder / what
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_it_answers_with_the_reactors_shares_and_stays_open(asked, tmp_path):
    told = asked(changes=("TIC-101.SP=89.7028 degC", "FIC-102.SP=4.78747 kg/s"))
    through = 1.8275 + 4.78747
    share_p, share_e = told["AI-101P.PV"][0, -1] / 100.0, told["AI-101E.PV"][0, -1] / 100.0
    profit = 1143.38 * share_p * through + 25.92 * share_e * through - 76.23 * 1.8275 - 114.34 * 4.78747
    assert profit == pytest.approx(190.9906, abs=1e-3)
    asked()
    assert (count(tmp_path, "started"), count(tmp_path, "run")) == (1, 2)


def test_it_is_started_afresh_after_some_runs(asked, tmp_path):
    asked(restart_every=2, changes=("TIC-101.SP=85 degC at 1 min", "FIC-102.SP=5 kg/s at 2 min"))
    assert (count(tmp_path, "started"), count(tmp_path, "closed"), count(tmp_path, "run")) == (2, 1, 3)


def test_a_run_that_hangs_is_killed_with_its_simulator_and_the_next_one_answers(asked, tmp_path):
    with pytest.raises(SimulationTimeoutError, match="raise 'timeout'"):
        asked("hangs", timeout="3 s", times=1)
    assert is_gone(program_of(tmp_path))
    assert asked().trips == (None,)
    assert count(tmp_path, "started") == 2


def test_a_simulator_that_ends_is_a_crash_and_the_next_one_answers(asked, tmp_path):
    with pytest.raises(CrashedError, match="exit code 3"):
        asked("crashes", times=1)
    assert asked().trips == (None,)
    assert count(tmp_path, "started") == 2


def test_a_lost_licence_is_told_may_be_asked_again_and_then_answers(asked):
    with pytest.raises(LicenceError, match="licence server") as told:
        asked("licence", times=1)
    assert told.value.retryable
    assert asked().trips == (None,)


def test_a_point_without_solution_leaves_the_simulator_open(asked, tmp_path):
    with pytest.raises(DivergedError, match="Block R1 has not converged"):
        asked("diverges", times=1)
    assert asked().trips == (None,)
    assert count(tmp_path, "started") == 1


def test_a_cancelled_run_stops_within_a_second_and_leaves_the_simulator_open(asked, tmp_path):
    asked(changes=(), run_s=0.0)
    begun: list[float] = []

    def cancel(done: float) -> None:
        begun.append(time.perf_counter())
        if len(begun) > 3:
            raise SimulationCancelledError

    with pytest.raises(SimulationCancelledError):
        asked_slowly(asked, tmp_path, cancel)
    assert time.perf_counter() - begun[-1] < 1.0
    assert asked().trips == (None,)
    assert count(tmp_path, "started") == 1
    assert count(tmp_path, "stopped") == 1


def asked_slowly(asked, tmp_path, watch):
    (tmp_path / "slow").touch()
    try:
        return asked(watch=watch)
    finally:
        (tmp_path / "slow").unlink()


def test_a_cancelled_run_that_does_not_hear_is_killed_within_a_second(asked, tmp_path):
    begun: list[float] = []

    def cancel(done: float) -> None:
        begun.append(time.perf_counter())
        if count(tmp_path, "run"):
            raise SimulationCancelledError

    with pytest.raises(SimulationCancelledError):
        asked("hangs", watch=cancel, times=1)
    assert time.perf_counter() - begun[-1] < 1.0
    assert is_gone(program_of(tmp_path))


def test_one_that_nobody_asks_gives_its_licence_back(asked, tmp_path, monkeypatch):
    monkeypatch.setattr(SimulatorProcess, "__init__", partialmethod(SimulatorProcess.__init__, idles_for_s=0.2))
    asked(changes=())
    until = time.monotonic() + 20.0
    while not count(tmp_path, "closed") and time.monotonic() < until:
        time.sleep(0.05)
    assert is_gone(program_of(tmp_path))
    assert asked(changes=()).trips == (None,)
    assert count(tmp_path, "started") == 2


def test_without_windows_the_remedy_says_where_to_run(tmp_path):
    model = open_aspen_plus(steady_file(tmp_path, "aspen-plus"))
    with pytest.raises(MatrixError, match="Windows machine"):
        model.simulate(model.start(TWIN), Scenario.parse((), "10 min", model.declaration))
