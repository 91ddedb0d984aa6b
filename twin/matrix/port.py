"""The port to process models: simulators, our own equations, AI models and blends of them all look like this.

A model declares its variables, makes a state of what the twin knows, and answers a scenario with a trajectory. All
that it needs is in the `ModelState` that it is given, so that two questions never meet inside it. What it can do beyond
that stands in its declaration's `capabilities`; each is a protocol of its own here.

Everything that goes wrong is a `twin.matrix.errors.MatrixError`. `twin.matrix.contract` is the suite that every model
passes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Declaration
from twin.matrix.model_state import ModelState
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

Watch = Callable[[float], None]
"""Called several times a second while a model runs, with the part done, 0 to 1.

It ends the run by raising what the caller shall get: `SimulationCancelledError`, `SimulationTimeoutError`.
"""


def unwatched(done: float) -> None:
    """Nobody watches."""


class ProcessModel(Protocol):
    """A model of a process with its control system."""

    @property
    def declaration(self) -> Declaration:
        """What the model says of itself."""

    def start(self, twin: TwinSnapshot) -> ModelState:
        """One member's state from what the twin knows, so that nothing jumps when the model goes on from it.

        Raises
        ------
        SnapshotError
            Where the twin does not tell what must be known.
        """

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """Run every member of `state` through the scenario; the state itself stays as it is.

        Raises
        ------
        MatrixError
            One of `twin.matrix.errors`, or what `watch` raised.
        """


@runtime_checkable
class SteppableModel(Protocol):
    """Capability `step`: for whoever goes along with the live plant, like an estimator."""

    def outputs(self, state: ModelState) -> NDArray[np.float64]:
        """What the declared outputs are in this state, without noise; shape (members, outputs)."""

    def step(self, state: ModelState, duration_s: float, *, hold: bool = False) -> ModelState:
        """The state after `duration_s`, a whole number of seconds.

        With `hold` the control system does nothing: valves stay where `follow` put them.
        """

    def follow(self, state: ModelState, settings: Mapping[str, float]) -> ModelState:
        """The same process with the settings that the plant has now, by input name, in the inputs' units.

        They are taken as they stand, whatever the modes: this is what the control system did, not a wish to it.
        Inputs that are not named stay.
        """


@runtime_checkable
class DifferentiableModel(Protocol):
    """Capability `gradients`."""

    def sensitivities(
        self, state: ModelState, scenario: Scenario, to: Sequence[str], watch: Watch = unwatched
    ) -> tuple[Trajectory, NDArray[np.float64]]:
        """The trajectory of a single member, and its derivatives; shape (times, outputs, len(to)).

        `to` names inputs that the scenario changes (by their final value) and parameters, whose derivatives hold for
        their value at the start. Derivatives are in the units of output and variable.
        """
