"""Forecasts: an ensemble run through a scenario, each member with disturbances of its own.

What an estimate found goes on wandering. Over the horizon each unknown with a walk is shifted at once and then moves in
a straight line, so that its spread is the walk's at an eighth of the horizon and at the end. A random walk of many
steps would say the same of these times and cost a simulator's restart at each step.

The instruments' noise is no part of a curve; `twin.estimation.bands` adds it to the bands.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.estimation.plan import EstimatePlan, Unknown
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, Watch, unwatched
from twin.matrix.scenario import Change, Scenario
from twin.matrix.trajectory import Trajectory

Floats = NDArray[np.float64]

_EARLY: Final = 0.125
"""Share of the horizon at which the spread is right besides its end."""
_HOUR_S: Final = 3600.0


def forecast(
    model: ProcessModel,
    ensemble: ModelState,
    scenario: Scenario,
    *,
    plan: EstimatePlan,
    seed: int | Sequence[int],
    watch: Watch = unwatched,
) -> Trajectory:
    """Run every member through the scenario with a future of its own; the same seed gives the same futures.

    Two scenarios that are asked with one seed differ by their changes only, member by member.

    Parameters
    ----------
    model
        Any model with parameters that a scenario may change.
    ensemble
        The members of an estimate, `Estimate.ensemble`.
    scenario
        Changes and horizon; an unknown that it changes does not wander.
    plan
        Its unknowns' walks say how far each wanders in an hour.
    seed
        Of the futures.
    watch
        As in `ProcessModel.simulate`.

    Raises
    ------
    MatrixError
        What the model raised, or what `watch` raised.
    """
    walks = _walks(plan, model.declaration, scenario)
    if not walks:
        return model.simulate(ensemble, scenario, watch)
    shifted, ends = _futures(ensemble, walks, model.declaration, scenario.horizon_s, seed)
    told: list[Trajectory] = []
    for member in range(ensemble.members):

        def part(done: float, member: int = member) -> None:
            watch((member + done) / ensemble.members)

        drifts = tuple(
            Change(name=walk.name, value=float(end), unit=unit, over_s=scenario.horizon_s)
            for (walk, unit), end in zip(walks, ends[member], strict=True)
        )
        own = replace(scenario, changes=(*drifts, *scenario.changes))
        told.append(model.simulate(shifted.member(member), own, part))
    return joined_trajectories(told)


def joined_trajectories(told: Sequence[Trajectory]) -> Trajectory:
    """The members of several trajectories of one model and scenario in one."""
    values = np.concatenate([one.values for one in told])
    return replace(told[0], values=values, trips=tuple(trip for one in told for trip in one.trips))


def _walks(plan: EstimatePlan, declaration: Declaration, scenario: Scenario) -> list[tuple[Unknown, str]]:
    changed = {change.name for change in scenario.changes}
    return [
        (row, declaration.parameters[declaration.parameter_index[row.name]].unit)
        for row in plan.unknowns
        if row.walk > 0.0 and row.name in declaration.parameter_index and row.name not in changed
    ]


def _futures(
    ensemble: ModelState,
    walks: Sequence[tuple[Unknown, str]],
    declaration: Declaration,
    horizon_s: float,
    seed: int | Sequence[int],
) -> tuple[ModelState, Floats]:
    """The ensemble shifted at once, and where each walking parameter ends; shape (members, walks)."""
    places = [declaration.parameter_index[walk.name] for walk, _ in walks]
    # A shift of variance a and a line that ends with variance b: a + b/64 = 1/8 and a + b = 1, in units of the walk's.
    line = (1.0 - _EARLY) / (1.0 - _EARLY**2)
    shares = np.sqrt([1.0 - line, line])
    draws = np.random.default_rng(seed).standard_normal((ensemble.members, 2, len(walks)))
    if ensemble.members > 1:
        draws -= draws.mean(axis=0)
    size = np.array([walk.walk for walk, _ in walks]) * (horizon_s / _HOUR_S) ** 0.5
    moves = size * shares[:, None] * draws
    bounds = [declaration.parameters[place] for place in places]
    begun = _held(ensemble.parameters[:, places] + moves[:, 0], bounds)
    ends = _held(begun + moves[:, 1], bounds)
    parameters = ensemble.parameters.copy()
    parameters[:, places] = begun
    return ensemble.with_parameters(parameters), ends


def _held(values: Floats, bounds: Sequence[Variable]) -> Floats:
    return np.clip(values, [variable.low for variable in bounds], [variable.high for variable in bounds])
