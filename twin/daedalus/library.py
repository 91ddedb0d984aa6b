"""Where learned models are kept: a folder for each plant, a file for each version, and files that are aliases.

    williams-otto/recipe.toml    what is taught
    williams-otto/1.onnx         a version, never changed
    williams-otto/1.md           its card
    williams-otto/in-use         an alias: the version's number

The models that ship lie in such a folder too, which nobody writes.
"""

import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from twin.daedalus.errors import LearnedFileError

IN_USE: Final = "in-use"
"""Alias of the version that answers questions."""

_own: list[Path] = []
"""The folder of one's own models, once it is known."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Library:
    """Folders of learned models: what is added goes into the first, what is sought comes from the first that has it.

    An alias that stands in an earlier folder hides the same in a later one; a version's number means one file only.
    """

    folders: tuple[Path, ...]

    @classmethod
    def open(cls) -> "Library":
        """The models that ship, and before them those of the folder that was given to `use_models`."""
        return cls((*_own, _shipped()))

    def plants(self) -> tuple[str, ...]:
        """Plants that have a version in use, sorted."""
        found = {path.parent.name for folder in self.folders for path in folder.glob(f"*/{IN_USE}")}
        return tuple(sorted(found))

    def versions(self, plant: str) -> tuple[int, ...]:
        """All versions, ascending."""
        paths = (path for folder in self.folders for path in (folder / _name(plant)).glob("*.onnx"))
        return tuple(sorted({int(path.stem) for path in paths if path.stem.isdecimal()}))

    def recipe(self, plant: str) -> str:
        """The recipe's text.

        Raises
        ------
        LearnedFileError
            Where there is none.
        """
        return self._found(plant, "recipe.toml", "write one, like those of the plants that ship").read_text("utf-8")

    def content(self, plant: str, version: int) -> bytes:
        """A version's file; raises like `recipe`."""
        return self._found(plant, f"{version}.onnx", "train the plant's model again").read_bytes()

    def card(self, plant: str, version: int) -> str:
        """A version's card; raises like `recipe`."""
        return self._found(plant, f"{version}.md", "train the plant's model again").read_text("utf-8")

    def pointed(self, plant: str, alias: str = IN_USE) -> int:
        """The version that an alias means.

        Raises
        ------
        LearnedFileError
            Where there is no such alias, or no number in it.
        """
        text = self._found(plant, alias, f"run 'atlas train {plant}'").read_text("utf-8").strip()
        if not text.isdecimal():
            raise LearnedFileError(f"alias {alias} of {plant} says '{text[:40]}'", remedy="write a version's number")
        return int(text)

    def add(self, plant: str, version: int, content: bytes, card: str) -> Path:
        """Keep a new version with its card.

        Raises
        ------
        LearnedFileError
            Where the version exists already, or there is no folder for one's own.
        """
        if version in self.versions(plant):
            raise LearnedFileError(f"{plant} has a version {version} already", remedy="give the next number")
        folder = self._own_folder(plant)
        _replace(folder / f"{version}.md", card.encode())
        return _replace(folder / f"{version}.onnx", content)

    def point(self, plant: str, version: int, alias: str = IN_USE) -> None:
        """Let an alias mean this version, at once for everybody who asks from now on; raises like `recipe`."""
        if version not in self.versions(plant):
            known = ", ".join(str(one) for one in self.versions(plant)) or "none"
            raise LearnedFileError(f"{plant} has no version {version}", remedy=f"give one of these: {known}")
        folder = self._own_folder(plant)
        _replace(folder / _name(alias), f"{version}\n".encode())

    def _own_folder(self, plant: str) -> Path:
        if self.folders[0] == _shipped():
            raise LearnedFileError(
                "there is no folder for learned models of one's own", remedy="name one (ATLAS_MODELS)"
            )
        folder = self.folders[0] / _name(plant)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _found(self, plant: str, name: str, remedy: str) -> Path:
        for folder in self.folders:
            path = folder / _name(plant) / name
            if path.is_file():
                return path
        raise LearnedFileError(f"there is no {name} among the learned models of '{plant}'", remedy=remedy)


def use_models(folder: Path | None) -> None:
    """Say where one's own models lie; for the composition root, in every process that asks models. None for nowhere."""
    _own[:] = [] if folder is None else [folder.resolve()]


def _shipped() -> Path:
    return Path(str(files("twin.plants").joinpath("models")))


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise LearnedFileError(f"'{name[:80]}' names no plant or alias", remedy="use small letters, digits and hyphens")
    return name


def _replace(path: Path, content: bytes) -> Path:
    """Write a file so that whoever reads it sees all of it or the one before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)
    return path
