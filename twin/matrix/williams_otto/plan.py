"""A scenario as the reactor's control system takes it: segments in which nothing begins or ends, checked beforehand."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Declaration
from twin.matrix.loop import MAN
from twin.matrix.process import WriteRefusedError
from twin.matrix.scenario import Change, Scenario
from twin.matrix.williams_otto.control import LOOPS, ReactorControl

_TUNING = (".KC", ".TI", ".TD")


@dataclass(frozen=True)
class Segment:
    """What begins and what has arrived at `start_s`, and which rows of the trajectory lie in it.

    `first` is the row of the first time at or after the start, `grid_s` the times after the start, counted from it,
    ending with the segment's end; `rows` of them are rows of the trajectory. `modes` are those of the five loops.
    """

    start_s: float
    end_s: float
    begun: tuple[Change, ...]
    arrived: tuple[Change, ...]
    modes: tuple[int, ...]
    first: int
    starts_on_row: bool
    rows: int
    grid_s: tuple[float, ...]


@dataclass(frozen=True)
class Plan:
    """The segments in order; `rate_action` says whether a loop that acts has a rate time."""

    scenario: Scenario
    segments: tuple[Segment, ...]
    rate_action: bool


def plan(declaration: Declaration, inputs: NDArray[np.float64], scenario: Scenario) -> Plan:
    """Split a scenario into segments for a member with these inputs, shape (inputs,).

    Raises
    ------
    ScenarioError
        Where the control system does not take a change: its loop is in another mode, or it can't be gradual.
    """
    control = ReactorControl([0.0] * len(LOOPS), [0.0] * 4)
    for variable, value in zip(declaration.inputs, inputs, strict=True):
        control.put(variable.name, float(value))
    segments, rate_action = [], False
    for start_s, end_s in zip(scenario.breaks_s, scenario.breaks_s[1:], strict=False):
        begun = [change for change in scenario.changes if change.start_s == start_s]
        for change in begun:
            _write(control, change, scenario, declaration)
        loops = control.loops.values()
        rate_action |= any(loop.rate_s != 0.0 and loop.mode != MAN for loop in loops)
        arrived = tuple(each for each in scenario.changes if each.over_s and each.end_s == start_s)
        modes = tuple(loop.mode for loop in loops)
        segments.append(_segment(scenario, start_s, end_s, begun, arrived, modes))
    return Plan(scenario, tuple(segments), rate_action)


def _write(control: ReactorControl, change: Change, scenario: Scenario, declaration: Declaration) -> None:
    if change.name in declaration.parameter_index:
        return
    if change.over_s and change.name.endswith(_TUNING):
        raise scenario.refused(change, f"{change.name} cannot change gradually", "leave out 'over'")
    try:
        control.write(change.name, change.value)
    except WriteRefusedError as refused:
        raise scenario.refused(change, refused.why, refused.remedy) from refused


def _segment(
    scenario: Scenario,
    start_s: float,
    end_s: float,
    begun: Iterable[Change],
    arrived: tuple[Change, ...],
    modes: tuple[int, ...],
) -> Segment:
    times = scenario.times_s
    first = int(np.searchsorted(times, start_s))
    starts_on_row = bool(times[first] == start_s)
    inside = times[(times > start_s) & (times <= end_s)] - start_s
    grid = inside.tolist()
    if not grid or grid[-1] < end_s - start_s:
        grid.append(end_s - start_s)
    steps_first = tuple(sorted(begun, key=lambda change: not change.name.endswith(".MODE")))
    return Segment(start_s, end_s, steps_first, arrived, modes, first, starts_on_row, len(inside), tuple(grid))
