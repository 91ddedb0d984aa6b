"""A PID control loop with modes, as a plant's own control system runs it.

The velocity form adds increments to the last, clamped output: it cannot wind up, and no change of mode, setpoint
source or tuning makes the output jump. Derivative action sees the measurement only, so that setpoint steps do not kick.
Measurements, setpoints and outputs may be arrays: the loops of an ensemble, which share modes and tuning.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

MAN, AUTO, CAS = 0, 1, 2
"""Modes by their integers in `twin.matrix.signal.MODES`."""


@dataclass(slots=True)
class Loop:
    """One loop's settings and memory.

    `gain` is percent of output per percent of the measured span; it is negative where the output must fall for the
    measurement to rise less, as on an outflow. `reset_s` and `rate_s` are seconds. `setpoint` is in the measurement's
    unit, `output` percent. `remote_setpoint` says whether CAS is a mode of this loop.
    """

    low: float
    high: float
    gain: float
    reset_s: float
    rate_s: float
    setpoint: float
    output: float
    mode: int = AUTO
    remote_setpoint: bool = False
    last_error: float = 0.0
    last_value: float = 0.0
    last_change: float = 0.0
    primed: bool = False

    def percent(self, value: float) -> float:
        """A value of the measurement as percent of its span."""
        return 100.0 * (value - self.low) / (self.high - self.low)

    def value(self, percent: float) -> float:
        """A percentage of the measurement's span as a value."""
        return self.low + 0.01 * percent * (self.high - self.low)

    def prime(self, measured: float) -> None:
        """Remember a measurement as the last one, so that the next sample moves by what changed since."""
        self.last_value, self.last_change, self.primed = self.percent(measured), 0.0, True
        self.last_error = self.percent(self.setpoint) - self.last_value

    def update(self, measured: float, step_s: float) -> float:
        """Take one measurement and return the output in percent; by hand the output stays."""
        value = self.percent(measured)
        if not self.primed:
            self.prime(measured)
        error = self.percent(self.setpoint) - value
        change = value - self.last_value
        if self.mode != MAN:
            move = error - self.last_error + step_s / self.reset_s * error
            move -= self.rate_s / step_s * (change - self.last_change)
            self.output = _clamped(self.output + self.gain * move, 0.0, 100.0)
        self.last_error, self.last_value, self.last_change = error, value, change
        return self.output

    def follow(self, setpoint: float) -> None:
        """Take a master's setpoint, clamped to the span; the proportional part answers it at once."""
        self.setpoint = _clamped(setpoint, self.low, self.high)


def _clamped(value: Any, low: float, high: float) -> Any:
    return np.clip(value, low, high) if isinstance(value, np.ndarray) else min(high, max(low, value))
