"""One truth trial: an estimator beside each plant of a fleet, a question to each, and what came of it.

Two rivals are asked the same: the model without an estimator, begun from the same readings, and the plant staying as it
is. The twin sees readings and settings only; what is true comes from the plants' own equations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.truth_fleet import Fleet
from stream.bench.truth_watch import Watch
from twin.estimation.bands import band_misses
from twin.estimation.ensemble_filter import FollowedModel
from twin.estimation.forecast import forecast
from twin.estimation.plan import EstimatePlan
from twin.matrix.model_state import ModelState
from twin.matrix.scenario import Change, Scenario
from twin.matrix.trajectory import Trajectory

Floats = NDArray[np.float64]
Report = Callable[[str], None]
"""Told what is done now."""

RIVALS: Final = ("twin", "uncorrected", "persistence")
MONEY: Final = "profit"
_POINT_S: Final = 600.0
"""Time between two points of the forecasts."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How the plants are watched and what is asked.

    An estimator corrects every `every_s` for `watched_s`, of which it is judged in the last `judged_s`; then `changes`
    are asked and made. `horizons_s`, multiples of 600, after the question it is seen what came. `money` makes of
    outputs by name what the plant earns; without it nothing is earned. With `open_loop` a model that nobody corrects
    runs along with the plant's valves, to compare what is filtered with.
    """

    model: FollowedModel
    plan: EstimatePlan
    every_s: int
    watched_s: int
    judged_s: int
    changes: tuple[Change, ...]
    horizons_s: tuple[int, ...]
    money: Callable[[Mapping[str, Floats]], Floats] | None = None
    open_loop: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Outputs of the model, and what is earned."""
        return (*self.model.declaration.output_index, *((MONEY,) if self.money else ()))

    @property
    def noise(self) -> dict[str, float]:
        """Standard deviation of the instruments by output, as the plan says."""
        return {row.name: row.noise for row in self.plan.instruments}

    @property
    def scenario(self) -> Scenario:
        """What is asked, as far ahead as is judged."""
        return Scenario(changes=self.changes, horizon_s=float(self.horizons_s[-1]), every_s=_POINT_S)

    def with_money(self, outputs: Floats) -> Floats:
        """Outputs along the last axis, and what is earned behind them."""
        if self.money is None:
            return outputs
        values = dict(zip(self.model.declaration.output_index, np.moveaxis(outputs, -1, 0), strict=True))
        return np.concatenate([outputs, self.money(values)[..., None]], axis=-1)

    def at_horizons(self, told: Trajectory) -> Trajectory:
        """A forecast at the horizons alone, with what is earned."""
        rows = [round(horizon / _POINT_S) for horizon in self.horizons_s]
        values = self.with_money(told.values[:, rows])
        units = (*told.units, *(("",) if self.money else ()))
        return Trajectory(told.model, self.names, units, told.times_s[rows], values, told.trips)


@dataclass(frozen=True)
class Course:
    """What was told and what came; arrays of shape (plants, horizons, outputs with what is earned).

    `told` is by rival, `true` without noise, `shown` by instruments. `misses` are those of the twin's own bands
    (`band_misses`) against what was shown. `squares` are mean squared errors of estimator and open-loop model while
    they were judged, shape (plants, 2, outputs); NaN where there was none. `explained` says of each plant whether its
    estimator says that the model explains it; `found` is mean and spread of each unknown, (plants, 2, unknowns).
    """

    told: Mapping[str, Floats]
    true: Floats
    shown: Floats
    misses: Floats
    squares: Floats
    explained: Floats
    found: Floats


def watched(trial: Trial, fleet: Fleet, report: Report) -> tuple[Watch, Floats]:
    """The estimators after their time of watching, and mean squared errors in its last part, (plants, 2, outputs)."""
    watch = Watch(trial.model, trial.plan, fleet, trial.every_s, open_loop=trial.open_loop)
    squares: list[Floats] = []
    end_s = fleet.now_s + trial.watched_s
    while fleet.now_s < end_s:
        watch.go_on()
        if fleet.now_s > end_s - trial.judged_s:
            squares.append(watch.squared_errors())
        if fleet.now_s % 3600 < trial.every_s:
            report(f"watched the plants for {fleet.now_s / 3600.0:.1f} of {end_s / 3600.0:.1f} h")
    return watch, np.mean(squares, axis=0)


def run(trial: Trial, fleet: Fleet, report: Report) -> Course:
    """Watch the plants, ask the question of each, change them, and see what comes."""
    watch, squares = watched(trial, fleet, report)
    report("forecasts")
    told = _told(trial, watch)
    rivals = {
        "twin": np.array([np.median(one.values, axis=0) for one in told]),
        "uncorrected": np.array([trial.at_horizons(one).values[0] for one in _uncorrected(trial, watch)]),
        "persistence": np.repeat(trial.with_money(watch.held_outputs())[:, None], len(trial.horizons_s), axis=1),
    }
    verdicts = [watch.estimator.verdict(estimate) for estimate in watch.estimates]
    found = [list(watch.estimator.unknowns(estimate).values()) for estimate in watch.estimates]
    asked_s = fleet.now_s
    for change in trial.changes:
        fleet.write(change.name, change.value)
    came: list[tuple[Floats, Floats]] = []
    for horizon in trial.horizons_s:
        fleet.go_on(asked_s + horizon - fleet.now_s)
        came.append((fleet.truth(), fleet.shown()))
        report(f"{horizon / 3600.0:.1f} h after the question")
    true, shown = (trial.with_money(np.stack(parts, axis=1)) for parts in zip(*came, strict=True))
    misses = np.array([band_misses(one, trial.noise, seen) for one, seen in zip(told, shown, strict=True)])
    return Course(
        told=rivals,
        true=true,
        shown=shown,
        misses=misses,
        squares=squares,
        explained=np.array([float(verdict.explains) for verdict in verdicts]),
        found=np.array([[[one.mean for one in row], [one.spread for one in row]] for row in found]),
    )


def _told(trial: Trial, watch: Watch) -> list[Trajectory]:
    outlooks = [watch.estimator.outlook(estimate) for estimate in watch.estimates]
    return [
        trial.at_horizons(
            forecast(trial.model, fork, trial.scenario, plan=trial.plan, seed=(4, plant), outlook=outlooks[plant])
        )
        for plant, fork in enumerate(watch.forks())
    ]


def _uncorrected(trial: Trial, watch: Watch) -> list[Trajectory]:
    states: list[ModelState] = watch.started
    return [trial.model.simulate(state, trial.scenario) for state in states]
