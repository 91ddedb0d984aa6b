"""What a process model offers to the field: one named value with its unit and range."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["measured", "setpoint", "output", "mode"]

MODES: tuple[str, ...] = ("MAN", "AUTO", "CAS")
"""Modes of a control loop in the order of their integers: by hand, own setpoint, setpoint from its master."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A value that a plant shows and, where it is no measurement, lets an operator write.

    `unit` is written so that pint parses it: `degC`, `kPa`, `percent`, `kg/s`, `m^3/h`, `dimensionless`, and "" for
    an enumeration. `low` and `high` are the instrument's range in that unit, `decimals` what a screen shows.
    `states` names the integers of an enumeration in order from 0.
    """

    name: str
    description: str
    unit: str
    low: float
    high: float
    decimals: int
    kind: Kind
    states: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"signal {self.name}: range {self.low} to {self.high} is empty; give low below high")


def measured(name: str, description: str, unit: str, low: float, high: float, decimals: int) -> Signal:
    """A measurement: nobody writes it."""
    return Signal(name=name, description=description, unit=unit, low=low, high=high, decimals=decimals, kind="measured")


def setpoint(name: str, description: str, unit: str, low: float, high: float, decimals: int) -> Signal:
    """A value that an operator sets."""
    return Signal(name=name, description=description, unit=unit, low=low, high=high, decimals=decimals, kind="setpoint")


def output(name: str, description: str) -> Signal:
    """A loop's output or a valve's position, percent."""
    return Signal(name=name, description=description, unit="percent", low=0.0, high=100.0, decimals=1, kind="output")


def mode(name: str, description: str) -> Signal:
    """A loop's mode, an enumeration of `MODES`."""
    return Signal(
        name=name,
        description=description,
        unit="",
        low=0.0,
        high=len(MODES) - 1.0,
        decimals=0,
        kind="mode",
        states=MODES,
    )


def state(name: str, description: str, states: tuple[str, ...]) -> Signal:
    """A measured enumeration; the words of `states` are numbered from 0."""
    return Signal(
        name=name,
        description=description,
        unit="",
        low=0.0,
        high=max(1.0, len(states) - 1.0),
        decimals=0,
        kind="measured",
        states=states,
    )


def tuning(loop: str, what: str) -> tuple[Signal, ...]:
    """Gain, reset time and rate time of a loop; the gain is percent of output by percent of the measured range."""
    return (
        setpoint(f"{loop}.KC", f"{what}, gain", "dimensionless", -100.0, 100.0, 3),
        setpoint(f"{loop}.TI", f"{what}, reset time", "s", 0.1, 100_000.0, 1),
        setpoint(f"{loop}.TD", f"{what}, rate time", "s", 0.0, 10_000.0, 1),
    )


def announced(disturbances: tuple[str, ...]) -> tuple[Signal, ...]:
    """The three signals that tell of disturbances: what comes next, in how many minutes, what acts now."""
    words = ("none", *disturbances)
    return (
        state("XS-901", "Next disturbance scheduled", words),
        measured("KI-901", "Time until the next disturbance", "min", 0.0, 120.0, 1),
        state("XS-902", "Disturbance now acting", words),
    )
