"""What the guide says holds: its plant file is sound, and its commands exist."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli.main import cli

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "how-to" / "run-your-own-plant.md"


def test_the_guides_plant_file_is_sound(tmp_path):
    found = re.search(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    file = tmp_path / "boiler-house.yaml"
    file.write_text(found[1], encoding="utf-8")
    done = CliRunner().invoke(cli, ["plant", "check", str(file)])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("page", [GUIDE, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page):
    named = re.findall(r"(?:bin/|`)atlas ((?:plant |keys )?[a-z]+)", page.read_text(encoding="utf-8"))
    for command in named:
        done = CliRunner().invoke(cli, [*command.split(), "--help"])
        assert done.exit_code == 0, f"atlas {command}: {done.output}"


def test_the_makefile_has_every_target_that_a_page_names():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"(?:`|    )make ([a-z-]+)", (ROOT / page).read_text(encoding="utf-8"))) <= targets
