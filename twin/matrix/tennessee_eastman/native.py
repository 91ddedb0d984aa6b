"""The way to the plant's compiled equations in `tep-studio`, an optional install that needs a C compiler."""

from importlib import import_module
from typing import Any

from twin.matrix.errors import MissingSimulatorError


class TennesseeEastmanMissingError(MissingSimulatorError):
    """The Tennessee Eastman equations are not installed or do not load."""

    def __init__(self, cause: ImportError) -> None:
        super().__init__(
            f"the Tennessee Eastman plant cannot run: {cause}",
            remedy="install a C compiler (Debian: gcc), then the extra 'tep' (pip install 'atlas-live[tep]'); "
            "every other plant runs without it",
        )


def load() -> Any:
    """The module of `tep-studio` that holds the compiled kernel.

    Raises
    ------
    TennesseeEastmanMissingError
        Where it is not installed or was built for another machine.
    """
    try:
        return import_module("tep_studio.simulation.native")
    except ImportError as error:
        raise TennesseeEastmanMissingError(error) from error
