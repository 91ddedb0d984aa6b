"""The way to the plant's compiled equations in `tep-studio`, an optional install that needs a C compiler.

Its packages import pandas and half of scipy for what we don't use: seconds of processor time and a hundred megabytes.
So its modules are loaded without what stands in the packages' own `__init__`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from twin.matrix.errors import MissingSimulatorError

_PACKAGES: Final = ("tep_studio", "tep_studio.simulation")


class TennesseeEastmanMissingError(MissingSimulatorError):
    """The Tennessee Eastman equations are not installed or do not load."""

    def __init__(self, cause: ImportError) -> None:
        super().__init__(
            f"the Tennessee Eastman plant cannot run: {cause}",
            remedy="install a C compiler (Debian: gcc), then the extra 'tep' (pip install 'atlas-live[tep]'); "
            "every other plant runs without it",
        )


def load(module: str = "native") -> Any:
    """A module of `tep-studio`: the one that holds the compiled kernel, or `schema`, which names its states.

    Raises
    ------
    TennesseeEastmanMissingError
        Where it is not installed or was built for another machine.
    """
    try:
        with _bare_packages():
            return import_module(f"{_PACKAGES[-1]}.{module}")
    except ImportError as error:
        raise TennesseeEastmanMissingError(error) from error


@contextmanager
def _bare_packages() -> Iterator[None]:
    """The packages without their `__init__`, unless somebody has loaded them whole; afterwards all is as before."""
    found = None if _PACKAGES[0] in sys.modules else find_spec(_PACKAGES[0])
    if found is None or not found.submodule_search_locations:
        yield
        return
    folder = Path(next(iter(found.submodule_search_locations)))
    for package in _PACKAGES:
        bare = ModuleType(package)
        bare.__path__ = [str(folder.joinpath(*package.split(".")[1:]))]
        sys.modules[package] = bare
    try:
        yield
    finally:
        for package in _PACKAGES:
            sys.modules.pop(package, None)
