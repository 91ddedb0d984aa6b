"""An ensemble of reactors, stepped second by second with the plant's own control system, all members at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.matrix.loop import MAN
from twin.matrix.scenario import Change, value_at
from twin.matrix.williams_otto.control import LOOPS, SETTINGS, ReactorControl
from twin.matrix.williams_otto.declared import FIELD_OF
from twin.matrix.williams_otto.equations import Functions, Surroundings, derivatives, integrate, measurements

ARRAYS = Functions(np.exp, np.sqrt, np.maximum)

LONGEST_HELD_STEP_S = 2.0
"""The valves' lag is 3 s: with valves that stand still, a step of two seconds errs by less than a thousandth of it."""

_PLACES = {signal.name: at for at, signal in enumerate(SETTINGS)}
_EACH = len(SETTINGS) // len(LOOPS)
_PER_MEMBER = ("setpoint", "output")
_FIELDS = ("setpoint", "output", "mode", "gain", "reset_s", "rate_s")

Array = NDArray[np.float64]


def alike(inputs: Array) -> bool:
    """Whether all members have the same modes and tuning, as an ensemble stepped at once must."""
    common = [at for at in range(len(SETTINGS)) if at % _EACH >= len(_PER_MEMBER)]
    return bool(np.all(inputs[:, common] == inputs[:1, common]))


class SampledReactors:
    """The members' processes and loops; arrays have shape (members, ...) and are this object's own.

    A scan of the plant measures, controls and advances; here a second advances, measures and controls. What is handed
    over between two calls is then whole: outputs already answer the measurements of the same moment.
    """

    def __init__(self, states: Array, parameters: Array, inputs: Array) -> None:
        """Go on from a state whose members are `alike`; shapes (members, 13), (members, 10), (members, 30)."""
        self._state: list[Array] = list(states.T.copy())
        self._around = Surroundings(*parameters.T.copy())
        self._members = len(states)
        self._begun: dict[Change, Any] = {}
        measured = measurements(self._state, self._around)[: len(LOOPS)]
        closed: list[Any] = [np.zeros(len(states))] * 4
        self._control = ReactorControl(measured, closed)
        for loop, columns in zip(self._control.loops.values(), np.split(inputs.T, len(LOOPS)), strict=True):
            for field, column in zip(_FIELDS, columns, strict=True):
                setattr(loop, field, column.copy() if field in _PER_MEMBER else float(column[0]))
            loop.mode = int(loop.mode)
        self._prime(measured)

    def _prime(self, measured: list[Array]) -> None:
        rates: list[Array] | None = None
        for at, (loop, value) in enumerate(zip(self._control.loops.values(), measured, strict=True)):
            loop.prime(value)  # type: ignore[arg-type]  # a loop takes the arrays of an ensemble
            if loop.rate_s and loop.mode != MAN:
                rates = self._moving() if rates is None else rates
                loop.last_change = 100.0 * rates[at] / (loop.high - loop.low)  # type: ignore[assignment]

    def _moving(self) -> list[Array]:
        """By how much the loops' measurements change in a second."""
        change = derivatives(self._state, self._control.valves, self._around, ARRAYS)
        after = [value + 1e-3 * rate for value, rate in zip(self._state, change, strict=True)]
        pairs = zip(measurements(after, self._around), measurements(self._state, self._around), strict=True)
        return [1e3 * (late - early) for late, early in pairs][: len(LOOPS)]

    def take(self, change: Change, second: int) -> None:
        """Do what a change that the plan has checked asks for in this second, for all members."""
        if not change.start_s <= second < change.end_s + 1.0:
            return
        before = self._begun.setdefault(change, self._value(change.name))
        value: Any = value_at([change], {change.name: before}, second)[change.name]
        if change.name in FIELD_OF:
            setattr(self._around, FIELD_OF[change.name], np.full(self._members, value))
        else:
            self._control.put(change.name, value)

    def _value(self, name: str) -> Any:
        if name in FIELD_OF:
            return getattr(self._around, FIELD_OF[name])
        return self._control.read()[_PLACES[name]]

    def advance(self, seconds: int) -> None:
        """Run process and control for whole seconds."""
        # A reactor that runs empty divides by nothing; whoever called finds it in the state.
        with np.errstate(all="ignore"):
            for _ in range(seconds):
                self._state = integrate(self._state, self._control.valves, self._around, 1.0, 1, ARRAYS)
                self._control.update(measurements(self._state, self._around)[: len(LOOPS)], 1.0)

    def drift(self, seconds: float) -> None:
        """Run the process alone; valves stand still."""
        steps = int(np.ceil(seconds / LONGEST_HELD_STEP_S))
        with np.errstate(all="ignore"):
            self._state = integrate(self._state, self._control.valves, self._around, seconds, steps, ARRAYS)

    @property
    def states(self) -> Array:
        """Shape (members, 13)."""
        return np.stack(self._state, axis=1)

    @property
    def inputs(self) -> Array:
        """Shape (members, 30)."""
        return np.stack([np.broadcast_to(value, self._members) for value in self._control.read()], axis=1)

    @property
    def parameters(self) -> Array:
        """Shape (members, 10)."""
        fields = Surroundings.__slots__
        return np.stack([getattr(self._around, field) for field in fields], axis=1)
