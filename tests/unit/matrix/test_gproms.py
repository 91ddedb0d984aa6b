from __future__ import annotations

import time

import pytest

from tests.contracts.matrix.steady_files import TWIN, program, steady_file
from twin.matrix.errors import (
    CrashedError,
    DivergedError,
    LicenceError,
    MissingSimulatorError,
    SimulationCancelledError,
    SimulationTimeoutError,
)
from twin.matrix.gproms import open_gproms
from twin.matrix.scenario import Scenario


def run(folder, section, *changes, watch=None):
    model = open_gproms(steady_file(folder, "gproms", section))
    scenario = Scenario.parse(changes, "10 min", model.declaration)
    state = model.start(TWIN)
    return model.simulate(state, scenario, watch) if watch else model.simulate(state, scenario)


def test_a_run_reads_its_question_and_tells_its_results(tmp_path):
    told = run(tmp_path, program(), "TIC-101.SP=85 degC")
    share = 0.085 + 1e-6 * 4.787 * 3600.0
    assert told["AI-101P.PV"][0] == pytest.approx(100.0 * share)
    assert told["AI-101E.PV"][0] == pytest.approx(300.0 * share)


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        ("diverges", DivergedError, "Initialisation has failed"),
        ("licence", LicenceError, "No license"),
        ("crashes", CrashedError, "exit code -6"),
        ("garbage", CrashedError, "gives no reason"),
        ("leaves-out", DivergedError, r"AI-101E\.PV"),
    ],
)
def test_what_goes_wrong_is_told_with_a_remedy(tmp_path, fault, error, told):
    with pytest.raises(error, match=told) as raised:
        run(tmp_path, program(fault))
    assert raised.value.remedy


def test_a_program_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(MissingSimulatorError, match="run: command"):
        run(tmp_path, "run: {command: [/no/such/program]}")


def test_a_run_that_takes_too_long_is_ended(tmp_path):
    with pytest.raises(SimulationTimeoutError, match="longer than 1 s"):
        run(tmp_path, program("hangs").replace("run: {", "run: {timeout: 1 s, "))


def test_a_cancelled_run_ends_within_a_second(tmp_path):
    asked: list[float] = []

    def cancel(done: float) -> None:
        asked.append(time.perf_counter())
        if len(asked) > 3:
            raise SimulationCancelledError

    with pytest.raises(SimulationCancelledError):
        run(tmp_path, program("hangs"), watch=cancel)
    assert time.perf_counter() - asked[-1] < 1.0
