"""Optimisations as a plant file writes them: settings with their range, the goal, and what must hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pydantic import Field

from twin.atlas.array_expressions import ArrayExpression, compile_over_arrays
from twin.atlas.entry import Entry, Text
from twin.atlas.errors import AtlasError
from twin.atlas.expressions import LONGEST_EXPRESSION
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.optimisation import Adjustable, Bound, Goal, Optimisation, Over, When
from twin.atlas.policy_file import Measure
from twin.atlas.quantities import Quantity
from twin.atlas.units import parse_duration, parse_unit

PROFIT = "profit"
"""The goal that the plant's economics and the price book tell."""

_T = TypeVar("_T")


class AdjustableEntry(Entry):
    """A setting that may be changed."""

    tag: Text = Field(description="a setpoint or output, like TIC-101.SP")
    low: Measure = Field(description="lowest value, with its unit or in the tag's")
    high: Measure = Field(description="highest value")
    over: Text = Field("0 s", description="how gradually it would be changed, like 30 min; at once, if unset")


class GoalEntry(Entry):
    """What better means."""

    value: Text = Field(
        PROFIT, max_length=LONGEST_EXPRESSION, description="profit, or an expression over tags: [JI-220.PV]"
    )
    name: Text = Field("", max_length=80, description="what people read; the value if unset")
    unit: Text = Field("", max_length=40, description="unit of the expression; profit has its own")
    aim: Literal["maximise", "minimise"] = Field("maximise", description="as large as possible, or as small")
    over: Over = Field("end", description="counted at the end of the horizon, or as its mean")


class BoundEntry(Entry):
    """What must hold."""

    name: Text = Field("", max_length=80, description="what people read; the value if unset")
    value: Text = Field(max_length=LONGEST_EXPRESSION, description="an expression over tags: [AI-101G.PV]")
    unit: Text = Field("", max_length=40, description="unit that it comes out in")
    low: Measure | None = Field(None, description="it stays at or above this, with its unit or in the expression's")
    high: Measure | None = Field(None, description="it stays at or below this")
    when: When = Field("end", description="must hold at the end of the horizon, or always")


class OptimisationEntry(Entry):
    """How better settings are looked for."""

    goal: GoalEntry = Field(GoalEntry(), description="see Goal")
    adjustable: tuple[AdjustableEntry, ...] = Field(min_length=1, max_length=20, description="see Adjustable")
    bounds: tuple[BoundEntry, ...] = Field((), max_length=50, description="see Bounds")
    horizon: Text = Field("8 h", description="how far ahead is looked where nobody asks for another horizon")


def read_optimisation(
    entry: OptimisationEntry, units: Mapping[str, str], *, has_economics: bool
) -> tuple[Optimisation | None, list[Finding]]:
    """The optimisation that an entry tells, or None with every fault of it.

    Parameters
    ----------
    entry
        As the plant file has it; paths of the findings begin inside it.
    units
        Unit of each tag of the plant, and of each further output of its model.
    has_economics
        Whether the plant's profit can be told.
    """
    reading = _Reading(units)
    goal = reading.goal(entry.goal, has_economics=has_economics)
    adjustable = [reading.adjustable(given, ("adjustable", n)) for n, given in enumerate(entry.adjustable)]
    reading.refuse_twice([given.tag for given in entry.adjustable])
    bounds = [reading.bound(given, ("bounds", n)) for n, given in enumerate(entry.bounds)]
    horizon_s = reading.noted(parse_duration, entry.horizon, ("horizon",), 0.0)
    if reading.findings:
        return None, reading.findings
    expressions = [goal.value, *(bound.value for bound in bounds)]
    mentioned = {name for expression in expressions if expression is not None for name in expression.inputs}
    return (
        Optimisation(
            goal=goal,
            adjustable=tuple(adjustable),
            bounds=tuple(bounds),
            horizon_s=horizon_s,
            units={name: units[name] for name in sorted(mentioned)},
        ),
        [],
    )


@dataclass
class _Reading:
    """Reads one entry; what can't be read is noted and stands for nothing."""

    units: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)

    def goal(self, entry: GoalEntry, *, has_economics: bool) -> Goal:
        value = None
        if entry.value != PROFIT:
            value = self._expression(entry.value, entry.unit, ("goal",))
        elif not has_economics:
            message = "the plant's profit is not told"
            self._note(("goal", "value"), message, "add economics to the model, or give an expression over tags")
        maximise = entry.aim == "maximise"
        return Goal(name=entry.name or entry.value, value=value, unit=entry.unit, maximise=maximise, over=entry.over)

    def adjustable(self, entry: AdjustableEntry, at: Path) -> Adjustable:
        if entry.tag not in self.units:
            near = did_you_mean(entry.tag, self.units, "name a setpoint or output of the plant")
            self._note((*at, "tag"), f"no tag '{entry.tag}'", near)
            return Adjustable(tag=entry.tag, unit="", low=0.0, high=1.0)
        unit = self.units[entry.tag]
        low, high = self._number(entry.low, unit, (*at, "low")), self._number(entry.high, unit, (*at, "high"))
        if low is not None and high is not None and low >= high:
            self._note((*at, "high"), f"{entry.high} is not above {entry.low}", "leave room between low and high")
        over_s = self.noted(parse_duration, entry.over, (*at, "over"), 0.0)
        return Adjustable(tag=entry.tag, unit=unit, low=low or 0.0, high=high or 0.0, over_s=over_s)

    def refuse_twice(self, tags: list[str]) -> None:
        for index, tag in enumerate(tags):
            if tag in tags[:index]:
                self._note(("adjustable", index, "tag"), f"{tag} stands there twice", "name it once")

    def bound(self, entry: BoundEntry, at: Path) -> Bound:
        value = self._expression(entry.value, entry.unit, at)
        low, high = (
            None if given is None else self._number(given, entry.unit, (*at, side))
            for side, given in (("low", entry.low), ("high", entry.high))
        )
        if entry.low is None and entry.high is None:
            self._note(at, "neither low nor high is given", "give one of them at least")
        if low is not None and high is not None and low > high:
            self._note((*at, "high"), f"{entry.high} is below {entry.low}", "swap them")
        name = entry.name or entry.value
        return Bound(name=name, value=value, unit=entry.unit, low=low, high=high, when=entry.when)

    def noted(self, read: Callable[[str], _T], text: str, at: Path, otherwise: _T) -> _T:
        """What `read` makes of a text, or the other value, with its fault noted."""
        try:
            return read(text)
        except AtlasError as error:
            self._note(at, error.message, error.remedy)
            return otherwise

    def _expression(self, text: str, unit: str, at: Path) -> ArrayExpression:
        self.noted(parse_unit, unit, (*at, "unit"), None)
        nothing = compile_over_arrays("0", ())
        return self.noted(lambda given: compile_over_arrays(given, self.units.keys()), text, (*at, "value"), nothing)

    def _number(self, text: str, unit: str, at: Path) -> float | None:
        def read(given: str) -> float | None:
            quantity = Quantity.parse(given)
            return quantity.value if quantity.unit.text == "" else quantity.value_in(unit)

        return self.noted(read, text, at, None)

    def _note(self, at: Path, message: str, remedy: str) -> None:
        self.findings.append(Finding(at, message, remedy))
