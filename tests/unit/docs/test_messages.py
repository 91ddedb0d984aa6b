"""Commands and pages that the program's own texts send people to exist."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli.main import cli

ROOT = Path(__file__).parents[3]
SOURCES = [file for name in ("analytics", "twin", "stream", "connectors", "api", "dashboards")
           for file in sorted((ROOT / name).rglob("*.*")) if file.suffix in (".py", ".js", ".yaml")]  # fmt: skip


def named(pattern: str) -> set[str]:
    return {found for file in SOURCES for found in re.findall(pattern, file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("command", sorted(named(r"['‘`]atlas ((?:plant |keys |simulator )?[a-z-]+)")))
def test_a_command_that_a_message_names_exists(command):
    done = CliRunner().invoke(cli, [*command.split(), "--help"])
    assert done.exit_code == 0, f"atlas {command}: {done.output}"


def test_pages_that_the_code_names_are_there():
    assert [page for page in named(r"docs/[\w/-]+\.md") if not (ROOT / page).is_file()] == []
