"""A learned model behind the port of process models, run by onnxruntime; nothing that trains is needed.

It begins from the outputs as they are, so every forecast begins there too; between the steps of its recurrence a
trajectory is straight. It answers for what it was taught and refuses the rest, with the reason: a plant outside the
ranges in which it was taught to begin, loops in other modes, changes of other settings, and further horizons.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from twin.atlas.faults import Fault
from twin.daedalus.driving import driving
from twin.daedalus.errors import LearnedFileError
from twin.daedalus.learned import ENTRY, Learned
from twin.daedalus.windows import Window
from twin.matrix.declaration import Declaration, Variable
from twin.matrix.errors import OutOfRangeError, ScenarioError
from twin.matrix.model_state import ModelState
from twin.matrix.port import Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

Array = NDArray[np.float64]

_BLOCK: Final = 8
"""Members that are run together, always so many: a member's bits must not depend on how many others there are."""

_PIECE: Final = 50
"""Steps between two calls of the watch; some milliseconds."""

_LEEWAY: Final = 0.1
"""How far beyond what it has seen a plant may be, as a part of that range; an instrument's 1 % in any case."""


class Surrogate:
    """A learned model out of a file's bytes."""

    def __init__(self, content: bytes) -> None:
        """Load it.

        Raises
        ------
        LearnedFileError
            Where the bytes are no learned model.
        """
        # onnxruntime takes a moment to load, which the live path, where nobody forecasts, does not pay.
        import onnxruntime  # type: ignore[import-untyped]

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime has an error class for each of its own reasons
            raise LearnedFileError(f"this is no learned model: {error}", remedy="train it again") from error
        properties = self._session.get_modelmeta().custom_metadata_map
        self.learned = Learned.from_text(properties.get(ENTRY, ""))
        self._declaration = self.learned.declaration
        self._varied = (*self._declaration.inputs, *self._declaration.parameters)
        self._echoed = self.learned.echoed

    @property
    def declaration(self) -> Declaration:
        """Outputs of the process model, and what of its inputs and parameters was taught."""
        return self._declaration

    def margins(self, times_s: Array) -> Array:
        """How far to both sides its band reaches at these times; shape (times, outputs), in the outputs' units.

        It holds `learned.coverage` of the forecasts of what it was taught by, the simulator or the recorded plant.
        """
        return self.learned.margins_at(times_s)

    def start(self, twin: TwinSnapshot) -> ModelState:
        """The outputs as they are; see the port.

        Raises
        ------
        SnapshotError
            Where an output is not known.
        OutOfRangeError
            Where the plant is not as it was while the model was taught.
        """
        learned = self.learned
        conditions = twin.known(learned.conditions)
        for variable in learned.conditions:
            value = conditions.get(variable.name, variable.nominal)
            if abs(value - variable.nominal) > 0.01 * abs(variable.nominal):
                raise OutOfRangeError(
                    f"{variable.name} is {variable.written(value)}, but the learned model was taught with "
                    f"{variable.written(variable.nominal)}",
                    remedy="ask the process model alone, or train with this setting",
                )
        outputs = [twin.value(variable) for variable in learned.outputs]
        for variable, value, (low, high) in zip(learned.outputs, outputs, learned.seen, strict=True):
            leeway = max(_LEEWAY * (high - low), 0.01 * (variable.high - variable.low))
            if not low - leeway <= value <= high + leeway:
                raise OutOfRangeError(
                    f"{variable.name} is {variable.written(value)}, but the learned model has only seen "
                    f"{variable.written(low)} to {variable.written(high)}",
                    remedy="ask the process model alone, or train with such states",
                )
        inputs = [twin.value(variable) for variable in learned.inputs]
        known = twin.known(learned.parameters)
        parameters = [known.get(variable.name, variable.nominal) for variable in learned.parameters]
        begun = [_within(variable, value) for variable, value in zip(learned.outputs, outputs, strict=True)]
        return ModelState(self._declaration.id, np.array([begun]), np.array([parameters]), np.array([inputs]))

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """Forecast every member; see the port."""
        declared, learned = self._declaration, self.learned
        state.check(declared.id)
        self._check(scenario)
        steps = max(1, int(np.ceil(scenario.horizon_s / learned.every_s - 1e-9)))
        grid_s: Array = learned.every_s * np.arange(steps + 1, dtype=np.float64)
        told = np.empty((state.members, len(scenario.times_s), len(declared.outputs)))
        for first in range(0, state.members, _BLOCK):
            block = state.taken(slice(first, first + _BLOCK))

            def part(done: float, first: int = first, share: float = block.members / state.members) -> None:
                watch(first / state.members + done * share)

            moved = self._moved(block, self._drive(block, scenario, grid_s), part)
            told[first : first + _BLOCK] = block.states[:, None] + _between(moved, scenario.times_s / learned.every_s)
        self._echo(state, scenario, told)
        return Trajectory.of(declared.id, declared.outputs, scenario.times_s, told)

    def told(self, windows: Sequence[Window]) -> Array:
        """What it forecasts of windows of the same length, at their steps; shape (windows, steps, outputs)."""
        outputs, names = len(self.learned.outputs), [variable.name for variable in self._varied]
        begins = np.stack([window.begin for window in windows])
        state = ModelState(self._declaration.id, begins[:, :outputs], np.empty((len(windows), 0)), begins[:, outputs:])
        told = np.empty((len(windows), len(windows[0].drive), outputs))
        for first in range(0, len(windows), _BLOCK):
            block = slice(first, first + _BLOCK)
            drive = np.stack([window.drive for window in windows[block]], axis=1).astype(np.float32)
            told[block] = begins[block, None, :outputs] + self._moved(state.taken(block), drive, unwatched)[:, 1:]
        for name in self._echoed:
            levels = np.stack([window.drive[:, len(names) + names.index(name)] for window in windows])
            begun = state.inputs[:, self._declaration.input_index[name], None]
            told[:, :, self._declaration.output_index[name]] = begun + levels
        return told

    def _check(self, scenario: Scenario) -> None:
        learned, known = self.learned, self._declaration.changeable
        if scenario.horizon_s > learned.longest_s:
            hours = f"{learned.longest_s / 3600.0:g} h"
            message = f"{scenario.horizon_s / 3600.0:g} h is further than the learned model was judged"
            raise ScenarioError([Fault("horizon", message, f"ask it for {hours} at most")])
        for change in scenario.changes:
            variable = known.get(change.name)
            if variable is None:
                raise scenario.refused(
                    change, "the learned model was not taught what it does", "ask the process model alone"
                )
            if not variable.low <= change.value <= variable.high:
                span = f"{variable.written(variable.low)} to {variable.written(variable.high)}"
                why = f"{variable.written(change.value)} is outside {span}, which the learned model was taught"
                raise scenario.refused(change, why, "ask the process model alone, or train it further")

    def _before(self, state: ModelState) -> Iterator[dict[str, float]]:
        names = [variable.name for variable in self._varied]
        for row in np.concatenate([state.inputs, state.parameters], axis=1).tolist():
            yield dict(zip(names, row, strict=True))

    def _drive(self, state: ModelState, scenario: Scenario, grid_s: Array) -> NDArray[np.float32]:
        """What drives each member, by its beginning; shape (steps, members, 2 * varied)."""
        names = [variable.name for variable in self._varied]
        driven = []
        for before in self._before(state):
            both = driving(scenario.changes, before, names, grid_s)
            levels, means = (part - [before[name] for name in names] for part in both)
            driven.append(np.concatenate([means, levels], axis=1)[1:])
        return np.stack(driven, axis=1).astype(np.float32)

    def _moved(self, state: ModelState, drive: NDArray[np.float32], watch: Watch) -> Array:
        """How the outputs move from their beginning on the grid; shape (members, steps + 1, outputs)."""
        begin = np.concatenate([state.states, state.inputs], axis=1).astype(np.float32)
        padding = _BLOCK - state.members
        begin = np.concatenate([begin, np.repeat(begin[-1:], padding, axis=0)])
        drive = np.concatenate([drive, np.repeat(drive[:, -1:], padding, axis=1)], axis=1)
        carried = np.zeros((1, _BLOCK, self.learned.hidden), dtype=np.float32)
        told: list[NDArray[Any]] = [np.zeros((1, _BLOCK, len(self.learned.outputs)), dtype=np.float32)]
        for at in range(0, len(drive), _PIECE):
            watch(at / len(drive))
            given = {"begin": begin, "drive": drive[at : at + _PIECE], "carried": carried}
            moved, carried = self._session.run(None, {**given, "begun": np.array(float(at > 0), dtype=np.float32)})
            told.append(moved)
        return np.concatenate(told)[:, : state.members].transpose(1, 0, 2).astype(np.float64)

    def _echo(self, state: ModelState, scenario: Scenario, told: Array) -> None:
        """Settings among the outputs are told as they are written."""
        places = [self._declaration.output_index[name] for name in self._echoed]
        for member, before in enumerate(self._before(state)):
            told[member][:, places], _ = driving(scenario.changes, before, self._echoed, scenario.times_s)


def _between(moved: Array, at: Array) -> Array:
    """Values at places between the rows of the second axis, straight between neighbours."""
    low = np.minimum(at.astype(np.int64), moved.shape[1] - 2)
    share = (at - low)[:, None]
    return np.asarray((1.0 - share) * moved[:, low] + share * moved[:, low + 1])


def _within(variable: Variable, value: float) -> float:
    return min(variable.high, max(variable.low, value))
