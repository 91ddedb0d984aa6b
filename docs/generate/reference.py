"""The reference pages that the code itself can write; a unit test fails when one of them differs from the code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from generate import commands_page, plant_file_page, settings_page

FOLDER: Final = Path(__file__).parents[1] / "reference"

PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings_page.text,
    "commands.md": commands_page.text,
    "plant-file.md": plant_file_page.text,
    "plant-file.schema.json": plant_file_page.schema,
}


def write() -> Iterator[Path]:
    """Write every page, and give its path."""
    for name, text in PAGES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8")
        yield FOLDER / name
