"""Key figures of a trajectory: profit, or any expression over the model's outputs, with their slopes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.atlas.array_expressions import ArrayExpression
from twin.atlas.economics import Economics
from twin.atlas.prices import PriceBook
from twin.atlas.units import Conversion, conversion
from twin.matrix.trajectory import Trajectory

Array = NDArray[np.float64]

_STEP: Final = 1e-6
"""Of an output for the slope of a key figure, as a share of its size: the cube root of a double's precision or so."""


@dataclass(frozen=True)
class Kpi:
    """A figure over time, from outputs of a model in the units that the model tells them in.

    Parameters
    ----------
    name, unit
        For people.
    inputs
        Names of the outputs that it needs.
    of
        From the outputs by name, each of the same shape, to the figure in that shape.
    """

    name: str
    unit: str
    inputs: tuple[str, ...]
    of: Callable[[Mapping[str, ArrayLike]], Array]

    @classmethod
    def expression(cls, name: str, value: ArrayExpression, unit: str, lines: Mapping[str, Conversion]) -> "Kpi":
        """An expression; `lines` turn each output from the model's unit into the one that it is written in."""
        return cls(
            name,
            unit,
            value.inputs,
            lambda given: value({n: lines[n].scale * np.asarray(given[n]) + lines[n].offset for n in value.inputs}),
        )

    @classmethod
    def profit(cls, economics: Economics, units: Mapping[str, str], prices: PriceBook, at: datetime) -> "Kpi":
        """Money per hour at the prices of an instant; `units` are the model's, by output."""
        unit = f"{economics.currency}/h"
        return cls("profit", unit, economics.inputs, lambda given: economics.rate(given, units, prices, at).total)

    def over(self, trajectory: Trajectory) -> Array:
        """The figure at each time; shape (members, times)."""
        told = self.of({name: trajectory[name] for name in self.inputs})
        return np.broadcast_to(told, trajectory.values.shape[:2])

    def slopes(self, trajectory: Trajectory, derivatives: Array) -> Array:
        """How the figure of a single member depends on what the outputs depend on; shape (times, to).

        Parameters
        ----------
        trajectory, derivatives
            As `twin.matrix.port.DifferentiableModel.sensitivities` gives them.
        """
        given = {name: trajectory[name][0] for name in self.inputs}
        slopes = np.zeros((len(trajectory.times_s), derivatives.shape[2]))
        for name in self.inputs:
            step = _STEP * np.maximum(1.0, np.abs(given[name]))
            up, down = (self.of(given | {name: given[name] + sign * step}) for sign in (1.0, -1.0))
            slopes += ((up - down) / (2.0 * step))[:, None] * derivatives[:, trajectory.names.index(name), :]
        return slopes


def lines_to(expressed: Mapping[str, str], told: Mapping[str, str]) -> dict[str, Conversion]:
    """How to turn outputs, told in the model's units, into those of expressions; raises `UnitError`."""
    return {name: conversion(told[name], unit) for name, unit in expressed.items() if name in told}
