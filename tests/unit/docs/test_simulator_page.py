"""The guide to simulators says what is so: its files are sound, its tank runs, and its XML is what is written."""

import re
import shutil
from pathlib import Path

import pytest

from tests.contracts.matrix.tank_fmus import c_tank
from twin.matrix.gproms import open_gproms
from twin.matrix.registry import open_simulator
from twin.matrix.simulator_file import SECTIONS, parse_simulator

PAGE = (Path(__file__).parents[3] / "docs/how-to/bring-your-own-simulator.md").read_text(encoding="utf-8")
FILES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.startswith("atlas_simulator")]


def test_it_has_a_sound_file_for_every_simulator() -> None:
    told = [parse_simulator(text, Path("/srv/simulators")) for text in FILES]
    assert [file.form.simulator for file in told] == list(SECTIONS)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="a C compiler builds the FMU of this test")
def test_its_tank_runs(tmp_path: Path) -> None:
    pytest.importorskip("fmpy", reason="the extra 'fmu' is not installed")
    c_tank(tmp_path, 2).rename(tmp_path / "tank.fmu")
    (tmp_path / "tank.yaml").write_text(FILES[0])
    declared = open_simulator(tmp_path / "tank.yaml").declaration
    assert (declared.id, declared.longest_s) == ("heated-tank/1", 86400.0)


def test_its_question_and_results_are_what_is_written_and_read(tmp_path: Path) -> None:
    question, results = re.findall(r"```xml\n(.*?)\n```", PAGE, re.DOTALL)
    (tmp_path / "crystalliser.gENCRYPT").touch()
    script = (
        "import sys; asked = open(sys.argv[1]).read(); sys.stderr.write(asked); open(sys.argv[2], 'w').write(r'''{}''')"
    )
    (tmp_path / "run.py").write_text(script.format(results) + f"\nassert {question!r} in asked, asked\n")
    text = FILES[-1].replace("/srv/simulators/run_gproms.py", str(tmp_path / "run.py")).replace("'{model}', ", "")
    file = parse_simulator(text.replace("[python,", f"[{shutil.which('python3')},"), tmp_path)
    solver = open_gproms(file)._solver  # type: ignore[attr-defined]
    assert solver.solve({"REAL__JacketFO": 22.5}, ["Yield"], lambda: None) == {"Yield": 0.83}
