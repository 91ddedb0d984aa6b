"""`atlas simulator check`: a file's faults, what its simulator can do, and what it says at its usual values."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli.simulator import simulator
from tests.contracts.matrix.steady_files import program, steady_file
from tests.contracts.matrix.tank_fmus import c_tank, simulator_file
from twin.matrix.errors import UnusableModelError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(simulator, arguments)


def test_a_sound_file_is_told_and_its_simulator_tried(tmp_path: Path) -> None:
    steady_file(tmp_path, "gproms", program())
    told = run("check", str(tmp_path / "gproms.yaml"), "--run")
    assert told.exit_code == 0, told.output
    assert "is sound: Reactor in gproms, 2 inputs, 2 outputs, 0 parameters, 0 states." in told.output
    assert "each from a fresh start" in told.output
    assert "9.72332 percent  Share of P" in told.output


def test_faults_are_raised_for_the_commands_main(tmp_path: Path) -> None:
    file = tmp_path / "column.yaml"
    file.write_text("atlas_simulator: 1\nname: column\n")
    told = run("check", str(file))
    assert told.exit_code == 1
    assert isinstance(told.exception, UnusableModelError)
    assert "'simulator' is missing" in str(told.exception)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="a C compiler builds the FMU of this test")
@pytest.mark.parametrize(
    ("options", "ability"),
    [
        ("interface: model-exchange", "corrected by what is measured"),
        ("interface: co-simulation", "along with the live plant."),
    ],
)
def test_what_an_fmu_can_do_is_told(tmp_path: Path, options: str, ability: str) -> None:
    pytest.importorskip("fmpy", reason="the extra 'fmu' is not installed")
    told = run("check", str(simulator_file(c_tank(tmp_path, 2), options)), "--run")
    assert told.exit_code == 0, told.output
    assert ability in told.output
    assert "50 degC  Tank" in told.output
