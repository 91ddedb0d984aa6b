"""Learned models by alias: whoever asks gets the version in use, and a new one is taken without stopping anything."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.daedalus.errors import LearnedFileError
from twin.daedalus.library import IN_USE, Library
from twin.daedalus.surrogate import Surrogate
from twin.matrix.declaration import Declaration
from twin.matrix.errors import MissingSimulatorError, SnapshotError
from twin.matrix.model_state import ModelState
from twin.matrix.port import Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

_KEPT: Final = 4
"""Versions held at once: the one in use, and those that questions still go on with."""


class ServedSurrogate:
    """The version in use of a plant's learned model, behind the port.

    Each call looks at the alias, which costs a small file's reading. A state says which version made it, and that
    version goes on with it, whatever is in use by then: a question ends as it began.
    """

    def __init__(self, plant: str, library: Callable[[], Library] = Library.open, alias: str = IN_USE) -> None:
        self._plant, self._library, self._alias = plant, library, alias
        self._held: OrderedDict[int, Surrogate] = OrderedDict()
        self._current()

    @property
    def declaration(self) -> Declaration:
        """That of the version in use."""
        return self._current().declaration

    def start(self, twin: TwinSnapshot) -> ModelState:
        """By the version in use; see `Surrogate.start`."""
        return self._current().start(twin)

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """By the version that made the state; see `Surrogate.simulate`."""
        return self._that_made(state.model).simulate(state, scenario, watch)

    def margins(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the version in use; see `Surrogate.margins`."""
        return self._current().margins(times_s)

    def _current(self) -> Surrogate:
        try:
            return self._version(self._library().pointed(self._plant, self._alias))
        except LearnedFileError as error:
            raise MissingSimulatorError(error.message, remedy=error.remedy) from error

    def _that_made(self, model: str) -> Surrogate:
        name, _, version = model.rpartition("/")
        if name != f"{self._plant}/surrogate" or not version.isdecimal():
            raise SnapshotError(
                f"a state of {model} was given to {self._plant}/surrogate",
                remedy="start the model from a snapshot of the twin",
            )
        try:
            return self._version(int(version))
        except LearnedFileError as error:
            raise SnapshotError(error.message, remedy="start again with the version in use") from error

    def _version(self, version: int) -> Surrogate:
        if version not in self._held:
            self._held[version] = Surrogate(self._library().content(self._plant, version))
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        self._held.move_to_end(version)
        return self._held[version]


def williams_otto() -> ServedSurrogate:
    """The learned model of the Williams-Otto reactor, for the registry."""
    return ServedSurrogate("williams-otto")


def tennessee_eastman() -> ServedSurrogate:
    """The learned model of the Tennessee Eastman plant, for the registry."""
    return ServedSurrogate("tennessee-eastman")
