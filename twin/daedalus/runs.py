"""Runs: what a process did while its settings moved, on an even grid; simulated or out of a plant's history."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.daedalus.driving import driving
from twin.daedalus.recipe import Recipe
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.errors import MatrixError
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, Watch, unwatched
from twin.matrix.scenario import Change, Scenario
from twin.matrix.snapshot import TwinSnapshot

Array = NDArray[np.float64]

_SOON_S = 1.0
"""Half of the changes begin so soon after a point of the grid, as those of a question do after its beginning."""


@dataclass(frozen=True, eq=False)
class Run:
    """One stretch of a process's life.

    `outputs` has shape (times, outputs) by the process model's declaration; `levels` and `means` shape (times, varied)
    as in `driving`. Where the instruments are known to be noisy, so are the outputs.
    """

    outputs: Array
    levels: Array
    means: Array

    def __len__(self) -> int:
        return len(self.outputs)


def simulated_runs(model: ProcessModel, recipe: Recipe, seed: int, watch: Watch = unwatched) -> Iterator[Run]:
    """Runs of the process model through random changes from random beginnings.

    A run that the process model cannot finish is left out; one that trips ends a step before. The same seed gives the
    same runs, whatever their number.
    """
    start = model.start(usual(model.declaration))
    for number in range(recipe.runs):
        watch(number / recipe.runs)
        rng = np.random.default_rng([seed, number])
        try:
            run = _run(model, start, recipe, rng)
        except MatrixError:
            continue
        if len(run) * recipe.every_s > recipe.window_s:
            yield run


def usual(declaration: Declaration) -> TwinSnapshot:
    """A plant that is as its model usually is."""
    variables = (*declaration.outputs, *declaration.inputs)
    return TwinSnapshot("usual", {v.name: v.nominal for v in variables}, {v.name: v.unit for v in variables})


def _run(model: ProcessModel, start: ModelState, recipe: Recipe, rng: np.random.Generator) -> Run:
    declared = model.declaration
    begun = dict(zip(recipe.names, recipe.drawn(rng).tolist(), strict=True))
    parameters = start.parameters.copy()
    for name in begun.keys() & declared.parameter_index.keys():
        parameters[:, declared.parameter_index[name]] = begun[name]
    first = [
        Change(name=name, value=value, unit=declared.changeable[name].unit)
        for name, value in begun.items()
        if name in declared.input_index
    ]
    scenario = Scenario(
        changes=(*first, *_changes(recipe, declared, begun, rng)), horizon_s=recipe.run_s, every_s=recipe.every_s
    )
    told = model.simulate(start.with_parameters(parameters), scenario)
    trip, settled = told.trips[0], round(recipe.settling_s / recipe.every_s)
    end = len(told.times_s) if trip is None else int(np.searchsorted(told.times_s, trip.time_s)) - 1
    levels, means = driving(scenario.changes, begun, recipe.names, told.times_s)
    return Run(told.values[0, settled:end], levels[settled:end], means[settled:end])


def _changes(
    recipe: Recipe, declared: Declaration, begun: dict[str, float], rng: np.random.Generator
) -> Iterator[Change]:
    """Steps and ramps of one or two quantities at a time, settings oftener than what nobody writes."""
    free_s = dict.fromkeys(recipe.names, recipe.settling_s)
    likely = np.array([3.0 if name in declared.input_index else 1.0 for name in recipe.names])
    now_s, levels = recipe.settling_s, dict(begun)
    while (now_s := now_s + rng.exponential(recipe.change_every_s)) < recipe.run_s - 2.0 * recipe.every_s:
        soon = np.floor(now_s / recipe.every_s) * recipe.every_s + _SOON_S
        start_s = float(soon if rng.random() < 0.5 else max(now_s, soon))
        for at in rng.choice(len(recipe.varied), size=1 + (rng.random() < 0.3), replace=False, p=likely / likely.sum()):
            variable = recipe.varied[at]
            over_s = float(rng.uniform(300.0, 3600.0)) if rng.random() < 0.35 else 0.0
            aim = _aim(variable, levels[variable.name], rng)
            if free_s[variable.name] < start_s and start_s + over_s < recipe.run_s:
                free_s[variable.name], levels[variable.name] = start_s + over_s, aim
                yield Change(name=variable.name, value=aim, unit=variable.unit, start_s=start_s, over_s=over_s)


def _aim(variable: Variable, now: float, rng: np.random.Generator) -> float:
    """Where it goes: as often near by as anywhere."""
    near = now + 0.15 * (variable.high - variable.low) * rng.standard_normal()
    if rng.random() < 0.5:
        return float(np.clip(near, variable.low, variable.high))
    return float(rng.uniform(variable.low, variable.high))
