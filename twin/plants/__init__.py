"""The plants that ship, as package data: one YAML file each, named by the plant's id."""

from importlib.resources import files
from pathlib import Path

from twin.atlas.errors import AtlasError


class UnknownPlantError(AtlasError):
    """A plant id that none of the files bears."""


def names() -> tuple[str, ...]:
    """Ids of the plants that ship; Williams-Otto, which needs nothing beyond the base, comes first."""
    found = {entry.name.removesuffix(".yaml") for entry in files(__name__).iterdir() if entry.name.endswith(".yaml")}
    return tuple(sorted(found, key=lambda name: (name != "williams-otto", name)))


def path(plant: str) -> Path:
    """Where the plant's file lies.

    Raises
    ------
    UnknownPlantError
        Where no such plant ships.
    """
    if plant not in names():
        raise UnknownPlantError(
            f"no plant '{plant}' ships", remedy=f"use one of {', '.join(names())}, or a file's path"
        )
    return Path(str(files(__name__).joinpath(f"{plant}.yaml")))


def text(plant: str) -> str:
    """The plant's file; raises like `path`."""
    return path(plant).read_text(encoding="utf-8")
