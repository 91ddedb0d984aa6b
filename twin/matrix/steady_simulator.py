"""Simulators that solve one operating point after another, behind the port of process models.

What such a model tells is where the plant settles, not how it gets there: outputs follow the inputs at once. A ramp is
told in ten steps. Equal points are solved once.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Declaration
from twin.matrix.errors import DivergedError, UnusableModelError
from twin.matrix.model_state import ModelState
from twin.matrix.port import Watch, unwatched
from twin.matrix.scenario import Change, Scenario, value_at
from twin.matrix.simulator_file import Mapped, SimulatorFile
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

Array = NDArray[np.float64]

RAMP_STEPS: Final = 10


class Solver(Protocol):
    """Whatever solves an operating point."""

    def solve(
        self, inputs: Mapping[str, float], outputs: Sequence[str], ask: Callable[[], None]
    ) -> Mapping[str, float]:
        """Values by place in the simulator's units; `ask` is called several times a second."""


class SteadySimulator:
    """A simulator file whose simulator is `solver`."""

    def __init__(self, file: SimulatorFile, solver: Solver) -> None:
        if file.states:
            raise UnusableModelError(
                f"{file.form.title} has states, but its simulator solves steady states",
                remedy="leave 'states' out, or export the model as an FMU",
            )
        self._file, self._solver = file, solver
        self._changeable = (*file.inputs, *file.parameters)
        self._declaration = file.declaration({"cancel"})

    @property
    def declaration(self) -> Declaration:
        """As its simulator file says."""
        return self._declaration

    def start(self, twin: TwinSnapshot) -> ModelState:
        """Inputs as the twin has them, and the parameters that have a tag; there is no other memory."""
        inputs = [twin.value(one.variable) for one in self._file.inputs]
        known = twin.known(one.variable for one in self._file.parameters)
        parameters = [known.get(one.variable.name, one.variable.nominal) for one in self._file.parameters]
        return ModelState(self.declaration.id, np.empty((1, 0)), np.array([parameters]), np.array([inputs]))

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """The operating points that every member passes through."""
        declared = self.declaration
        state.check(declared.id)
        told = np.empty((state.members, len(scenario.times_s), len(declared.outputs)))
        solved: dict[tuple[float, ...], Array] = {}
        for member in range(state.members):
            begun = np.concatenate([state.inputs[member], state.parameters[member]]).tolist()
            before = dict(zip(declared.changeable, begun, strict=True))
            for row, time_s in enumerate(scenario.times_s):
                done = (member + row / len(scenario.times_s)) / state.members
                point = tuple((before | _values(scenario, before, float(time_s))).values())
                if point not in solved:
                    solved[point] = self._solve(point, lambda done=done: watch(done))  # type: ignore[misc]
                told[member, row] = solved[point]
            watch((member + 1) / state.members)
        return Trajectory.of(declared.id, declared.outputs, scenario.times_s, told)

    def _solve(self, point: tuple[float, ...], ask: Callable[[], None]) -> Array:
        ask()
        inputs = {one.at: one.there(value) for one, value in zip(self._changeable, point, strict=True)}
        told = self._solver.solve(inputs, [one.at for one in self._file.outputs], ask)
        values = np.array([_here(one, told) for one in self._file.outputs])
        if not np.all(np.isfinite(values)):
            unknown = [
                one.variable.name for one, value in zip(self._file.outputs, values, strict=True) if value != value
            ]
            raise DivergedError(
                f"{self._file.form.title} gives no value of {', '.join(unknown)}",
                remedy="make the change smaller, or check their places in the simulator file",
            )
        return values


def _here(one: Mapped, told: Mapping[str, float]) -> float:
    return one.here(float(told.get(one.at, np.nan)))


def _values(scenario: Scenario, before: Mapping[str, float], time_s: float) -> dict[str, float]:
    """Values of what is changed at a time, ramps in steps."""
    values: dict[str, float] = {}
    for change in scenario.changes:
        values |= value_at([change], {**before, **values}, _step_of(change, time_s))
    return values


def _step_of(change: Change, time_s: float) -> float:
    """The time of the ramp's step that a time lies in."""
    if not change.start_s <= time_s < change.end_s:
        return time_s
    step_s = change.over_s / RAMP_STEPS
    return change.start_s + step_s * ((time_s - change.start_s) // step_s)
