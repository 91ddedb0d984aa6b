"""What truth trials need of the plants that they are about: many of one kind, run side by side, that tell all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.estimation.ensemble_filter import Measured
from twin.matrix.declaration import Declaration

Floats = NDArray[np.float64]

Drift = Callable[[Any, float], None]
"""Changes a plant behind everyone's back; given the plant's model and the seconds since it began."""


@dataclass(frozen=True, kw_only=True)
class Surprises:
    """What the plants do and the twin isn't told: a drift for each seed, and the noise of the instruments.

    `deviations` are in the order of the plant's instruments; the composition root takes both from the simulated plants.
    """

    make_drift: Callable[[int], Drift]
    deviations: Sequence[float]


class Fleet(Protocol):
    """Plants of one kind, all at the same second; arrays have one row for each plant."""

    @property
    def declaration(self) -> Declaration:
        """Of the plants' model: outputs and inputs are in its order."""

    @property
    def now_s(self) -> int:
        """Seconds since the plants began."""

    def go_on(self, seconds: int) -> None:
        """Run all plants."""

    def write(self, name: str, value: float) -> None:
        """Write a setting of all plants, as an operator would."""

    def truth(self) -> Floats:
        """The outputs as they are, without noise; shape (plants, outputs). NaN for a plant that has tripped."""

    def shown(self) -> Floats:
        """The outputs as the instruments would show them at this moment; shape (plants, outputs)."""

    def readings(self) -> list[list[Measured]]:
        """What each plant reported since it was asked last: instruments now, analysers' results with their time."""

    def settings(self) -> Floats:
        """Settings now; shape (plants, inputs)."""

    def meanwhile(self) -> dict[str, Floats]:
        """Valves by input name, each the mean since it was asked last; shape (plants,)."""
