"""The Williams-Otto reactor behind the port of process models."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Declaration
from twin.matrix.errors import DivergedError, OutOfRangeError, UnsupportedError
from twin.matrix.model_state import ModelState, joined
from twin.matrix.port import Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory, Trip
from twin.matrix.williams_otto.control import LOOPS
from twin.matrix.williams_otto.declared import SHOWN, declare
from twin.matrix.williams_otto.equations import (
    EQUIPMENT,
    FULL_KG,
    KELVIN,
    Surroundings,
    measurements,
)
from twin.matrix.williams_otto.plan import Plan, plan
from twin.matrix.williams_otto.sampled import SampledReactors, alike

Array = NDArray[np.float64]

EMPTY_PERCENT = 1.0
"""A reactor with less in it is empty: here the model ends."""

_LEAST_OPEN = 5.0
"""Percent of a feed valve's opening from which on its flow says what supply there is."""
_LEVEL = 2
_WATCHED_EVERY_S = 60


class WilliamsOttoProcess:
    """Reactor, jacket and control as the plant runs them; holds nothing but its declaration."""

    @property
    def declaration(self) -> Declaration:
        """Loops, instruments, balances and surroundings; see `twin.matrix.williams_otto.declared`."""
        return declare()

    def start(self, twin: TwinSnapshot) -> ModelState:
        """Masses from level and analyser, temperatures and flows as measured, loops as they stand.

        Shares that do not add up to 100 % are scaled until they do: a start knows of no inert, an estimator may. The
        supplies of both feeds are those that give the flows measured at the valves' openings.
        """
        declared = self.declaration
        at = declared.input_index
        values = [twin.value(variable) for variable in declared.outputs[: -len(SHOWN)]]
        flow_a, flow_b, level, reactor, inlet, out, feed, jacket, circulation, *shares = values
        settings = [
            variable.nominal
            if variable.name not in twin.values and variable.name.endswith((".KC", ".TI", ".TD"))
            else twin.value(variable)
            for variable in declared.inputs
        ]
        contents = 0.01 * level * FULL_KG
        if contents <= 0.0 or min(shares) < 0.0 or sum(shares) <= 0.0:
            raise OutOfRangeError(
                f"level {level:g} % and shares {shares} make no contents", remedy="check the level and the analyser"
            )
        masses = [contents * share / sum(shares) for share in shares]
        temperatures = [value + KELVIN for value in (reactor, jacket, inlet)]
        around = Surroundings(feed_k=feed + KELVIN, circulation=circulation)
        openings = [settings[at[f"{loop}.OP"]] for loop in LOOPS[:2]]
        around.supply_a = _supply(flow_a, openings[0], EQUIPMENT.valve_a)
        around.supply_b = _supply(flow_b, openings[1], EQUIPMENT.valve_b)
        state = [*masses, 0.0, *temperatures, flow_a, flow_b, out]
        parameters = [getattr(around, field) for field in Surroundings.__slots__]
        return ModelState(declared.id, np.array([state]), np.array([parameters]), np.array([settings]))

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """Run every member through the scenario with CasADi's CVODES; see `closed_loop`.

        A loop with rate action is sampled by nature, so its plant is stepped second by second instead.
        """
        declared = self.declaration
        state.check(declared.id)
        runs = [state] if alike(state.inputs) else [state.member(index) for index in range(state.members)]
        told: list[Array] = []
        for number, run in enumerate(runs):
            planned = plan(declared, run.inputs[0], scenario)

            def part(done: float, number: int = number) -> None:
                watch((number + done) / len(runs))

            told.append(_sampled(run, planned, part) if planned.rate_action else _continuous(run, planned, part))
        values = told[0] if len(told) == 1 else np.concatenate(told)
        if not np.all(np.isfinite(values[:, 0])):
            raise DivergedError("the Williams-Otto reactor has no solution here", remedy="make the change smaller")
        trips = [_trip(member[:, _LEVEL], scenario.times_s) for member in values]
        return Trajectory.of(declared.id, declared.outputs, scenario.times_s, values, trips)

    def sensitivities(
        self, state: ModelState, scenario: Scenario, to: Sequence[str], watch: Watch = unwatched
    ) -> tuple[Trajectory, Array]:
        """The trajectory and its exact derivatives along the solution; see the port.

        Raises
        ------
        UnsupportedError
            For an ensemble, and where a loop has rate action, which is sampled by nature.
        """
        from twin.matrix.williams_otto import continuous

        declared = self.declaration
        state.check(declared.id)
        planned = plan(declared, state.inputs[0], scenario)
        if state.members != 1:
            raise UnsupportedError(f"derivatives of {state.members} members at once", remedy="take one member")
        if planned.rate_action:
            raise UnsupportedError("derivatives of a loop with rate action", remedy="set its rate time (.TD) to 0 s")
        watch(0.0)
        values, derivatives = continuous.differentiate(state, planned, continuous.seeds(declared, scenario, to))
        trips = [_trip(values[:, _LEVEL], scenario.times_s)]
        told = Trajectory.of(declared.id, declared.outputs, scenario.times_s, values[None], trips)
        return told, derivatives

    def outputs(self, state: ModelState) -> Array:
        """Instruments, setpoints and outputs in this state; shape (members, outputs)."""
        around = Surroundings(*state.parameters.T)
        instruments = np.stack(measurements(list(state.states.T), around), axis=1)
        shown = [self.declaration.input_index[name] for name in SHOWN]
        return np.concatenate([instruments, state.inputs[:, shown]], axis=1)

    def step(self, state: ModelState, duration_s: float, *, hold: bool = False) -> ModelState:
        """The members after some seconds, stepped as the plant's control system does; all at once where `alike`."""
        state.check(self.declaration.id)
        if not alike(state.inputs):
            return joined([self.step(state.member(at), duration_s, hold=hold) for at in range(state.members)])
        reactors = SampledReactors(state.states, state.parameters, state.inputs)
        if hold:
            reactors.drift(duration_s)
        else:
            reactors.advance(round(duration_s))
        if not np.all(np.isfinite(reactors.states)):
            raise DivergedError("the Williams-Otto reactor ran empty or away", remedy="check levels and parameters")
        return ModelState(state.model, reactors.states, state.parameters, reactors.inputs)

    def follow(self, state: ModelState, settings: Mapping[str, float]) -> ModelState:
        """The same process with settings as the plant has them."""
        inputs = state.inputs.copy()
        for name, value in settings.items():
            inputs[:, self.declaration.input_index[name]] = value
        return ModelState(state.model, state.states, state.parameters, inputs)


def _supply(flow: float, opening: float, valve: float) -> float:
    if opening < _LEAST_OPEN:
        return 1.0
    return min(3.0, max(0.1, flow / (0.01 * opening * valve)))


def _continuous(state: ModelState, planned: Plan, watch: Watch) -> Array:
    # CasADi takes half a second to load, which the live path, where only `step` is asked for, does not pay.
    from twin.matrix.williams_otto import continuous

    times, outputs = len(planned.scenario.times_s), len(declare().outputs)
    told = np.empty((state.members, outputs, times))
    for member in range(state.members):
        watch(member / state.members)
        try:
            told[member] = continuous.run(state.member(member), planned)
        except DivergedError:
            # What stops the fast solver, like a reactor that runs empty, is told second by second up to there.
            told[member] = _sampled(state.member(member), planned, watch)[0].T
    return told.transpose(0, 2, 1)


def _sampled(state: ModelState, planned: Plan, watch: Watch) -> Array:
    """The plant stepped second by second, ramps too; shape (members, times, outputs)."""
    reactors = SampledReactors(state.states, state.parameters, state.inputs)
    scenario = planned.scenario
    model = WilliamsOttoProcess()
    told: list[Array] = []
    for second in range(round(scenario.horizon_s) + 1):
        if second % _WATCHED_EVERY_S == 0:
            watch(second / (scenario.horizon_s + 1.0))
        for change in scenario.changes:
            reactors.take(change, second)
        while len(told) < len(scenario.times_s) and scenario.times_s[len(told)] < second + 0.5:
            now = ModelState(state.model, reactors.states, reactors.parameters, reactors.inputs)
            told.append(model.outputs(now))
        reactors.advance(1)
    return np.stack(told, axis=1)


def _trip(level: Array, times_s: Array) -> Trip | None:
    """The reactor's end where it runs empty."""
    empty = np.flatnonzero(~(level >= EMPTY_PERCENT))
    return Trip(float(times_s[empty[0]]), "the reactor is empty") if empty.size else None
