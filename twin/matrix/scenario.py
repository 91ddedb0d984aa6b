"""Scenarios: what an operator asks a model to change, how fast, and how far to look ahead.

`Scenario.parse` is the one reader of what people write, for the command line, the API and the form:

    TIC-101.SP=85 degC                      a step at once
    TIC-101.SP=85 degC over 30 min          a ramp
    FIC-102.SP=5.2 kg/s over 10 min at 1 h  a ramp that begins in an hour
    TIC-102.MODE=MAN                        a mode by its word
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.atlas.faults import Fault, Finding, did_you_mean
from twin.atlas.quantities import Quantity
from twin.atlas.units import UnitError, parse_duration
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.errors import ScenarioError

SHORTEST_S: Final = 1.0
MOST_POINTS: Final = 20_000
MOST_CHANGES: Final = 100

_WRITTEN: Final = re.compile(r"\s*(?P<name>[^=\s]+)\s*=\s*(?P<value>.*?)\s*", re.DOTALL)
_WHEN: Final = re.compile(r"\s+(over|at)\s+")
_FORM: Final = "write it like TIC-101.SP=85 degC, TIC-101.SP=85 degC over 30 min, or TIC-101.SP=85 degC at 1 h"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change: `name` goes to `value` (in `unit`), beginning at `start_s` and linearly over `over_s` seconds."""

    name: str
    value: float
    unit: str
    start_s: float = 0.0
    over_s: float = 0.0

    @property
    def end_s(self) -> float:
        """When the value is reached, s."""
        return self.start_s + self.over_s


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Changes in the order of their beginning, the horizon, and how often the trajectory tells its outputs, s.

    No changes at all is the base case: the plant goes on as it is.
    """

    changes: tuple[Change, ...] = ()
    horizon_s: float
    every_s: float = 10.0

    @classmethod
    def parse(
        cls, changes: Sequence[str], horizon: str, declaration: Declaration, *, every: str = "10 s"
    ) -> "Scenario":
        """Read what a person wrote, for the model declared.

        Raises
        ------
        ScenarioError
            With every fault: the field, its value and the remedy.
        """
        findings: list[Finding] = []
        horizon_s, every_s = 0.0, 0.0
        try:
            horizon_s, every_s = _seconds("horizon", horizon), _seconds("every", every)
            findings += _horizon_faults(horizon, horizon_s, every, every_s, declaration)
        except _WrongError as wrong:
            findings.append(Finding((wrong.part,), wrong.message, wrong.remedy))
        if len(changes) > MOST_CHANGES:
            message = f"{len(changes)} changes are too many"
            findings.append(Finding(("changes",), message, f"ask with {MOST_CHANGES} at most"))
        read: dict[int, Change] = {}
        for at, text in enumerate(changes[:MOST_CHANGES]):
            try:
                read[at] = _change(text, declaration)
            except _WrongError as wrong:
                findings.append(wrong.finding(at))
        findings += _order_faults(read, horizon, horizon_s or inf)
        if findings:
            raise ScenarioError([finding.fault() for finding in findings])
        ordered = tuple(sorted(read.values(), key=lambda change: change.start_s))
        return cls(changes=ordered, horizon_s=horizon_s, every_s=every_s)

    @cached_property
    def times_s(self) -> NDArray[np.float64]:
        """Times of the trajectory, from 0 to the horizon; shape (times,)."""
        times = np.arange(0.0, self.horizon_s, self.every_s)
        if times.size and self.horizon_s - times[-1] < 1e-9 * self.horizon_s:
            times = times[:-1]
        return np.append(times, self.horizon_s)

    @cached_property
    def breaks_s(self) -> tuple[float, ...]:
        """Times within the horizon at which a change begins or ends, ascending; 0 and the horizon are the ends."""
        inner = {time for change in self.changes for time in (change.start_s, change.end_s)}
        return (0.0, *sorted(time for time in inner if 0.0 < time < self.horizon_s), self.horizon_s)

    def refused(self, change: Change, why: str, remedy: str) -> ScenarioError:
        """The error for a change that the plant's control system does not take."""
        place = self.changes.index(change)
        return ScenarioError([Fault(f"changes[{place}].{change.name}", why, remedy)])


def value_at(changes: Sequence[Change], before: Mapping[str, float], time_s: float) -> dict[str, float]:
    """Values of what is changed at a time; `before` are those at the beginning, by name."""
    values: dict[str, float] = {}
    for change in changes:
        if time_s < change.start_s:
            continue
        held = values.get(change.name, before[change.name])
        done = 1.0 if time_s >= change.end_s else (time_s - change.start_s) / change.over_s
        values[change.name] = change.value if done == 1.0 else held + done * (change.value - held)
    return values


class _WrongError(Exception):
    """A change that cannot be: which part of it, why, and what to write instead."""

    def __init__(self, part: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.part, self.message, self.remedy = part, message, remedy

    def finding(self, at: int) -> Finding:
        path = ("changes", at, self.part) if self.part else ("changes", at)
        return Finding(path, self.message, self.remedy)


def _change(text: str, declaration: Declaration) -> Change:
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise _WrongError("", f"'{text[:80]}' is no change", _FORM)
    variable = declaration.changeable.get(written["name"])
    if variable is None:
        message = f"{declaration.title} has no input '{written['name'][:80]}'"
        near = did_you_mean(written["name"], declaration.changeable, "name a setpoint, output or mode")
        raise _WrongError("name", message, near)
    value_text, *clauses = _WHEN.split(written["value"])
    value = _word(variable, value_text) if variable.states else _number(variable, value_text)
    when: dict[str, float] = {}
    for word, duration in zip(clauses[::2], clauses[1::2], strict=True):
        if word in when:
            raise _WrongError(word, f"'{word}' stands twice in '{text[:80]}'", _FORM)
        when[word] = _seconds(word, duration)
    if variable.states and when.get("over"):
        raise _WrongError("over", f"{variable.name} cannot change gradually", "leave out 'over'")
    start_s, over_s = when.get("at", 0.0), when.get("over", 0.0)
    return Change(name=variable.name, value=value, unit=variable.unit, start_s=start_s, over_s=over_s)


def _word(variable: Variable, text: str) -> float:
    for number, word in enumerate(variable.states):
        if text.casefold() in (word.casefold(), str(number)):
            return float(number)
    raise _WrongError("value", f"{variable.name} cannot be '{text[:80]}'", f"write one of {', '.join(variable.states)}")


def _number(variable: Variable, text: str) -> float:
    try:
        quantity = Quantity.parse(text)
        if quantity.unit.text == "" and variable.unit not in ("", "dimensionless"):
            remedy = f"write its unit: {quantity} {variable.unit}"
            raise _WrongError("value", f"{variable.name}={text} has no unit", remedy)
        value = quantity.value_in(variable.unit)
    except UnitError as error:
        raise _WrongError("value", f"{variable.name}: {error.message}", error.remedy or _FORM) from error
    if not variable.low <= value <= variable.high:
        span = f"{variable.written(variable.low)} to {variable.written(variable.high)}"
        message = f"{variable.name}={text} is outside {span}"
        raise _WrongError("value", message, "ask for a value in this range")
    return value


def _seconds(part: str, text: str) -> float:
    try:
        return parse_duration(text)
    except UnitError as error:
        raise _WrongError(part, error.message, error.remedy or "write it like 10 s, 15 min or 8 h") from error


def _horizon_faults(
    horizon: str, horizon_s: float, every: str, every_s: float, declaration: Declaration
) -> Iterator[Finding]:
    longest_h = declaration.longest_s / 3600.0
    if horizon_s > declaration.longest_s:
        message = f"'{horizon}' is longer than {declaration.title} can tell"
        yield Finding(("horizon",), message, f"ask for {longest_h:g} h at most")
    elif horizon_s < SHORTEST_S:
        yield Finding(("horizon",), f"'{horizon}' is too short", f"ask for {SHORTEST_S:g} s at least")
    elif not SHORTEST_S <= every_s <= horizon_s:
        message = f"'{every}' is not between {SHORTEST_S:g} s and the horizon"
        yield Finding(("every",), message, "give a part of the horizon, like 10 s")
    elif horizon_s / every_s > MOST_POINTS:
        message = f"'{every}' makes {horizon_s / every_s:.0f} points of '{horizon}'"
        yield Finding(("every",), message, f"give {horizon_s / MOST_POINTS:.0f} s or more")


def _order_faults(changes: Mapping[int, Change], horizon: str, horizon_s: float) -> Iterator[Finding]:
    ends: dict[str, float] = {}
    for at, change in sorted(changes.items(), key=lambda pair: pair[1].start_s):
        if change.start_s >= horizon_s:
            message = f"{change.name} would change after {change.start_s:g} s, beyond the horizon '{horizon}'"
            yield Finding(("changes", at, "at"), message, "let it begin earlier, or look further ahead")
        if change.name in ends and change.start_s <= ends[change.name]:
            message = f"{change.name} changes twice at a time"
            yield Finding(("changes", at), message, "let the second begin after the first has ended")
        ends[change.name] = change.end_s
