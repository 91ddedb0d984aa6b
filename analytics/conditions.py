"""Conditions on values: limits with deadband, as arrays of states in and out.

A limit becomes active when the value reaches it and clears when the value has come back by more than the deadband
(ISA-18.2-2016, 5.2.3.3 names deadband and the delays; the comparison is the usual one of alarm systems).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
States = NDArray[np.int8]


class LimitState(IntEnum):
    """Which limit of a tag is active; the sign tells the side, the size the severity."""

    LOW_LOW = -2
    LOW = -1
    NONE = 0
    HIGH = 1
    HIGH_HIGH = 2


@dataclass(frozen=True, slots=True)
class LimitArrays:
    """Limits of n tags, each of shape (n,) in the tags' own units; a limit that a tag lacks is infinite."""

    low_low: Values
    low: Values
    high: Values
    high_high: Values
    deadband: Values

    def take(self, positions: NDArray[np.intp]) -> "LimitArrays":
        """The limits of the positions given; each array of shape (m,)."""
        return LimitArrays(
            self.low_low[positions],
            self.low[positions],
            self.high[positions],
            self.high_high[positions],
            self.deadband[positions],
        )


def limit_states(previous: States, values: Values, limits: LimitArrays) -> States:
    """The limit state of each value, given the state before it.

    Parameters
    ----------
    previous
        States before these values, shape (n,).
    values
        Values in the tags' units, shape (n,); one that is not a number leaves its state as it was.
    limits
        Limits of the same n tags.

    Returns
    -------
    States
        `LimitState` numbers, shape (n,), int8.
    """
    clears_low, clears_high = values - limits.deadband, values + limits.deadband
    high_high = (values >= limits.high_high) | ((previous >= 2) & (clears_high >= limits.high_high))
    high = (values >= limits.high) | ((previous >= 1) & (clears_high >= limits.high))
    low_low = (values <= limits.low_low) | ((previous <= -2) & (clears_low <= limits.low_low))
    low = (values <= limits.low) | ((previous <= -1) & (clears_low <= limits.low))
    states = np.zeros(len(values), dtype=np.int8)
    for state, holds in ((-1, low), (-2, low_low), (1, high), (2, high_high)):
        np.copyto(states, state, where=holds)
    np.copyto(states, previous, where=np.isnan(values))
    return states
