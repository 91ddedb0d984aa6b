"""What a candidate is worth: the model run with its settings, objective and constraints read from the trajectory."""

from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from twin.atlas.optimisation import Over, When
from twin.matrix.errors import DivergedError, OutOfRangeError
from twin.matrix.model_state import ModelState
from twin.matrix.port import DifferentiableModel, ProcessModel, Watch, unwatched
from twin.matrix.trajectory import Trajectory
from twin.metis.problem import Constraint, Problem

Array = NDArray[np.float64]

TOLERANCE: Final = 1e-6
"""Of a bound: what is beyond it by less still holds."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a point of the unit box.

    Parameters
    ----------
    value
        The objective in its unit; NaN where the run failed.
    cost
        What a search makes small: the value, or its negative where it is maximised.
    violations
        One for each side of each constraint, as a share of the bound: what is above 0 does not hold.
    cost_slopes, violation_slopes
        Derivatives to the point's coordinates, shapes (settings,) and (violations, settings), where they were asked.
    failure
        Why the run gave no value; a failed run is no bad value but none.
    """

    value: float
    cost: float
    violations: Array
    cost_slopes: Array | None = None
    violation_slopes: Array | None = None
    failure: str = ""

    @property
    def feasible(self) -> bool:
        """Whether the run succeeded and everything holds."""
        return not self.failure and bool(np.all(self.violations <= TOLERANCE))

    @property
    def violation(self) -> float:
        """The largest violation; 0 where everything holds, infinite where the run failed."""
        return float("inf") if self.failure else float(max(0.0, *self.violations, 0.0))


@dataclass(frozen=True, eq=False)
class Figures:
    """What a trajectory is worth by member, NaN where it shuts down.

    `values` of the objective have shape (members,), `violations` of each side of each constraint (members, sides).
    """

    values: Array
    violations: Array

    @property
    def holding(self) -> NDArray[np.bool_]:
        """Whether all that must hold does, by member; shape (members,)."""
        return np.asarray(np.all(self.violations <= TOLERANCE, axis=1) & np.isfinite(self.values))


def figures(problem: Problem, told: Trajectory) -> Figures:
    """Objective and constraints of every member of a trajectory."""
    objective = problem.objective
    over_time = objective.kpi.over(told)
    values = over_time @ _weights(objective.over, over_time[0], told.times_s)
    sides = [_beyond(told, *side) for side in _sides(problem.constraints)]
    reached = [[side @ _weights(one.when, side, told.times_s) for side in beyond] for one, beyond in sides]
    tripped = np.array([trip is not None for trip in told.trips])
    violations = np.array(reached).reshape(len(sides), told.members).T
    return Figures(np.where(tripped, np.nan, values), np.where(tripped[:, None], np.nan, violations))


class Evaluation:
    """Runs a problem's model from one state; of an ensemble the mean counts, and bounds must hold for each member."""

    def __init__(self, model: ProcessModel, state: ModelState, problem: Problem, watch: Watch = unwatched) -> None:
        self._model, self._state, self._problem, self._watch = model, state, problem, watch
        self._span = np.array([one.high - one.low for one in problem.settings])

    @property
    def differentiable(self) -> bool:
        """Whether slopes can be had: of a single member of a model that tells derivatives."""
        return "gradients" in self._model.declaration.capabilities and self._state.members == 1

    def __call__(self, point: Array, *, slopes: bool = False) -> Outcome:
        """Run the model at a point of the unit box, shape (settings,).

        Raises
        ------
        MatrixError
            What no other settings would mend, and what the watch raised.
        """
        scenario = self._problem.asking(self._problem.values(point))
        try:
            if not slopes:
                return self._outcome(self._model.simulate(self._state, scenario, self._watch))
            names = [setting.name for setting in self._problem.settings]
            differentiable = cast("DifferentiableModel", self._model)
            told, derivatives = differentiable.sensitivities(self._state, scenario, names, self._watch)
        except (DivergedError, OutOfRangeError) as error:
            return self._failed(error.message)
        return self._with_slopes(self._outcome(told), told, derivatives)

    def _failed(self, why: str) -> Outcome:
        return Outcome(np.nan, np.nan, np.full(self._problem.sides, np.nan), failure=why)

    def _outcome(self, told: Trajectory) -> Outcome:
        trip = next((trip for trip in told.trips if trip), None)
        if trip is not None:
            return self._failed(f"the plant shuts down after {trip.time_s:g} s: {trip.reason}")
        reached = figures(self._problem, told)
        value, violations = float(np.mean(reached.values)), np.max(reached.violations, axis=0)
        if not np.all(np.isfinite([value, *violations])):
            return self._failed("an expression has no value here")
        return Outcome(value, -value if self._problem.objective.maximise else value, violations)

    def _with_slopes(self, outcome: Outcome, told: Trajectory, derivatives: Array) -> Outcome:
        if outcome.failure:
            return outcome
        objective = self._problem.objective
        weights = _weights(objective.over, objective.kpi.over(told)[0], told.times_s)
        sign = -1.0 if objective.maximise else 1.0
        rows = []
        for constraint, side, bound in _sides(self._problem.constraints):
            _, beyond = _beyond(told, constraint, side, bound)
            counting = _weights(constraint.when, beyond[0], told.times_s)
            rows.append(side / constraint.scale * (counting @ constraint.kpi.slopes(told, derivatives)))
        return replace(
            outcome,
            cost_slopes=sign * self._span * (weights @ objective.kpi.slopes(told, derivatives)),
            violation_slopes=self._span * np.array(rows).reshape(len(rows), len(self._span)),
        )


def _sides(constraints: tuple[Constraint, ...]) -> list[tuple[Constraint, float, float]]:
    """Each side of each constraint, with the sign that makes what is beyond it positive."""
    return [
        (constraint, sign, bound)
        for constraint in constraints
        for sign, bound in ((-1.0, constraint.low), (1.0, constraint.high))
        if bound is not None
    ]


def _beyond(told: Trajectory, constraint: Constraint, sign: float, bound: float) -> tuple[Constraint, Array]:
    """How far each member is beyond one side at each time, as a share of the bound; shape (members, times)."""
    return constraint, sign * (constraint.kpi.over(told) - bound) / constraint.scale


def _weights(over: Over | When, figure: Array, times_s: Array) -> Array:
    """How much each time counts, shape (times,): the last alone, all by trapezoids, or the worst alone."""
    weights = np.zeros(len(times_s))
    if over == "end":
        weights[-1] = 1.0
    elif over == "always":
        weights[np.argmax(figure)] = 1.0
    else:
        steps = np.diff(times_s)
        weights[:-1] += 0.5 * steps
        weights[1:] += 0.5 * steps
        weights /= times_s[-1] - times_s[0]
    return weights
