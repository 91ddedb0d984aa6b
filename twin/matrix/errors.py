"""Errors of process models: whatever simulator stands behind the port, what goes wrong is one of these.

    AtlasError
    `-- MatrixError                 a process model could not answer
        |-- ScenarioError           an impossible question; `faults` names every field
        |-- SnapshotError           the twin does not tell what the model must know to begin
        |-- UnsupportedError        a capability that this model does not have
        |-- DivergedError           the equations found no solution
        |-- OutOfRangeError         a state or parameter outside what the model is valid for
        |-- UnknownModelError       a key that no model is registered under
        |-- UnusableModelError      what is registered or described makes no process model
        |-- MissingSimulatorError   the simulator is not installed
        |-- LicenceError            the simulator got no licence, or lost it
        |-- SimulationTimeoutError  the run took longer than it was given
        |-- SimulationCancelledError  whoever asked does not want the answer any more
        `-- CrashedError            the simulator ended or hangs

`retryable` says whether the same question may succeed when it is asked again.
"""

from collections.abc import Sequence
from typing import ClassVar

from twin.atlas.errors import AtlasError
from twin.atlas.faults import Fault


class MatrixError(AtlasError):
    """A process model could not answer."""

    retryable: ClassVar[bool] = False


class ScenarioError(MatrixError):
    """A question that cannot be asked of this model, with all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class SnapshotError(MatrixError):
    """The twin does not tell what the model must know to begin."""


class UnsupportedError(MatrixError):
    """A capability that this model does not have."""


class DivergedError(MatrixError):
    """The model's equations found no solution."""


class OutOfRangeError(MatrixError):
    """A state, input or parameter outside the range that the model is valid for."""


class UnknownModelError(MatrixError):
    """A key that no process model is registered under."""


class UnusableModelError(MatrixError):
    """What is registered or described makes no process model."""


class MissingSimulatorError(MatrixError):
    """The simulator is not installed."""


class LicenceError(MatrixError):
    """The simulator got no licence, or lost it while it ran."""

    retryable = True


class SimulationTimeoutError(MatrixError):
    """The run took longer than it was given."""

    retryable = True


class SimulationCancelledError(MatrixError):
    """The run was cancelled."""

    def __init__(self) -> None:
        super().__init__("the simulation was cancelled", remedy="ask again if it is still wanted")


class CrashedError(MatrixError):
    """The simulator ended or hangs."""

    retryable = True
