"""The Tennessee Eastman plant behind the port of process models.

A member of a state carries its kernel's bytes and its control system; every call takes them out and puts them back,
so forks never meet. It runs at some thousand times real time and holds the interpreter meanwhile: run it in a worker
process, never beside the live path.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Declaration
from twin.matrix.errors import DivergedError
from twin.matrix.loop import AUTO, CAS, MAN
from twin.matrix.model_state import ModelState, joined
from twin.matrix.port import Watch, unwatched
from twin.matrix.process import WriteRefusedError
from twin.matrix.scenario import Change, Scenario, value_at
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.tennessee_eastman.control import SETTINGS
from twin.matrix.tennessee_eastman.declared import PARAMETERS, SHOWN, declare
from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel
from twin.matrix.trajectory import Trajectory, Trip

Array = NDArray[np.float64]

SETTLING_S = 3600
"""How long a start runs from the base case with the twin's setpoints."""

_WATCHED_EVERY_S = 120
_MOVED_EVERY_S = 60
_NAMES = [signal.name for signal in SETTINGS]
_SHOWN = [_NAMES.index(name) for name in SHOWN]


class TennesseeEastmanProcess:
    """Plant and control; `noise` says whether the instruments of what it starts are noisy."""

    def __init__(self, *, noise: bool = False, seed: int = 1) -> None:
        """Load the equations; `seed` chooses noise and disturbances of what it starts.

        Raises
        ------
        TennesseeEastmanMissingError
            Where they are not installed.
        """
        self._noise, self._seed = noise, seed
        self._machine = TennesseeEastmanModel()
        self._fresh = self._machine.snapshot()
        self._machine.separate(seed, noise=False)
        # Setpoints that masters write are known after a first scan.
        self._machine.control(self._machine.measure())
        self._declaration = declare(self._machine)

    @property
    def declaration(self) -> Declaration:
        """Measurements, valves, loops and what may drift; see `twin.matrix.tennessee_eastman.declared`."""
        return self._declaration

    def start(self, twin: TwinSnapshot) -> ModelState:
        """The base case, brought to the twin's setpoints and modes by the control system within an hour of plant time.

        The 50 states cannot be told from 41 measurements alone: an estimator goes on from here.
        """
        declared = self.declaration
        settings = {variable.name: twin.value(variable) for variable in declared.inputs}
        machine = self._machine
        machine.restore(self._fresh)
        machine.separate(self._seed, noise=self._noise)
        machine.put(_operators(settings))
        _run(machine, SETTLING_S)
        if machine.trip:
            raise DivergedError(
                f"the plant trips on its way to the twin's setpoints: {machine.trip}",
                remedy="check the setpoints and the loops that are in MAN",
            )
        return self._state(machine)

    def adopt(self, plant: bytes, seed: int) -> ModelState:
        """A fork of a running `TennesseeEastmanModel`'s snapshot, with noise and disturbances of its own."""
        self._machine.restore(plant)
        self._machine.separate(seed, noise=self._noise)
        return self._state(self._machine)

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """Run every member second by second; a trip ends it, and its trajectory tells when and why."""
        declared = self.declaration
        state.check(declared.id)
        self._check(state, scenario)
        told = np.empty((state.members, len(scenario.times_s), len(declared.outputs)))
        trips: list[Trip | None] = []
        for member in range(state.members):

            def part(done: float, member: int = member) -> None:
                watch((member + done) / state.members)

            self._load(state, member)
            trips.append(_through(self._machine, scenario, told[member], part))
        return Trajectory.of(declared.id, declared.outputs, scenario.times_s, told, trips)

    def outputs(self, state: ModelState) -> Array:
        """Measurements, valves and setpoints in this state; shape (members, outputs)."""
        state.check(self.declaration.id)
        rows = []
        for member in range(state.members):
            self._load(state, member)
            rows.append(_shown(self._machine))
        return np.array(rows)

    def step(self, state: ModelState, duration_s: float, *, hold: bool = False) -> ModelState:
        """The members after some whole seconds; a member that trips stands still."""
        state.check(self.declaration.id)

        def go_on() -> None:
            _run(self._machine, round(duration_s), hold=hold)

        return self._each(state, go_on)

    def follow(self, state: ModelState, settings: Mapping[str, float]) -> ModelState:
        """The same process with settings as the plant has them."""
        return self._each(state, lambda: self._machine.put(settings))

    def _each(self, state: ModelState, act: Callable[[], None]) -> ModelState:
        done = []
        for member in range(state.members):
            self._load(state, member)
            act()
            done.append(self._state(self._machine))
        return joined(done)

    def _load(self, state: ModelState, member: int) -> None:
        machine = self._machine
        machine.restore(state.memory[member])
        written, bases = state.states[member].tolist(), state.parameters[member].tolist()
        if written != machine.process_state or bases != machine.bases:
            machine.rewrite(written, bases)

    def _state(self, machine: TennesseeEastmanModel) -> ModelState:
        states, parameters, inputs = (
            np.array([row]) for row in (machine.process_state, machine.bases, machine.read_settings())
        )
        return ModelState(self.declaration.id, states, parameters, inputs, (machine.snapshot(),))

    def _check(self, state: ModelState, scenario: Scenario) -> None:
        """Try all changes on the first member's control system, before anything runs."""
        self._load(state, 0)
        for change in scenario.changes:
            if change.name not in self.declaration.parameter_index:
                try:
                    self._machine.write(change.name, change.value)
                except WriteRefusedError as refused:
                    raise scenario.refused(change, refused.why, refused.remedy) from refused


def _operators(settings: Mapping[str, float]) -> dict[str, float]:
    """Those settings that an operator chose: modes, and what no other loop writes in these modes."""
    modes = {name.removesuffix(".MODE"): value for name, value in settings.items() if name.endswith(".MODE")}
    chosen = {}
    for name, value in settings.items():
        loop, _, what = name.partition(".")
        chosen_in = {"MODE": (MAN, AUTO, CAS), "OP": (MAN,), "SP": (AUTO,)}[what]
        if loop not in modes or modes[loop] in chosen_in:
            chosen[name] = value
    return chosen


def _run(machine: TennesseeEastmanModel, seconds: int, *, hold: bool = False) -> None:
    for _ in range(seconds):
        if not hold:
            machine.control(machine.measure())
        machine.advance()


def _shown(machine: TennesseeEastmanModel) -> list[float]:
    settings = machine.read_settings()
    return [*machine.measure(), *(settings[at] for at in _SHOWN)]


def _through(machine: TennesseeEastmanModel, scenario: Scenario, told: Array, watch: Watch) -> Trip | None:
    """Run one member and tell its outputs into `told`, shape (times, outputs)."""
    writer = _Writer(machine, scenario)
    row = 0
    for second in range(round(scenario.horizon_s) + 1):
        if second % _WATCHED_EVERY_S == 0:
            watch(second / (scenario.horizon_s + 1.0))
        writer.write(second)
        while row < len(told) and scenario.times_s[row] < second + 0.5:
            told[row] = _shown(machine)
            row += 1
        if machine.trip:
            told[row:] = np.nan
            return Trip(float(second), machine.trip)
        _run(machine, 1)
    return None


def _due(change: Change, second: int) -> bool:
    """Whether a change is written in this second of its course.

    What acts on the process moves by the minute: to write it costs as much as to run the plant for seconds.
    """
    moving = change.start_s + 1.0 <= second < change.end_s
    return not moving or change.name not in PARAMETERS or second % _MOVED_EVERY_S == 0


class _Writer:
    """Writes a scenario's changes second by second, as an operator would."""

    def __init__(self, machine: TennesseeEastmanModel, scenario: Scenario) -> None:
        self._machine, self._scenario = machine, scenario
        self._begun: dict[Change, float] = {}

    def write(self, second: int) -> None:
        """What the changes ask for in this second."""
        for change in self._scenario.changes:
            if change.start_s <= second < change.end_s + 1.0 and _due(change, second):
                before = self._begun.setdefault(change, self._value(change.name))
                self._set(change, value_at([change], {change.name: before}, second)[change.name])

    def _value(self, name: str) -> float:
        if name in PARAMETERS:
            return self._machine.bases[PARAMETERS.index(name)]
        return self._machine.read_settings()[_NAMES.index(name)]

    def _set(self, change: Change, value: float) -> None:
        if change.name in PARAMETERS:
            bases = self._machine.bases
            bases[PARAMETERS.index(change.name)] = value
            self._machine.rewrite(self._machine.process_state, bases)
            return
        try:
            self._machine.write(change.name, value)
        except WriteRefusedError as refused:
            raise self._scenario.refused(change, refused.why, refused.remedy) from refused
