"""FMUs behind the port of process models: what gPROMS, Modelica tools, HYSYS Dynamics and many others export.

An FMU that can give its whole state away is forked, stepped and corrected like our own models. One that cannot begins
every run afresh from its start values, so its file should take those from the twin's tags.

It runs in this process, at most one question at a time; a run that must be ended hard belongs into a worker process.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Capability, Declaration
from twin.matrix.errors import UnsupportedError
from twin.matrix.fmu_instance import FmuInstance
from twin.matrix.model_state import ModelState, joined
from twin.matrix.port import ProcessModel, Watch, unwatched
from twin.matrix.scenario import Scenario, value_at
from twin.matrix.simulator_file import Mapped, SimulatorFile
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory, Trip

Array = NDArray[np.float64]


def open_fmu(file: SimulatorFile) -> ProcessModel:
    """The model of an FMU's simulator file, with the capabilities that the FMU gives it.

    Raises
    ------
    MissingSimulatorError
        Where FMPy is missing, or the FMU is not built for this machine.
    UnusableModelError
        Where the file and the FMU do not fit.
    """
    options = file.form.fmu
    instance = FmuInstance(file.model, options.interface, file.seconds["step"], options.tolerance)
    return (SteppableFmu if instance.keeps_state else Fmu)(file, instance)


class Fmu:
    """An FMU that begins each run afresh, from a state of start values, parameters and inputs."""

    def __init__(self, file: SimulatorFile, instance: FmuInstance) -> None:
        self._file, self._fmu = file, instance
        everything = (*file.inputs, *file.outputs, *file.parameters, *file.states)
        instance.known([*(one.at for one in everything), *(one.start for one in file.states if one.tag)])
        instance.known(list(file.form.fmu.hold))
        self._declaration = file.declaration(self._capabilities())

    @property
    def declaration(self) -> Declaration:
        """As its simulator file says."""
        return self._declaration

    def start(self, twin: TwinSnapshot) -> ModelState:
        """Inputs, parameters that have a tag, and start values, as the twin has them; then the FMU's initialisation."""
        file = self._file
        inputs = np.array([twin.value(one.variable) for one in file.inputs])
        known = twin.known(one.variable for one in file.parameters)
        parameters = np.array([known.get(one.variable.name, one.variable.nominal) for one in file.parameters])
        states = np.array([twin.value(one.began) if one.tag else one.variable.nominal for one in file.states])
        self._fmu.begin(self._start_values(inputs, parameters, states))
        return self._state()

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """Run every member; inputs that ramp are written once a step."""
        declared = self.declaration
        state.check(declared.id)
        self._refuse_fixed(scenario)
        told = np.full((state.members, len(scenario.times_s), len(declared.outputs)), np.nan)
        trips: list[Trip | None] = []
        for member in range(state.members):

            def part(done: float, member: int = member) -> None:
                watch((member + done) / state.members)

            self._load(state, member)
            trips.append(self._through(state, member, scenario, told[member], part))
        return Trajectory.of(declared.id, declared.outputs, scenario.times_s, told, trips)

    def _capabilities(self) -> set[Capability]:
        return {"cancel"}

    def _state(self) -> ModelState:
        file = self._file
        states, parameters, inputs = (self._read(part)[None] for part in (file.states, file.parameters, file.inputs))
        return ModelState(self.declaration.id, states, parameters, inputs, self._memory())

    def _memory(self) -> tuple[bytes, ...]:
        return ()

    def _load(self, state: ModelState, member: int) -> None:
        self._fmu.begin(self._start_values(state.inputs[member], state.parameters[member], state.states[member]))

    def _start_values(self, inputs: Array, parameters: Array, states: Array) -> dict[str, float]:
        values = _there(self._file.inputs, inputs) | _there(self._file.parameters, parameters)
        for one, value in zip(self._file.states, states, strict=True):
            if one.tag:
                values[one.start] = one.there(float(value))
        return values

    def _read(self, mapped: Sequence[Mapped]) -> Array:
        raw = self._fmu.read([one.at for one in mapped])
        return np.array([one.here(float(value)) for one, value in zip(mapped, raw, strict=True)])

    def _refuse_fixed(self, scenario: Scenario) -> None:
        at = {one.variable.name: one.at for one in self._file.parameters}
        for change in scenario.changes:
            if change.name in at and self._fmu.variables[at[change.name]].variability != "tunable":
                raise scenario.refused(
                    change, f"{change.name} is fixed while the FMU runs", "export it as a tunable parameter or an input"
                )

    def _through(self, state: ModelState, member: int, scenario: Scenario, told: Array, watch: Watch) -> Trip | None:
        """Run one member and tell its outputs into `told`, shape (times, outputs)."""
        changeable = (*self._file.inputs, *self._file.parameters)
        places = {one.variable.name: one for one in changeable}
        now = dict(zip(places, [*state.inputs[member], *state.parameters[member]], strict=True))
        before, row, origin = dict(now), 0, self._fmu.time
        for time_s in _points(scenario, self._file.seconds["step"]):
            done = time_s / (scenario.horizon_s + 1.0)
            watch(done)
            self._fmu.advance_to(origin + time_s, partial(watch, done))
            if self._fmu.ended:
                return Trip(time_s, f"{self._file.form.title} ended the simulation")
            wanted = value_at(scenario.changes, before, time_s)
            changed = {name: value for name, value in wanted.items() if value != now[name]}
            self._fmu.write({places[name].at: places[name].there(value) for name, value in changed.items()})
            now |= changed
            if time_s == scenario.times_s[row]:
                told[row] = self._read(self._file.outputs)
                row += 1
        return None


class SteppableFmu(Fmu):
    """An FMU whose whole state is a member's memory; states of model exchange may be replaced as well."""

    def outputs(self, state: ModelState) -> Array:
        """Outputs in this state; shape (members, outputs)."""
        state.check(self.declaration.id)
        rows = []
        for member in range(state.members):
            self._load(state, member)
            rows.append(self._read(self._file.outputs))
        return np.array(rows)

    def step(self, state: ModelState, duration_s: float, *, hold: bool = False) -> ModelState:
        """The members after some seconds; with `hold`, what the file says holds the FMU's controllers is written."""
        held = dict(self._file.form.fmu.hold) if hold else {}
        places = list(held)

        def go_on() -> None:
            before = self._fmu.read(places).tolist()
            self._fmu.write(held)
            self._fmu.advance_to(self._fmu.time + duration_s)
            self._fmu.write(dict(zip(places, before, strict=True)))

        return self._each(state, go_on)

    def follow(self, state: ModelState, settings: Mapping[str, float]) -> ModelState:
        """The same process with settings as the plant has them."""
        places = {one.variable.name: one for one in self._file.inputs}
        written = {places[name].at: places[name].there(value) for name, value in settings.items()}
        return self._each(state, lambda: self._fmu.write(written))

    def _each(self, state: ModelState, act: Callable[[], None]) -> ModelState:
        state.check(self.declaration.id)
        done = []
        for member in range(state.members):
            self._load(state, member)
            act()
            done.append(self._state())
        return joined(done)

    def _capabilities(self) -> set[Capability]:
        continuous = self._fmu.continuous_states
        writable = bool(self._file.states) and all(one.at in continuous for one in self._file.states)
        return {"cancel", "step", "state"} if writable else {"cancel", "step"}

    def _memory(self) -> tuple[bytes, ...]:
        return (self._fmu.save(),)

    def _load(self, state: ModelState, member: int) -> None:
        """Take back a member's memory, and write what was replaced beside it."""
        file, fmu = self._file, self._fmu
        fmu.restore(state.memory[member])
        for part, wanted in ((file.inputs, state.inputs[member]), (file.parameters, state.parameters[member])):
            fmu.write(self._replaced(part, wanted))
        if replaced := self._replaced(file.states, state.states[member]):
            if "state" not in self.declaration.capabilities:
                raise UnsupportedError(
                    f"{file.form.title} lets nobody replace {', '.join(replaced)}",
                    remedy="export it for model exchange, and declare continuous states only",
                )
            fmu.write_states(replaced)

    def _replaced(self, part: Sequence[Mapped], wanted: Array) -> dict[str, float]:
        """Values by place where others are wanted than those that are there."""
        there = self._read(part)
        return {one.at: one.there(float(w)) for one, w, t in zip(part, wanted, there, strict=True) if w != t}


def _there(mapped: Iterable[Mapped], values: Array) -> dict[str, float]:
    return {one.at: one.there(float(value)) for one, value in zip(mapped, values, strict=True)}


def _points(scenario: Scenario, step_s: float) -> list[float]:
    """Times at which a run halts to write or tell: outputs, beginnings and ends of changes, steps of ramps."""
    ramps = [np.arange(change.start_s, change.end_s, step_s) for change in scenario.changes if change.over_s]
    points = np.unique(np.concatenate([scenario.times_s, scenario.breaks_s, *ramps]))
    return [float(point) for point in points if point <= scenario.horizon_s]
