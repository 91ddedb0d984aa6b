"""An optimisation problem over a process model: which settings, what is better, what must hold, over which time.

A `Problem` is the plant's `Optimisation` met with a model: everything is in the model's units, and a point of the unit
box, 0 for the lowest and 1 for the highest value of each setting, stands for a scenario.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from twin.atlas.array_expressions import ArrayExpression
from twin.atlas.economics import Economics
from twin.atlas.faults import Finding, did_you_mean
from twin.atlas.optimisation import Adjustable, Bound, Optimisation, Over, When
from twin.atlas.prices import PriceBook
from twin.atlas.units import UnitError, conversion
from twin.matrix.declaration import Declaration
from twin.matrix.scenario import Change, Scenario
from twin.metis.errors import ProblemError
from twin.metis.kpi import Kpi, lines_to

Array = NDArray[np.float64]

POINTS = 96
"""Times at which a candidate is looked at: every 5 min of 8 h."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An input of the model between `low` and `high`, in its unit; it goes there within `over_s` seconds."""

    name: str
    unit: str
    low: float
    high: float
    over_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Objective:
    """What is made as large as possible, or as small."""

    kpi: Kpi
    maximise: bool
    over: Over = "end"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A figure that stays between `low` and `high`, in its unit; either may be missing."""

    kpi: Kpi
    low: float | None = None
    high: float | None = None
    when: When = "end"

    @property
    def scale(self) -> float:
        """The size by which violations are measured, so that all constraints weigh alike."""
        sides = [abs(side) for side in (self.low, self.high) if side is not None]
        return max(*sides, 1e-9) if len(sides) > 1 else sides[0] or 1.0


@dataclass(frozen=True)
class Problem:
    """Settings, objective and constraints; `scenario` holds what changes anyway, and the horizon."""

    settings: tuple[Setting, ...]
    objective: Objective
    constraints: tuple[Constraint, ...]
    scenario: Scenario

    @classmethod
    def of(
        cls,
        optimisation: Optimisation,
        declaration: Declaration,
        *,
        money: tuple[Economics, PriceBook, datetime] | None = None,
        asked: Sequence[Change] = (),
        horizon_s: float | None = None,
    ) -> "Problem":
        """The problem that a plant's optimisation poses to a model.

        Parameters
        ----------
        optimisation
            As the plant file tells it.
        declaration
            Of the model that shall answer.
        money
            How the plant earns, the price book, and the instant whose prices count; needed where the goal is profit.
        asked
            What an operator changes besides; of a setting that may be adjusted the change is left out.
        horizon_s
            How far ahead is looked, s; the optimisation's own where none is given.

        Raises
        ------
        ProblemError
            With everything that does not fit the model.
        """
        horizon = horizon_s if horizon_s is not None else optimisation.horizon_s
        findings = [*_setting_faults(optimisation, declaration), *_unit_faults(optimisation, declaration, money)]
        if not 0.0 < horizon <= declaration.longest_s:
            remedy = f"ask for {declaration.longest_s / 3600.0:g} h at most"
            findings.append(Finding(("horizon",), f"{horizon:g} s is longer than {declaration.title} can tell", remedy))
        if findings:
            raise ProblemError([finding.fault() for finding in findings])
        settings = tuple(_setting(given, declaration) for given in optimisation.adjustable)
        free = {setting.name for setting in settings}
        kept = tuple(change for change in asked if change.name not in free)
        return cls(
            settings=settings,
            objective=_objective(optimisation, declaration, money),
            constraints=tuple(_constraint(bound, optimisation.units, declaration) for bound in optimisation.bounds),
            scenario=Scenario(changes=kept, horizon_s=horizon, every_s=max(1.0, horizon / POINTS)),
        )

    @property
    def sides(self) -> int:
        """How many bounds there are, two of a constraint with both."""
        return sum(side is not None for one in self.constraints for side in (one.low, one.high))

    def values(self, point: Array) -> dict[str, float]:
        """The settings that a point of the unit box stands for, by name."""
        return {
            setting.name: setting.low + float(share) * (setting.high - setting.low)
            for setting, share in zip(self.settings, point, strict=True)
        }

    def point(self, values: Mapping[str, float]) -> Array:
        """The point of the box that is nearest to these settings; shape (settings,)."""
        shares = [(values[one.name] - one.low) / (one.high - one.low) for one in self.settings]
        return np.clip(np.array(shares, dtype=np.float64), 0.0, 1.0)

    def asking(self, values: Mapping[str, float]) -> Scenario:
        """The scenario in which the settings go to these values."""
        changes = [
            Change(name=one.name, value=values[one.name], unit=one.unit, over_s=one.over_s) for one in self.settings
        ]
        # What was asked comes first: a mode decides whether a setting is taken.
        ordered = sorted((*self.scenario.changes, *changes), key=lambda change: change.start_s)
        return replace(self.scenario, changes=tuple(ordered))


def _setting(given: Adjustable, declaration: Declaration) -> Setting:
    variable = declaration.changeable[given.tag]
    line = conversion(given.unit, variable.unit)
    low, high = max(line(given.low), variable.low), min(line(given.high), variable.high)
    return Setting(variable.name, variable.unit, low, high, given.over_s)


def _told(declaration: Declaration) -> dict[str, str]:
    return {variable.name: variable.unit for variable in declaration.outputs}


def _objective(
    optimisation: Optimisation, declaration: Declaration, money: tuple[Economics, PriceBook, datetime] | None
) -> Objective:
    goal = optimisation.goal
    if goal.value is not None:
        kpi = _figure(goal.name, goal.value, goal.unit, optimisation.units, declaration)
    elif money is not None:
        economics, prices, at = money
        kpi = Kpi.profit(economics, _told(declaration), prices, at)
    return Objective(kpi, goal.maximise, goal.over)


def _constraint(bound: Bound, units: Mapping[str, str], declaration: Declaration) -> Constraint:
    kpi = _figure(bound.name, bound.value, bound.unit, units, declaration)
    return Constraint(kpi, bound.low, bound.high, bound.when)


def _figure(name: str, value: ArrayExpression, unit: str, units: Mapping[str, str], declaration: Declaration) -> Kpi:
    return Kpi.expression(name, value, unit, lines_to(units, _told(declaration)))


def _setting_faults(optimisation: Optimisation, declaration: Declaration) -> Iterator[Finding]:
    inputs = {variable.name: variable for variable in declaration.inputs}
    for index, given in enumerate(optimisation.adjustable):
        at = ("adjustable", index, "tag")
        variable = inputs.get(given.tag)
        if variable is None:
            near = did_you_mean(given.tag, inputs, "name a setpoint or output that the model has")
            yield Finding(at, f"{declaration.title} has no input '{given.tag}'", near)
            continue
        if variable.states:
            yield Finding(at, f"{given.tag} is no number that can be adjusted", "leave it out")
            continue
        try:
            setting = _setting(given, declaration)
        except UnitError as error:
            yield Finding(at, error.message, error.remedy)
            continue
        if setting.low >= setting.high:
            span = f"{variable.written(variable.low)} to {variable.written(variable.high)}"
            yield Finding(at, f"{given.tag} has no value within {span}", "give a range that the model knows")


def _unit_faults(
    optimisation: Optimisation, declaration: Declaration, money: tuple[Economics, PriceBook, datetime] | None
) -> Iterator[Finding]:
    told = _told(declaration)
    wanted = dict(optimisation.units)
    if optimisation.goal.value is None:
        if money is None:
            yield Finding(("goal",), "profit is the goal, and nobody tells it", "give economics and a price book")
        else:
            wanted |= money[0].units
    for name, unit in wanted.items():
        if name not in told:
            remedy = did_you_mean(name, told, "leave out what needs it, or give a model that tells it")
            yield Finding(("units", name), f"{declaration.title} does not tell '{name}'", remedy)
            continue
        try:
            conversion(told[name], unit)
        except UnitError as error:
            yield Finding(("units", name), error.message, error.remedy)
