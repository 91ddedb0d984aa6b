"""Conditions on values: limits and thresholds with deadband, delays and cool-down, as arrays of states in and out.

A limit becomes active when the value reaches it and clears when the value has come back by more than the deadband
(ISA-18.2-2016, 5.2.3.3 names deadband and the delays; the comparison is the usual one of alarm systems). A condition
that must hold for a while before it counts, and must not count again for another while, is `advance`'s.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
States = NDArray[np.int8]
Flags = NDArray[np.bool_]
Times = NDArray[np.int64]

NEVER: Final = -(2**62)
"""Time of what never was; far enough in the past, and near enough that a time less this is a number still."""


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


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of n values, each of shape (n,), in the values' own units; `above` tells upper from lower ones."""

    limit: Values
    deadband: Values
    above: Flags


def beyond(previous: Flags, values: Values, thresholds: Thresholds) -> Flags:
    """Whether each value is beyond its threshold, given whether it was before; shape (n,).

    Reached is beyond. It ends when the value has come back by more than the deadband. A value that is not a number
    leaves it as it was.
    """
    sign = np.where(thresholds.above, 1.0, -1.0)
    excess = sign * values - sign * thresholds.limit
    now = (excess >= 0.0) | (previous & (excess >= -thresholds.deadband))
    return np.where(np.isnan(values), previous, now)


@dataclass(frozen=True, slots=True)
class Delays:
    """How long n conditions wait, each of shape (n,), in the unit of the times, none negative.

    A condition is active after it has held for `on`, and until it has not held for `off`. After it was called, it is
    not called again for `cool_down`.
    """

    on: Times
    off: Times
    cool_down: Times


@dataclass(frozen=True, slots=True)
class Delayed:
    """State of n delayed conditions, each array of shape (n,).

    `holds` is what each condition was last, `since` when it became that, `active` what is left of it after the delays,
    `waiting` whether it became active and has not been called for that, `called` when it was called last.
    """

    holds: Flags
    since: Times
    active: Flags
    waiting: Flags
    called: Times

    @classmethod
    def start(cls, conditions: int) -> "Delayed":
        """No condition has ever held."""
        never = np.full(conditions, NEVER, dtype=np.int64)
        no = np.zeros(conditions, dtype=np.bool_)
        return cls(holds=no, since=never, active=no, waiting=no, called=never)


def advance(state: Delayed, holds: Flags, time: int, delays: Delays) -> tuple[Delayed, Flags]:
    """The state at `time`, and which conditions are called at that moment.

    A condition is called once each time it becomes active; where that falls into its cool-down, at the end of it,
    unless it is no longer active by then.

    Parameters
    ----------
    state
        State before; not changed.
    holds
        Whether each condition holds at `time`, shape (n,).
    time
        Not before any time given earlier, in the unit of the delays.
    delays
        Delays of the same n conditions.

    Returns
    -------
    tuple
        The state after, and flags of shape (n,).
    """
    since = np.where(holds == state.holds, state.since, time)
    waited = time - since
    active = np.where(holds, state.active | (waited >= delays.on), state.active & (waited < delays.off))
    waiting = active & (state.waiting | ~state.active)
    calls = waiting & (time - state.called >= delays.cool_down)
    after = Delayed(holds.copy(), since, active, waiting & ~calls, np.where(calls, time, state.called))
    return after, calls
