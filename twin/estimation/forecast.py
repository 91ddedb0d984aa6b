"""Forecasts: an ensemble run through a scenario, each member with disturbances of its own.

What an estimate found goes on wandering: where an unknown stands an eighth of the horizon and the whole of it ahead is
drawn from its walk or trend, and in between it moves in straight lines. A path of many small steps would say the same
of these times, and cost a simulator's restart at each step.

A trend is an Ornstein-Uhlenbeck process of the rate; place and rate after some time are normal with the moments below
(D. T. Gillespie, Physical Review E 54 (1996) 2084-2091, eq. 2.9 and 2.10). The instruments' noise is no part of a
curve; `twin.estimation.bands` adds it to the bands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.estimation.ensemble_filter import Outlook
from twin.estimation.plan import EstimatePlan, Unknown
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, Watch, unwatched
from twin.matrix.scenario import Change, Scenario
from twin.matrix.trajectory import Trajectory

Floats = NDArray[np.float64]

NO_OUTLOOK: Final = Outlook({}, {})
_KNOTS: Final = (0.0, 0.125, 1.0)
"""Shares of the horizon between which an unknown moves in a straight line."""
_HOUR_S: Final = 3600.0


def forecast(
    model: ProcessModel,
    ensemble: ModelState,
    scenario: Scenario,
    *,
    plan: EstimatePlan,
    seed: int | Sequence[int],
    watch: Watch = unwatched,
    outlook: Outlook = NO_OUTLOOK,
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
    outlook
        The estimate's, `EnsembleFilter.outlook`: trends go on, and standing differences are added.

    Raises
    ------
    MatrixError
        What the model raised, or what `watch` raised.
    """
    futures = member_scenarios(model.declaration, ensemble, scenario, plan=plan, seed=seed, outlook=outlook)
    if not futures:
        return _shifted(model.simulate(ensemble, scenario, watch), outlook)
    told: list[Trajectory] = []
    for member, own in enumerate(futures):

        def part(done: float, member: int = member) -> None:
            watch((member + done) / ensemble.members)

        told.append(model.simulate(ensemble.member(member), own, part))
    return _shifted(joined_trajectories(told), outlook)


def member_scenarios(
    declaration: Declaration,
    ensemble: ModelState,
    scenario: Scenario,
    *,
    plan: EstimatePlan,
    seed: int | Sequence[int],
    outlook: Outlook = NO_OUTLOOK,
) -> tuple[Scenario, ...]:
    """The scenario with each member's own future; none where nothing wanders. Parameters as in `forecast`."""
    walks = [
        _Walk(row, declaration.parameters[declaration.parameter_index[row.name]])
        for row in _walking(plan, declaration, scenario)
    ]
    if not walks:
        return ()
    values = _futures(ensemble, walks, declaration, scenario.horizon_s, seed, outlook)
    return tuple(replace(scenario, changes=_merged(scenario, walks, own)) for own in values)


def joined_trajectories(told: Sequence[Trajectory]) -> Trajectory:
    """The members of several trajectories of one model and scenario in one."""
    values = np.concatenate([one.values for one in told])
    return replace(told[0], values=values, trips=tuple(trip for one in told for trip in one.trips))


@dataclass(frozen=True, slots=True)
class _Walk:
    unknown: Unknown
    variable: Variable


def _walking(plan: EstimatePlan, declaration: Declaration, scenario: Scenario) -> list[Unknown]:
    changed = {change.name for change in scenario.changes}
    known = declaration.parameter_index
    return [row for row in plan.unknowns if row.walk > 0.0 and row.name in known and row.name not in changed]


def _futures(
    ensemble: ModelState,
    walks: Sequence[_Walk],
    declaration: Declaration,
    horizon_s: float,
    seed: int | Sequence[int],
    outlook: Outlook,
) -> Floats:
    """Where each walking parameter stands at the knots after the first; shape (members, knots, walks)."""
    draws = np.random.default_rng(seed).standard_normal((2, len(_KNOTS) - 1, len(walks), ensemble.members))
    if ensemble.members > 1:
        draws -= draws.mean(axis=3, keepdims=True)
    values = np.empty((ensemble.members, len(_KNOTS) - 1, len(walks)))
    for at, walk in enumerate(walks):
        place = ensemble.parameters[:, declaration.parameter_index[walk.unknown.name]]
        rate = outlook.rates.get(walk.unknown.name, np.zeros(ensemble.members))
        for knot, (begin, end) in enumerate(pairwise(_KNOTS)):
            hours = (end - begin) * horizon_s / _HOUR_S
            place, rate = _moved(walk.unknown, place, rate, hours, draws[:, knot, at])
            place = np.clip(place, walk.variable.low, walk.variable.high)
            values[:, knot, at] = place
    return values


def _moved(unknown: Unknown, place: Floats, rate: Floats, hours: float, draws: Floats) -> tuple[Floats, Floats]:
    """Place and rate after some hours; `draws` has shape (2, members)."""
    if not unknown.lasting_s:
        return place + unknown.walk * hours**0.5 * draws[0], rate
    lasts = unknown.lasting_s / _HOUR_S
    kept = np.exp(-hours / lasts)
    rate_spread = unknown.walk * (1.0 - kept**2) ** 0.5
    # The place's deviation has a part that goes with the rate's and a part of its own.
    common = unknown.walk * lasts * (1.0 - kept) ** 2 / (1.0 - kept**2) ** 0.5
    variance = (unknown.walk * lasts) ** 2 * (2.0 * hours / lasts - 3.0 + 4.0 * kept - kept**2)
    own = max(0.0, variance - common**2) ** 0.5
    moved = place + lasts * (1.0 - kept) * rate + common * draws[0] + own * draws[1]
    return moved, kept * rate + rate_spread * draws[0]


def _merged(scenario: Scenario, walks: Sequence[_Walk], values: Floats) -> tuple[Change, ...]:
    """The scenario's changes and a member's walks, in the order of their beginning."""
    drifts = [
        Change(
            name=walk.unknown.name,
            value=float(values[knot, at]),
            unit=walk.variable.unit,
            start_s=begin * scenario.horizon_s,
            over_s=(end - begin) * scenario.horizon_s,
        )
        for knot, (begin, end) in enumerate(pairwise(_KNOTS))
        for at, walk in enumerate(walks)
    ]
    return tuple(sorted((*drifts, *scenario.changes), key=lambda change: change.start_s))


def _shifted(told: Trajectory, outlook: Outlook) -> Trajectory:
    if not outlook.offsets:
        return told
    return replace(told, values=told.values + np.array([outlook.offsets.get(name, 0.0) for name in told.names]))
