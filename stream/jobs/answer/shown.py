"""How a model's variables are told to people: in the plant's own units and decimals where the plant has such a tag."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.atlas.tags import Limits, Tag
from twin.atlas.units import Conversion, UnitError, conversion
from twin.matrix.declaration import Variable

Floats = NDArray[np.float64]

_SAME = Conversion(1.0, 0.0)
_DIGITS = 3
"""Digits that tell a variable's range well enough where no tag says how many decimals it has."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A variable as people read it; `conversion` leads from the model's unit to `unit`."""

    name: str
    description: str
    unit: str
    decimals: int
    low: float
    high: float
    limits: Limits
    states: tuple[str, ...]
    conversion: Conversion

    def values(self, told: ArrayLike) -> Floats:
        """Values in the model's unit as they are shown."""
        return np.asarray(told, dtype=np.float64) * self.conversion.scale + self.conversion.offset

    def number(self, told: float) -> float:
        """One value in the model's unit as it is shown."""
        return told * self.conversion.scale + self.conversion.offset

    def text(self, value: float) -> str:
        """A value that is shown, with its unit, or in the enumeration's word."""
        if self.states and value == int(value) and 0 <= value < len(self.states):
            return self.states[int(value)]
        return f"{value:.{self.decimals}f} {self.unit}".rstrip()


def shown(variable: Variable, tags: Mapping[str, Tag]) -> Shown:
    """How a variable is shown; a tag of the same name but of another kind of unit is taken for another thing."""
    tag = tags.get(variable.name)
    line = None if tag is None else _line(variable, tag)
    if tag is None or line is None:
        what, decimals = variable.description, _decimals(variable)
        return Shown(
            variable.name, what, variable.unit, decimals, variable.low, variable.high, Limits(), variable.states, _SAME
        )
    return Shown(tag.name, tag.description, tag.unit, tag.decimals, tag.low, tag.high, tag.limits, tag.states, line)


def _line(variable: Variable, tag: Tag) -> Conversion | None:
    if variable.unit == tag.unit or variable.states:
        return _SAME
    try:
        return conversion(variable.unit, tag.unit)
    except UnitError:
        return None


def _decimals(variable: Variable) -> int:
    if variable.states:
        return 0
    return min(6, max(0, _DIGITS - floor(log10(max(variable.high - variable.low, 1e-6)))))
