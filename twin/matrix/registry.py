"""The process models that plants and questions may name: those that ship, and those that other packages register.

A package registers what makes a model, a class or function that is called without arguments, under a key:

    [project.entry-points."atlas_live.process_models"]
    "column-7" = "salt_models:column"

A key with a star stands for a family: "*/surrogate" makes "unit-7/surrogate" of what stands for the star.

A simulator needs no package: its key is the name of its simulator file (`twin.matrix.simulator_file`), like
`unit-7/column.yaml`, below the folder that the service's operator gave to `use_simulators`. Without one no file is
opened: whoever may write a plant file shall not choose what runs on this machine.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from twin.atlas.faults import did_you_mean
from twin.matrix.aspen_plus import open_aspen_plus
from twin.matrix.errors import MatrixError, UnknownModelError, UnusableModelError
from twin.matrix.fmu import open_fmu
from twin.matrix.gproms import open_gproms
from twin.matrix.hysys import open_hysys
from twin.matrix.port import ProcessModel
from twin.matrix.simulator_file import Simulator, SimulatorFile, read_simulator

GROUP: Final = "atlas_live.process_models"

FILE: Final = ".yaml"
"""How the key of a simulator file ends."""

_OPENED_BY: Final[dict[Simulator, Callable[[SimulatorFile], ProcessModel]]] = {
    "fmu": open_fmu,
    "aspen-plus": open_aspen_plus,
    "hysys": open_hysys,
    "gproms": open_gproms,
}

_folders: list[Path] = []
"""The folder of simulator files, once it is known."""


def use_simulators(folder: Path | None) -> None:
    """Say where simulator files lie; for the composition root, in every process that finds models. None for nowhere."""
    told = [] if folder is None else [folder.resolve()]
    if told != _folders:
        _folders[:] = told
        find_model.cache_clear()


@lru_cache(maxsize=32)
def find_model(key: str) -> ProcessModel:
    """The model called `key`, made once in each process.

    Raises
    ------
    UnknownModelError
        Where nothing is registered under that key, and it is no simulator file.
    UnusableModelError
        Where what is registered or described makes no process model.
    MatrixError
        What the model itself raised, like `MissingSimulatorError` for an extra that is not installed.
    """
    if key.endswith(FILE):
        return open_simulator(_path(key))
    member, _, family = key.rpartition("/")
    found = _registered(key) or (_registered(f"*/{family}") if member else [])
    if not found:
        known = known_models()
        otherwise = f"use one of {', '.join(known)}, or the name of a simulator file like column.yaml"
        raise UnknownModelError(f"no process model '{key}'", remedy=did_you_mean(key, known, otherwise))
    if len(found) > 1:
        told = " and ".join(_told(entry) for entry in found)
        raise UnusableModelError(f"process model '{key}' is registered by {told}", remedy="uninstall all but one")
    return _made(found[0], *([member] if found[0].name != key else []))


def registered_models() -> dict[str, str | None]:
    """Every key, simulator files' too, with the reason why its model cannot be used, None where it can; makes each."""
    files = [str(path.relative_to(folder)) for folder in _folders for path in sorted(folder.rglob(f"*{FILE}"))]
    return {key: _why_not(key) for key in (*known_models(), *files)}


def known_models() -> list[str]:
    """Every registered key but the families', without making its model."""
    return sorted({entry.name for entry in entry_points(group=GROUP) if not entry.name.startswith("*")})


def open_simulator(path: Path) -> ProcessModel:
    """The model that a simulator file describes.

    Raises
    ------
    MatrixError
        Where the file, or the simulator's own, is missing or has faults, or the simulator is not installed.
    """
    file = read_simulator(path)
    return _OPENED_BY[file.form.simulator](file)


def _path(key: str) -> Path:
    if not _folders:
        raise UnknownModelError(
            f"no simulator file '{key}': this service opens none",
            remedy="name the folder that holds them (ATLAS_SIMULATORS)",
        )
    path = (_folders[0] / key).resolve()
    if not path.is_relative_to(_folders[0]):
        raise UnknownModelError(
            f"simulator file '{key}' lies outside the folder of simulator files", remedy="move it into that folder"
        )
    return path


def _registered(name: str) -> list[EntryPoint]:
    return [entry for entry in entry_points(group=GROUP) if entry.name == name]


def _made(entry: EntryPoint, *members: str) -> ProcessModel:
    try:
        model = entry.load()(*members)
        _ = model.declaration.id, model.start, model.simulate
    except MatrixError:
        raise
    except Exception as error:  # another's code may raise anything when it is imported or called
        raise UnusableModelError(
            f"process model '{entry.name}' of {_told(entry)} cannot be used: {type(error).__name__}: {error}",
            remedy="mend or uninstall that package",
        ) from error
    made: ProcessModel = model
    return made


def _why_not(key: str) -> str | None:
    try:
        find_model(key)
    except MatrixError as error:
        return str(error)
    return None


def _told(entry: EntryPoint) -> str:
    return f"{entry.dist.name} ({entry.value})" if entry.dist else entry.value
