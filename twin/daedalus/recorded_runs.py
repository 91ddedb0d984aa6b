"""Runs out of a plant's recorded past: what its instruments said while its operators set what they set."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.daedalus.recipe import Recipe
from twin.daedalus.runs import Run
from twin.matrix.declaration import Declaration, Variable

Array = NDArray[np.float64]

_SILENT_S: Final = 300.0
"""A plant of which nothing at all was recorded for so long was not recorded meanwhile."""


_EVER_S: Final = 0.0
"""Before all that was recorded."""


@dataclass(frozen=True, eq=False)
class Record:
    """What was recorded of one tag: usable values at ascending times, s, each held until the next; both (n,)."""

    times_s: Array
    values: Array

    def held(self, times_s: Array) -> Array:
        """Its value at each time; NaN before the first."""
        at = np.searchsorted(self.times_s, times_s, side="right") - 1
        return np.where(at < 0, np.nan, np.append(self.values, np.nan)[at])

    def means(self, times_s: Array) -> Array:
        """Its mean since the time before, at each time but the first, where it is its value then."""
        marks = np.union1d(self.times_s, times_s)
        areas = np.nan_to_num(self.held(marks[:-1])) * np.diff(marks)
        reached = np.interp(times_s, marks, np.concatenate([[0.0], np.cumsum(areas)]))
        held = self.held(times_s)
        known = np.isfinite(held[:-1])
        means = np.where(known, np.diff(reached) / np.diff(times_s), np.nan)
        return np.concatenate([held[:1], means])


def recorded_runs(
    records: Mapping[str, Record], begin_s: float, end_s: float, recipe: Recipe, process: Declaration
) -> list[Run]:
    """Runs between two times, cut where something was not recorded or the plant was run in another way.

    Parameters
    ----------
    records
        By the name of the process model's output or input, in its units. A setting that was taught as it usually is,
        like a mode, may be left out: it is taken to have stood there. What acts on the process without being measured
        is taken to have stayed as it is usually, because nobody knows better.
    """
    times_s: Array = np.arange(begin_s, end_s, recipe.every_s, dtype=np.float64)
    outputs = np.stack([records.get(one.name, _NOTHING).held(times_s) for one in process.outputs], axis=1)
    driven = [_driven(variable, records, process) for variable in recipe.varied]
    levels = np.stack([record.held(times_s) for record in driven], axis=1)
    means = np.stack([record.means(times_s) for record in driven], axis=1)
    good = np.isfinite(np.concatenate([outputs, levels, means], axis=1)).all(axis=1)
    good &= _recorded(records, times_s) & _usual(records, times_s, recipe, process)
    longest = round((recipe.run_s - recipe.settling_s) / recipe.every_s)
    return [Run(outputs[part], levels[part], means[part]) for part in _stretches(good, longest)]


_NOTHING: Final = Record(np.empty(0), np.empty(0))


def _driven(variable: Variable, records: Mapping[str, Record], process: Declaration) -> Record:
    if variable.name in records or variable.name not in process.parameter_index:
        return records.get(variable.name, _NOTHING)
    return Record(np.array([_EVER_S]), np.array([variable.nominal]))


def _recorded(records: Mapping[str, Record], times_s: Array) -> NDArray[np.bool_]:
    """Whether anything came shortly before each time."""
    marks = np.unique(np.concatenate([record.times_s for record in records.values()] or [np.empty(0)]))
    latest = Record(marks, marks).held(times_s)
    return np.asarray(times_s - latest <= _SILENT_S)


def _usual(records: Mapping[str, Record], times_s: Array, recipe: Recipe, process: Declaration) -> NDArray[np.bool_]:
    """Whether settings that the recipe does not vary, and that no output shows, stand as they usually do."""
    usual = np.ones(len(times_s), dtype=bool)
    for variable in process.inputs:
        fixed = variable.name not in process.output_index and variable.name not in recipe.names
        if fixed and variable.name in records:
            usual &= _close(records[variable.name].held(times_s), variable)
    return usual


def _close(values: Array, variable: Variable) -> NDArray[np.bool_]:
    return np.asarray(np.abs(values - variable.nominal) <= 0.01 * abs(variable.nominal))


def _stretches(good: NDArray[np.bool_], longest: int) -> Iterator[slice]:
    """Parts that are good throughout, none longer than `longest`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        for first, last in pairwise([*range(begin, end, longest), end]):
            yield slice(first, last)
