"""The plants and portfolios that ship, as package data: one YAML file each, named by its id."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from twin.atlas.errors import AtlasError

_PORTFOLIO: Final = "-portfolio"
_SIMULATED: Final = ("williams-otto", "tennessee-eastman")


class UnknownPlantError(AtlasError):
    """An id of a plant or portfolio that none of the files bears."""


def names() -> tuple[str, ...]:
    """Ids of the plants that ship; Williams-Otto, which needs nothing beyond the base, comes first."""
    found = {name for name in _files() if not name.endswith(_PORTFOLIO)}
    return tuple(sorted(found, key=lambda name: (name != "williams-otto", name)))


def simulated_names() -> tuple[str, ...]:
    """Ids of those that the demo simulates, in the order of `names`; the others show what a plant file can say."""
    return tuple(name for name in names() if name in _SIMULATED)


def portfolio_names() -> tuple[str, ...]:
    """Ids of the portfolios that ship."""
    return tuple(sorted(name.removesuffix(_PORTFOLIO) for name in _files() if name.endswith(_PORTFOLIO)))


def path(plant: str) -> Path:
    """Where the plant's file lies.

    Raises
    ------
    UnknownPlantError
        Where no such plant ships.
    """
    return _path("plant", plant, names(), plant)


def text(plant: str) -> str:
    """The plant's file; raises like `path`."""
    return path(plant).read_text(encoding="utf-8")


def portfolio_path(portfolio: str) -> Path:
    """Where the portfolio's file lies; raises like `path`."""
    return _path("portfolio", portfolio, portfolio_names(), f"{portfolio}{_PORTFOLIO}")


def portfolio_text(portfolio: str) -> str:
    """The portfolio's file; raises like `path`."""
    return portfolio_path(portfolio).read_text(encoding="utf-8")


def _path(what: str, name: str, known: tuple[str, ...], stem: str) -> Path:
    if name not in known:
        raise UnknownPlantError(f"no {what} '{name}' ships", remedy=f"use one of {', '.join(known)}, or a file's path")
    return Path(str(files(__name__).joinpath(f"{stem}.yaml")))


def _files() -> set[str]:
    return {entry.name.removesuffix(".yaml") for entry in files(__name__).iterdir() if entry.name.endswith(".yaml")}
