"""The contract of process models: a suite that every model behind the port passes, ours and those of others.

Subclass `ProcessModelContract` in a test module and give it a fixture `case`, a `ModelCase` of your model. A test of a
capability that the model does not declare has nothing to hold and passes.
"""

import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, cast

import numpy as np

from twin.atlas.units import parse_unit
from twin.matrix.errors import MatrixError, ScenarioError, SimulationCancelledError, SnapshotError
from twin.matrix.model_state import Array, ModelState, joined
from twin.matrix.port import DifferentiableModel, ProcessModel, SteppableModel, Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

CANCELS_WITHIN_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class ModelCase:
    """A model, and questions that it can be asked.

    Parameters
    ----------
    make
        A new instance of the model.
    twin
        A plant that the model can begin from.
    changes, same_changes
        One question, and the same in other units.
    watched
        An output that these changes move.
    horizon
        How far the questions look ahead.
    long_horizon
        What takes the model a while, for being cancelled.
    refused
        Changes that can be read, but that the control system does not take.
    agreement
        By how much of an output's range steps and the trajectory may differ at the horizon.
    """

    make: Callable[[], ProcessModel]
    twin: TwinSnapshot
    changes: tuple[str, ...]
    same_changes: tuple[str, ...]
    watched: str
    horizon: str = "10 min"
    every: str = "10 s"
    long_horizon: str = "8 h"
    refused: tuple[str, ...] = ()
    agreement: float = 1e-3

    def scenario(self, changes: Sequence[str], horizon: str = "") -> Scenario:
        """The scenario for this model."""
        return Scenario.parse(changes, horizon or self.horizon, self.make().declaration, every=self.every)

    def run(self, state: ModelState, changes: Sequence[str] = (), watch: Watch = unwatched) -> Trajectory:
        """What a new instance answers."""
        return self.make().simulate(state, self.scenario(changes), watch)

    @cached_property
    def state(self) -> ModelState:
        """What an instance makes of the twin; made once, since nobody can change it."""
        return self.make().start(self.twin)


class ProcessModelContract:
    """What every process model promises."""

    def test_units_are_known_and_capabilities_are_there(self, case: ModelCase) -> None:
        """Every variable's unit can be read, and a declared capability has its methods."""
        model = case.make()
        declared = model.declaration
        for variable in (*declared.inputs, *declared.outputs, *declared.states, *declared.parameters):
            parse_unit(variable.unit)
        _hold(("step" in declared.capabilities) == isinstance(model, SteppableModel), "step is declared as it is")
        has_gradients = isinstance(model, DifferentiableModel)
        _hold(("gradients" in declared.capabilities) == has_gradients, "gradients are declared as they are")

    def test_a_start_is_one_member_of_the_declared_shape(self, case: ModelCase) -> None:
        """One finite member, by the declaration's order, within the ranges."""
        declared, state = case.make().declaration, case.state
        for variables, values in (
            (declared.states, state.states),
            (declared.parameters, state.parameters),
            (declared.inputs, state.inputs),
        ):
            _hold(values.shape == (1, len(variables)), f"{values.shape} is one member of {len(variables)}")
            for variable, value in zip(variables, values[0], strict=True):
                _hold(variable.low <= value <= variable.high, f"{variable.name} {value} is in its range")

    def test_the_trajectory_tells_the_declared_outputs_at_the_scenarios_times(self, case: ModelCase) -> None:
        """Names, units and times are those asked for; values are finite, and JSON keeps them."""
        declared, told = case.make().declaration, case.run(case.state, case.changes)
        _hold(told.names == tuple(one.name for one in declared.outputs), "the outputs are those declared")
        _hold(told.units == tuple(one.unit for one in declared.outputs), "the units are those declared")
        _same(told.times_s, case.scenario(case.changes).times_s)
        _hold(bool(np.all(np.isfinite(told.values))) and told.trips == (None,), "it is told to the horizon")
        again = Trajectory.from_json(told.to_json())
        _same(again.values, told.values)

    def test_same_input_same_output(self, case: ModelCase) -> None:
        """Bit for bit: asked twice, of another instance, and from a state that crossed a process border."""
        state = case.state
        first = case.run(state, case.changes)
        _same(case.run(state, case.changes).values, first.values)
        _same(case.run(pickle.loads(pickle.dumps(state)), case.changes).values, first.values)  # noqa: S301
        model = case.make()
        for _ in range(2):
            _same(model.simulate(state, case.scenario(case.changes)).values, first.values)

    def test_changes_move_the_process_and_the_base_case_is_another(self, case: ModelCase) -> None:
        """The question matters."""
        state = case.state
        base, changed = case.run(state)[case.watched], case.run(state, case.changes)[case.watched]
        _hold(not np.allclose(base, changed), f"{case.changes} move {case.watched}")

    def test_units_are_respected(self, case: ModelCase) -> None:
        """The same question in other units has the same answer."""
        state = case.state
        one, other = case.run(state, case.changes), case.run(state, case.same_changes)
        spans = _spans(case.make())
        _hold(float(np.max(np.abs(one.values - other.values) / spans)) < 1e-6, "the answers are the same")

    def test_forks_share_nothing(self, case: ModelCase) -> None:
        """What is asked of one fork leaves the state and every other question alone, members of an ensemble too."""
        model, state = case.make(), case.state
        before = pickle.dumps(state)
        base = model.simulate(state, case.scenario(()))
        model.simulate(state, case.scenario(case.changes))
        _hold(pickle.dumps(state) == before, "the state stays as it is")
        _same(model.simulate(state, case.scenario(())).values, base.values)
        pair = model.simulate(joined([state, state]), case.scenario(case.changes))
        alone = model.simulate(state, case.scenario(case.changes))
        _same(pair.member(0).values, alone.values)
        _same(pair.member(1).values, alone.values)

    def test_cancel_within_a_second(self, case: ModelCase) -> None:
        """A watch that raises is asked often, and gets its own error through."""
        if "cancel" not in case.make().declaration.capabilities:
            return
        asked: list[float] = []

        def cancelled(done: float) -> None:
            asked.append(time.perf_counter())
            _hold(0.0 <= done <= 1.0, f"{done} is a part of the whole")
            if len(asked) == 3:
                raise SimulationCancelledError

        many = joined([case.state] * 8)
        began = time.perf_counter()
        try:
            case.make().simulate(many, case.scenario(case.changes, case.long_horizon), cancelled)
        except SimulationCancelledError:
            waits = np.diff([began, *asked, time.perf_counter()])
            _hold(float(waits.max()) < CANCELS_WITHIN_S, f"asked and ended within a second: {waits}")
            return
        raise AssertionError("the watch's error ends the run")

    def test_errors_are_translated_and_say_what_to_do(self, case: ModelCase) -> None:
        """Impossible questions and states are errors of the port's tree, with a remedy."""
        model, state = case.make(), case.state
        nothing = TwinSnapshot(case.twin.plant, {}, {})
        _hold(bool(_error(lambda: model.start(nothing), SnapshotError).remedy), "a remedy is told")
        foreign = replace(state, model="another/1")
        _error(lambda: model.simulate(foreign, case.scenario(())), SnapshotError)
        for refused in case.refused:
            error = _error(lambda text=refused: case.run(state, [text]), ScenarioError)  # type: ignore[misc]
            faults = cast(ScenarioError, error).faults
            _hold(bool(faults) and all(fault.remedy for fault in faults), f"{refused}: every fault has a remedy")
        for changes, horizon in (([], "10 years"), (["no-such-tag=1 kg"], case.horizon)):
            _error(lambda c=changes, h=horizon: case.scenario(c, h), ScenarioError)  # type: ignore[misc]
        if "state" in model.declaration.capabilities:
            _error(lambda: state.with_states(np.full_like(state.states, np.nan)), MatrixError)

    def test_steps_lead_where_the_trajectory_does(self, case: ModelCase) -> None:
        """Stepping is repeatable, leaves its state alone, does not depend on the steps' length, and agrees."""
        model, state = case.make(), case.state
        if not isinstance(model, SteppableModel):
            return
        before = pickle.dumps(state)
        seconds = case.scenario(()).horizon_s
        once = model.step(state, seconds)
        halves = model.step(model.step(state, seconds / 2), seconds / 2)
        _hold(pickle.dumps(state) == before, "the state stays as it is")
        np.testing.assert_allclose(model.outputs(halves), model.outputs(once), rtol=1e-9)
        told = case.run(state).values[:, -1]
        worst = float(np.max(np.abs(model.outputs(once) - told) / _spans(model)))
        _hold(worst <= case.agreement, f"steps and trajectory differ by {worst} of a range")

    def test_held_outputs_stay_and_members_step_as_if_alone(self, case: ModelCase) -> None:
        """`follow` takes settings as they stand, `hold` keeps them, and members do not meet."""
        model, state = case.make(), case.state
        if not isinstance(model, SteppableModel):
            return
        held = next(one.name for one in case.make().declaration.inputs if one.name.endswith(".OP"))
        at = case.make().declaration.input_index[held]
        moved = model.follow(state, {held: float(state.inputs[0, at]) + 1.0})
        after = model.step(joined([moved, state]), 60.0, hold=True)
        _same(after.inputs[:, at], np.array([moved.inputs[0, at], state.inputs[0, at]]))
        _same(after.member(1).states, model.step(state, 60.0, hold=True).states)
        _hold(not np.array_equal(after.states[0], after.states[1]), "the valve moves the process")

    def test_states_and_parameters_may_be_written(self, case: ModelCase) -> None:
        """A written state is heard at once, one step later as well."""
        model, state = case.make(), case.state
        if not isinstance(model, SteppableModel) or "state" not in case.make().declaration.capabilities:
            return
        written = state.with_states(state.states * 1.01)
        _hold(not np.allclose(model.outputs(written), model.outputs(state)), "the outputs are the written state's")
        later, own = (model.step(one, 1.0, hold=True).states for one in (written, state))
        _hold(not np.allclose(later, own, rtol=1e-6), "the written state goes on")

    def test_gradients_are_the_trajectorys_derivatives(self, case: ModelCase) -> None:
        """They agree with differences of two trajectories."""
        model, state = case.make(), case.state
        if not isinstance(model, DifferentiableModel):
            return
        scenario = case.scenario(case.changes)
        change = scenario.changes[0]
        told, derivatives = model.sensitivities(state, scenario, [change.name])
        _hold(derivatives.shape == (*told.values.shape[1:], 1), "one derivative for each time and output")
        variable = case.make().declaration.changeable[change.name]
        by = 1e-3 * (variable.high - variable.low)
        nearby = [
            case.make().simulate(
                state, replace(scenario, changes=(replace(change, value=value), *scenario.changes[1:]))
            )
            for value in (change.value - by, change.value + by)
        ]
        slope = (nearby[1].values[0, -1] - nearby[0].values[0, -1]) / (2 * by)
        errors = np.abs(derivatives[-1, :, 0] - slope) / (
            _spans(cast(ProcessModel, model)) / (variable.high - variable.low)
        )
        _hold(float(errors.max()) < 0.01, f"derivatives are differences: {errors}")


def _spans(model: ProcessModel) -> Array:
    return np.array([one.high - one.low for one in model.declaration.outputs])


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(f"this does not hold: {what}")


def _same(one: Array, other: Array) -> None:
    np.testing.assert_array_equal(one, other)


def _error(act: Callable[[], object], kind: type[MatrixError]) -> MatrixError:
    try:
        act()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} is raised")
