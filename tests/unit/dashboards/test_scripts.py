"""What the browser gets is complete, ours alone, and takes no markup from data."""

import re
from pathlib import Path

import pytest

import dashboards
from dashboards.components.live import SCRIPTS, script, style

FOLDER = Path(dashboards.__file__).parent / "components"
FILES = sorted(FOLDER.glob("*.js"))


def test_every_script_is_joined_once() -> None:
    assert sorted(f"{name}.js" for name in SCRIPTS) == [path.name for path in FILES]
    assert script().count("export default") == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_scripts_take_no_markup_from_data_and_run_no_text(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)


def test_nothing_is_fetched_from_outside() -> None:
    text = script() + style()
    addresses = set(re.findall(r"https?://[\w./-]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}, "the name of SVG's vocabulary, which nobody fetches"
    assert not re.search(r"@import|@font-face|^\s*import\s", text, re.MULTILINE)


@pytest.mark.parametrize("path", [*FILES, FOLDER / "screen.css"], ids=lambda path: path.name)
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300
