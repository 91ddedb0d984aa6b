"""Triggers: when the state of a plant calls for a simulation or an optimisation.

Conditions are small objects that combine: a threshold with hysteresis on one tag, all of several, any of several.
`Watch` follows all triggers of a plant at once, as arrays, and holds no state: it is given the state and returns it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import Delayed, Delays, Thresholds, advance, beyond

Calls = Literal["simulation", "optimisation"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A tag is at or beyond a limit, until it has come back by more than the hysteresis; both in its stored unit."""

    tag: str
    limit: float
    hysteresis: float = 0.0
    above: bool = True

    def __and__(self, other: "Condition") -> "AllOf":
        return AllOf((self, other))

    def __or__(self, other: "Condition") -> "AnyOf":
        return AnyOf((self, other))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the conditions holds."""

    parts: tuple["Condition", ...]

    def __and__(self, other: "Condition") -> "AllOf":
        return AllOf((*self.parts, other))

    def __or__(self, other: "Condition") -> "AnyOf":
        return AnyOf((self, other))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions holds."""

    parts: tuple["Condition", ...]

    def __and__(self, other: "Condition") -> "AllOf":
        return AllOf((self, other))

    def __or__(self, other: "Condition") -> "AnyOf":
        return AnyOf((*self.parts, other))


Condition = Threshold | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Trigger:
    """What is called for once a condition has held for `hold_s`, and again `cool_down_s` later at the earliest.

    `changes` and `horizon` are what a simulation tries, as a question writes them: no change looks at what happens if
    nobody does anything, an empty horizon is the usual one.
    """

    name: str
    when: Condition
    calls: Calls
    hold_s: float = 0.0
    cool_down_s: float = 0.0
    changes: tuple[str, ...] = ()
    horizon: str = ""


def thresholds_of(condition: Condition) -> Iterator[Threshold]:
    """The thresholds that a condition is made of, from left to right."""
    if isinstance(condition, Threshold):
        yield condition
    else:
        for part in condition.parts:
            yield from thresholds_of(part)


@dataclass(frozen=True, slots=True)
class WatchState:
    """Which thresholds are passed, shape (thresholds,), and how long each trigger's condition has held."""

    passed: Flags
    delayed: Delayed


@dataclass(frozen=True)
class Watch:
    """Follows triggers over the states of a plant; make one with `Watch.of`, then call it state by state.

    >>> import numpy as np
    >>> hot = Trigger("hot", Threshold("TI-1.PV", 90.0, hysteresis=2.0), "simulation", hold_s=10)
    >>> watch = Watch.of([hot], {"TI-1.PV": 0})
    >>> state, called = watch(watch.start(), np.array([95.0]), time=0)
    >>> state, called = watch(state, np.array([89.0]), time=10_000_000)
    >>> [trigger.name for trigger in called]
    ['hot']
    """

    triggers: tuple[Trigger, ...]
    positions: NDArray[np.intp]
    thresholds: Thresholds
    delays: Delays
    _combine: Callable[[Flags], Flags] = field(repr=False)

    @classmethod
    def of(cls, triggers: Iterable[Trigger], positions: Mapping[str, int]) -> "Watch":
        """Follow these triggers; `positions` tells where each tag stands in the values."""
        triggers = tuple(triggers)
        leaves = [leaf for trigger in triggers for leaf in thresholds_of(trigger.when)]
        numbers = iter(range(len(leaves)))
        rules = [_closure(trigger.when, numbers) for trigger in triggers]
        return cls(
            triggers=triggers,
            positions=np.array([positions[leaf.tag] for leaf in leaves], dtype=np.intp),
            thresholds=Thresholds(
                limit=np.array([leaf.limit for leaf in leaves], dtype=np.float64),
                deadband=np.array([leaf.hysteresis for leaf in leaves], dtype=np.float64),
                above=np.array([leaf.above for leaf in leaves], dtype=np.bool_),
            ),
            delays=Delays(
                on=_microseconds(trigger.hold_s for trigger in triggers),
                off=np.zeros(len(triggers), dtype=np.int64),
                cool_down=_microseconds(trigger.cool_down_s for trigger in triggers),
            ),
            _combine=lambda passed: np.array([rule(passed) for rule in rules], dtype=np.bool_),
        )

    def start(self) -> WatchState:
        """No threshold has ever been passed."""
        return WatchState(np.zeros(len(self.positions), dtype=np.bool_), Delayed.start(len(self.triggers)))

    def __call__(
        self, state: WatchState, values: NDArray[np.float64], time: int, in_force: Flags | None = None
    ) -> tuple[WatchState, tuple[Trigger, ...]]:
        """The state after these values, and what they call for.

        Parameters
        ----------
        state
            What the call before returned; not changed.
        values
            The plant's values by position in their stored units, shape (tags,); not-a-number where one can't be
            trusted, which leaves its thresholds as they were.
        time
            Microseconds UTC, not before that of the call before.
        in_force
            Which triggers count in the present operating modes, shape (triggers,); all of them if None.
        """
        passed = beyond(state.passed, values[self.positions], self.thresholds)
        holds = self._combine(passed)
        delayed, calls = advance(state.delayed, holds if in_force is None else holds & in_force, time, self.delays)
        return WatchState(passed, delayed), tuple(self.triggers[n] for n in np.flatnonzero(calls))


def _closure(condition: Condition, numbers: Iterator[int]) -> Callable[[Flags], bool]:
    """The condition as a function of its thresholds' flags, which are numbered in the order of `thresholds_of`."""
    if isinstance(condition, Threshold):
        number = next(numbers)
        return lambda passed: bool(passed[number])
    parts = [_closure(part, numbers) for part in condition.parts]
    combine = all if isinstance(condition, AllOf) else any
    return lambda passed: combine(part(passed) for part in parts)


def _microseconds(seconds: Iterable[float]) -> NDArray[np.int64]:
    return np.array([round(value * 1e6) for value in seconds], dtype=np.int64)
