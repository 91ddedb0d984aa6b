"""One reactor through a scenario with the fast solver, and the derivatives of what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import casadi
import numpy as np
from numpy.typing import NDArray

from twin.atlas.faults import Fault
from twin.matrix.declaration import Declaration
from twin.matrix.errors import ScenarioError
from twin.matrix.model_state import ModelState
from twin.matrix.scenario import Change, Scenario
from twin.matrix.williams_otto.closed_loop import (
    EACH,
    MASTER,
    MODE,
    OP,
    SETTING_COUNT,
    SLAVE,
    SP,
    Regime,
    Rows,
    value_of,
)
from twin.matrix.williams_otto.control import LOOPS
from twin.matrix.williams_otto.declared import declare
from twin.matrix.williams_otto.equations import STATES, Surroundings, measurements
from twin.matrix.williams_otto.plan import Plan, Segment

Array = NDArray[np.float64]
_AROUND = len(Surroundings.__slots__)
_SETPOINTS = [EACH * loop + SP for loop in range(len(LOOPS))]
_SURROUNDINGS = list(range(SETTING_COUNT, SETTING_COUNT + _AROUND))
_OUTPUTS = [EACH * loop + OP for loop in range(len(LOOPS))]


@dataclass(frozen=True)
class Seed:
    """What to differentiate to: a change of the scenario, or (None) what stands at place `at` in the beginning."""

    at: int
    change: Change | None


@dataclass(frozen=True)
class _Told:
    """The rows of one run: `solved` (rows, times, 18), `setpoints` (rows, 5, times), `around` (rows, 10, times)."""

    solved: Array
    setpoints: Array
    around: Array


def seeds(declaration: Declaration, scenario: Scenario, to: Sequence[str]) -> tuple[Seed, ...]:
    """What the names mean: the last change of an input, or a parameter's value at the start.

    Raises
    ------
    ScenarioError
        Where an input is named that the scenario does not set to a value.
    """
    found = []
    for name in to:
        last = [change for change in scenario.changes if change.name == name]
        if name in declaration.parameter_index:
            found.append(Seed(SETTING_COUNT + declaration.parameter_index[name], None))
        elif last and name.endswith((".SP", ".OP")):
            found.append(Seed(declaration.input_index[name], last[-1]))
        else:
            remedy = "name a parameter, or a setpoint or output that the scenario changes"
            raise ScenarioError([Fault(f"to.{name}", "no derivative to it can be told", remedy)])
    return tuple(found)


def run(state: ModelState, planned: Plan) -> Array:
    """What a single member shows; shape (outputs, times). Raises `DivergedError`."""
    return _shown(_through(state, planned, ()))


def differentiate(state: ModelState, planned: Plan, to: tuple[Seed, ...]) -> tuple[Array, Array]:
    """What a single member shows, and its derivatives; shapes (times, outputs) and (times, outputs, len(to))."""
    told = _through(state, planned, to)
    point = np.concatenate([told.solved[0, :, :STATES].T, told.around[0]])
    columns = []
    for row in range(1, len(told.solved)):
        along = np.concatenate([told.solved[row, :, :STATES].T, told.around[row]])
        instruments = _instruments_along().map(point.shape[1])(point, along).full()
        columns.append(np.concatenate([instruments, _settings(told, row)]).T)
    shown = _shown(told).T
    return shown, np.stack(columns, axis=2) if columns else np.zeros((*shown.shape, 0))


def _through(state: ModelState, planned: Plan, to: tuple[Seed, ...]) -> _Told:
    rows = 1 + len(to)
    held = np.zeros((rows, SETTING_COUNT + _AROUND))
    held[0] = np.concatenate([state.inputs[0], state.parameters[0]])
    for row, seed in enumerate(to, start=1):
        held[row, seed.at] = 0.0 if seed.change else 1.0
    solved = np.zeros((rows, STATES + len(LOOPS)))
    solved[0] = np.concatenate([state.states[0], state.inputs[0, _OUTPUTS]])
    going = Rows(solved, held, np.zeros_like(held), Regime.of(held[0, MODE::EACH][: len(LOOPS)]))
    times = planned.scenario.times_s
    told = _Told(
        np.empty((rows, len(times), solved.shape[1])),
        np.empty((rows, len(LOOPS), len(times))),
        np.empty((rows, _AROUND, len(times))),
    )
    for segment in planned.segments:
        _begin(going, segment, to)
        here = slice(segment.first, segment.first + segment.starts_on_row + segment.rows)
        passed = times[here] - segment.start_s
        told.setpoints[:, :, here] = _moving(going, _SETPOINTS, passed)
        told.around[:, :, here] = _moving(going, _SURROUNDINGS, passed)
        if segment.starts_on_row:
            told.solved[:, segment.first] = going.solved
        cascade = going.regime.cascade
        told.solved[:, here.stop - segment.rows : here.stop] = going.run(segment.grid_s)[:, : segment.rows]
        if cascade:
            told.setpoints[:, SLAVE, here] = value_of(SLAVE, told.solved[:, here, STATES + MASTER])
    return told


def _moving(going: Rows, quantities: list[int], passed_s: Array) -> Array:
    """Settings or surroundings over time; shape (rows, quantities, times), or (rows, quantities, 1) where they stay."""
    held, rates = going.held[:, quantities, None], going.rates[:, quantities, None]
    return held + passed_s * rates if rates.any() else held


def _begin(going: Rows, segment: Segment, to: tuple[Seed, ...]) -> None:
    """Stop the ramps that arrived, change the modes, then take steps and begin ramps."""
    places = _places()
    for change in segment.arrived:
        at = places[change.name]
        going.rates[:, at] = 0.0
        if at not in _OUTPUTS:
            going.held[:, at] = _target(change, to, len(going.held))
    going.regime = Regime.of(np.array(segment.modes))
    for change in segment.begun:
        at, target = places[change.name], _target(change, to, len(going.held))
        if change.over_s:
            going.rates[:, at] = (target - going.held[:, at]) / change.over_s
        elif at >= SETTING_COUNT or at % EACH != MODE:
            going.write(at, target)


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    declared = declare()
    return {name: at for at, name in enumerate(declared.changeable)}


def _target(change: Change, to: tuple[Seed, ...], rows: int) -> Array:
    target = np.zeros(rows)
    target[0] = change.value
    target[1:] = [1.0 if seed.change is change else 0.0 for seed in to]
    return target


def _shown(told: _Told) -> Array:
    state, around = np.ascontiguousarray(told.solved[0, :, :STATES].T), told.around[0]
    return np.concatenate([np.stack(measurements(list(state), Surroundings(*around))), _settings(told, 0)])


def _settings(told: _Told, row: int) -> Array:
    """Setpoint and output of each loop in the order of `declared.SHOWN`; shape (10, times)."""
    pairs = np.stack([told.setpoints[row], told.solved[row, :, STATES:].T], axis=1)
    return pairs.reshape(2 * len(LOOPS), -1)


@lru_cache(maxsize=1)
def _instruments_along() -> casadi.Function:
    point = casadi.SX.sym("point", STATES + _AROUND)
    along = casadi.SX.sym("along", point.shape[0])
    surroundings: list[Any] = casadi.vertsplit(point[STATES:])
    shown = casadi.vertcat(*measurements(casadi.vertsplit(point[:STATES]), Surroundings(*surroundings)))
    return casadi.Function("along", [point, along], [casadi.jtimes(shown, point, along)])
