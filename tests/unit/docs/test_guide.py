"""What the guide says holds: its plant file is sound."""

import re
from pathlib import Path

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
