"""Recipes: what a learned model of a plant is taught, from how much, and how large it is.

A recipe is a TOML file beside the plant's. Under `varied` stand the inputs and parameters of the process model that the
learned one shall know, each with the range in which it is taught, with units:

    process_model = "williams-otto"
    every = "30 s"
    [varied]
    "TIC-101.SP" = ["70 degC", "100 degC"]
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.atlas.faults import did_you_mean
from twin.atlas.quantities import Quantity
from twin.atlas.units import UnitError, parse_duration
from twin.daedalus.errors import RecipeError
from twin.matrix.declaration import Declaration, Variable

LEAST_RUNS: Final = 10
"""Fewer cannot be parted into those to learn from, to give bands and to judge by."""


class _Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    process_model: str
    every: str
    window: str
    run: str
    settling: str
    change_every: str
    runs: int
    epochs: int
    hidden: int
    context: int
    varied: dict[str, tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is taught, and how.

    Parameters
    ----------
    process_model
        Key of the process model that the learned one stands beside.
    every_s
        Step of the recurrence, s; between its points a trajectory is straight.
    window_s
        How far ahead it is taught to look, s; it may be asked to look further.
    run_s, settling_s, change_every_s
        Length of a simulated run, how much of its beginning is left out, and the mean time between two changes in it.
    runs, epochs, hidden, context
        Number of runs and of passes over them, units of the recurrence, and numbers that describe where it begins.
    varied
        Inputs and parameters with the range taught, in their units.
    """

    process_model: str
    every_s: float
    window_s: float
    run_s: float
    settling_s: float
    change_every_s: float
    runs: int
    epochs: int
    hidden: int
    context: int
    varied: tuple[Variable, ...]

    @classmethod
    def parse(cls, text: str, declaration: Declaration) -> "Recipe":
        """Read a recipe for the process model declared.

        Raises
        ------
        RecipeError
            For the first thing that makes no sense: its field, value and remedy.
        """
        written = _read(text)
        if written.runs < LEAST_RUNS or min(written.epochs, written.hidden, written.context) < 1:
            raise RecipeError(
                f"runs {written.runs}, epochs {written.epochs}, hidden {written.hidden}, context {written.context}",
                remedy=f"give {LEAST_RUNS} runs or more, and 1 or more of the others",
            )
        lengths = {
            name: _seconds(name, getattr(written, name))
            for name in ("every", "window", "run", "settling", "change_every")
        }
        if not lengths["every"] < lengths["window"] <= lengths["run"] - lengths["settling"]:
            raise RecipeError(
                f"every {written.every}, window {written.window}, run {written.run}, settling {written.settling}",
                remedy="let a run, after settling, hold a window, and a window many steps",
            )
        varied = tuple(_varied(name, *texts, declaration) for name, texts in written.varied.items())
        if not any(one.name in declaration.input_index for one in varied):
            raise RecipeError(
                "nothing that an operator sets is varied", remedy="name one of the model's inputs at least"
            )
        return cls(
            process_model=written.process_model,
            **{f"{name}_s": value for name, value in lengths.items()},
            runs=written.runs,
            epochs=written.epochs,
            hidden=written.hidden,
            context=written.context,
            varied=varied,
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of what is varied, in order."""
        return tuple(one.name for one in self.varied)

    @cached_property
    def spans(self) -> NDArray[np.float64]:
        """Widths of the ranges taught; shape (varied,)."""
        return np.array([one.high - one.low for one in self.varied])

    def drawn(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """One value of each, evenly from its range; shape (varied,)."""
        return np.array([rng.uniform(one.low, one.high) for one in self.varied])

    def inputs(self, declaration: Declaration) -> tuple[Variable, ...]:
        """What of it an operator sets."""
        return _those(self.varied, declaration.input_index)

    def parameters(self, declaration: Declaration) -> tuple[Variable, ...]:
        """What of it acts on the process or ages."""
        return _those(self.varied, declaration.parameter_index)


def process_model_of(text: str) -> str:
    """Key of the process model that a recipe is for; raises `RecipeError` where it is no recipe."""
    return _read(text).process_model


def _read(text: str) -> _Written:
    try:
        return msgspec.convert(tomllib.loads(text), _Written)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        remedy = "write it like those of the plants that ship"
        raise RecipeError(f"this is no recipe: {error}", remedy=remedy) from error


def _those(varied: Iterable[Variable], names: Iterable[str]) -> tuple[Variable, ...]:
    wanted = set(names)
    return tuple(one for one in varied if one.name in wanted)


def _seconds(field: str, text: str) -> float:
    try:
        return parse_duration(text)
    except UnitError as error:
        raise RecipeError(f"{field}: {error.message}", remedy=error.remedy or "write it like 30 s or 4 h") from error


def _varied(name: str, low: str, high: str, declaration: Declaration) -> Variable:
    variable = declaration.changeable.get(name)
    if variable is None or variable.states:
        near = did_you_mean(name, declaration.changeable, "name a setpoint, an output or a parameter")
        raise RecipeError(f"varied: {declaration.title} has no number '{name}' that could be varied", remedy=near)
    try:
        least, most = (Quantity.parse(text).value_in(variable.unit) for text in (low, high))
    except UnitError as error:
        raise RecipeError(f"varied.{name}: {error.message}", remedy=error.remedy or "write 70 degC, say") from error
    if not variable.low <= least < most <= variable.high:
        raise RecipeError(
            f"varied.{name}: {low} to {high} is not within {variable.written(variable.low)} to "
            f"{variable.written(variable.high)}",
            remedy="give a range within it, low before high",
        )
    return replace(variable, low=least, high=most, nominal=min(most, max(least, variable.nominal)))
