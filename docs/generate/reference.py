"""The pages that the code itself can write; a unit test fails when one of them differs from the code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from generate import (
    commands_page,
    decisions_page,
    plant_file_page,
    portfolio_file_page,
    settings_page,
    simulator_file_page,
)

DOCS: Final = Path(__file__).parents[1]

PAGES: Final[dict[str, Callable[[], str]]] = {
    "reference/settings.md": settings_page.text,
    "reference/commands.md": commands_page.text,
    "reference/plant-file.md": plant_file_page.text,
    "reference/plant-file.schema.json": plant_file_page.schema,
    "reference/portfolio-file.md": portfolio_file_page.text,
    "reference/portfolio-file.schema.json": portfolio_file_page.schema,
    "reference/simulator-file.md": simulator_file_page.text,
    "reference/simulator-file.schema.json": simulator_file_page.schema,
    "adr/README.md": lambda: decisions_page.text(DOCS / "adr"),
}


def write() -> Iterator[Path]:
    """Write every page, and give its path."""
    for name, text in PAGES.items():
        (DOCS / name).write_text(text(), encoding="utf-8")
        yield DOCS / name
