"""The process models that plants and questions may name: those that ship, and those that other packages register.

A package registers what makes a model, a class or function that is called without arguments, under a key:

    [project.entry-points."atlas_live.process_models"]
    "column-7" = "salt_models:column"

A simulator needs no package: the absolute path of its simulator file (`twin.matrix.simulator_file`) is its key.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from twin.atlas.faults import did_you_mean
from twin.matrix.errors import MatrixError, UnknownModelError, UnusableModelError
from twin.matrix.fmu import open_fmu
from twin.matrix.port import ProcessModel
from twin.matrix.simulator_file import Simulator, SimulatorFile, read_simulator

GROUP: Final = "atlas_live.process_models"

_OPENED_BY: Final[dict[Simulator, Callable[[SimulatorFile], ProcessModel]]] = {"fmu": open_fmu}


@lru_cache(maxsize=32)
def find_model(key: str) -> ProcessModel:
    """The model called `key`, made once in each process.

    Raises
    ------
    UnknownModelError
        Where nothing is registered under that key, and it is no absolute path.
    UnusableModelError
        Where what is registered or described makes no process model.
    MatrixError
        What the model itself raised, like `MissingSimulatorError` for an extra that is not installed.
    """
    if Path(key).is_absolute():
        return open_simulator(Path(key))
    found = [entry for entry in entry_points(group=GROUP) if entry.name == key]
    if not found:
        known = known_models()
        otherwise = f"use one of {', '.join(known)}, or the absolute path of a simulator file"
        raise UnknownModelError(f"no process model '{key}'", remedy=did_you_mean(key, known, otherwise))
    if len(found) > 1:
        told = " and ".join(_told(entry) for entry in found)
        raise UnusableModelError(f"process model '{key}' is registered by {told}", remedy="uninstall all but one")
    return _made(found[0])


def registered_models() -> dict[str, str | None]:
    """Every registered key, with the reason why its model cannot be used, None where it can; makes each of them."""
    return {key: _why_not(key) for key in known_models()}


def known_models() -> list[str]:
    """Every registered key, without making its model."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def open_simulator(path: Path) -> ProcessModel:
    """The model that a simulator file describes.

    Raises
    ------
    MatrixError
        Where the file, or the simulator's own, is missing or has faults, or the simulator is not installed.
    """
    file = read_simulator(path)
    return _OPENED_BY[file.form.simulator](file)


def _made(entry: EntryPoint) -> ProcessModel:
    try:
        model = entry.load()()
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
