"""A question to a simulator of the plant's own, found by the name of its file: from the twin to the report."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stream.jobs.answer.asking import Asked
from stream.jobs.answer.compose import Cases, compose
from stream.jobs.answer.run_case import base_case, run_case
from stream.jobs.report import Report, TrustLine
from tests.contracts.matrix.steady_files import TWIN, program, steady_file
from tests.contracts.matrix.tank_fmus import c_tank, simulator_file
from tests.unit.jobs.situations import asked, situation
from twin.matrix.registry import find_model, use_simulators
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot

TANK = TwinSnapshot("tank", {"TI-1.PV": 50.0, "TIC-1.OP": 40.0}, {"TI-1.PV": "degC", "TIC-1.OP": "percent"})


@pytest.fixture
def simulators(tmp_path):
    use_simulators(tmp_path)
    yield tmp_path
    use_simulators(None)


def answered(key: str, twin: TwinSnapshot, change: str) -> Report:
    model = find_model(key)
    at = replace(
        situation(),
        model=key,
        values=twin.values,
        ensemble=model.start(twin),
        plan=None,
        economics=None,
        estimate=TrustLine(verdict="unknown", text="no estimate"),
    )
    scenario = Scenario.parse([change], "10 min", model.declaration)
    question = replace(asked(at=at).question, changes=(change,))
    cases = Cases(run_case(model, at, base_case(scenario)), run_case(model, at, scenario))
    return compose(Asked("17", question, scenario, model.declaration, at), cases)


def test_a_program_that_solves_operating_points_answers(simulators: Path) -> None:
    steady_file(simulators, "gproms", program())
    report = answered("gproms.yaml", TWIN, "TIC-101.SP=85 degC")
    share = next(output for output in report.outputs if output.name == "AI-101P.PV")
    assert share.unit == "percent"
    assert share.change.mid[-1] - share.base.mid[-1] == pytest.approx(0.5, abs=1e-3)
    assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.skipif(shutil.which("gcc") is None, reason="a C compiler builds the FMU of this test")
def test_an_fmu_answers(simulators: Path) -> None:
    pytest.importorskip("fmpy", reason="the extra 'fmu' is not installed")
    file = simulator_file(c_tank(simulators, 3))
    report = answered(file.name, TANK, "TIC-1.OP=60 percent")
    tank = next(output for output in report.outputs if output.name == "TI-1.PV")
    assert tank.change.mid[-1] == pytest.approx(70.0, abs=0.2)
    assert tank.base.mid[-1] == pytest.approx(50.0)
