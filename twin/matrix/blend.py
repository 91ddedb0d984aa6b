"""Several models of one process as one: the mean of what they say, weighted by how good each has lately been.

The first model is the process's own; it says what can be asked and told. Another one that cannot answer a question
(a plant or a change that it was not taught) is left out of that answer, with its reason. How far the models are apart
is told beside the mean: it is their disagreement, not a band.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from twin.matrix.declaration import Capability, Declaration, Variable
from twin.matrix.errors import MatrixError, SimulationCancelledError
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.skill import Skill
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory

Array = NDArray[np.float64]

_KEPT: Final[frozenset[Capability]] = frozenset({"cancel"})
"""What a blend can do where all its models can."""


@dataclass(frozen=True, eq=False)
class Blended:
    """What a blend says to a question.

    Parameters
    ----------
    trajectory
        The weighted mean.
    answers
        What each model said, by its name; the first one's is always there.
    left_out
        Why the others said nothing, by name.
    weights
        Share of each of `answers` in each output; shape (answers, outputs).
    apart
        How far the members' means of any two answers are apart, as a part of the instrument's range; shape
        (times, outputs), 0 where only one told.
    """

    trajectory: Trajectory
    answers: Mapping[str, Trajectory]
    left_out: Mapping[str, str]
    weights: Array
    apart: Array


class _Part(msgspec.Struct, array_like=True):
    """What a blend's memory keeps of one model's member; `why_not` says why it cannot answer, or nothing."""

    model: str
    why_not: str
    memory: bytes


class Blend:
    """Models behind the port as one model behind the port."""

    def __init__(self, models: Sequence[ProcessModel], skill: Skill | None = None) -> None:
        """Blend these models.

        Raises
        ------
        ValueError
            Where a later model has an input or parameter that the first one lacks, or has in another unit.
        """
        self._models = tuple(models)
        first, *others = (model.declaration for model in self._models)
        for other in others:
            for variable in (*other.inputs, *other.parameters):
                same = first.changeable.get(variable.name)
                if same is None or same.unit != variable.unit:
                    raise ValueError(
                        f"{other.name} takes {variable.name} in '{variable.unit}', {first.name} does not; "
                        "blend models of the same process"
                    )
        names = tuple(model.declaration.name for model in self._models)
        self._skill = skill or Skill.unknown(names, tuple(variable.name for variable in first.outputs))

    @cached_property
    def declaration(self) -> Declaration:
        """The first model's, with the states of all."""
        declared = [model.declaration for model in self._models]
        return replace(
            declared[0],
            name="+".join(one.name for one in declared),
            title=f"{declared[0].title}, blended",
            states=tuple(_named(one.name, state) for one in declared for state in one.states),
            capabilities=frozenset(_KEPT.intersection(*(one.capabilities for one in declared))),
        )

    def start(self, twin: TwinSnapshot) -> ModelState:
        """Each model's start; the first one's errors are the blend's, another that fails is left out."""
        first = self._models[0].start(twin)
        states, parts = [first.states], [_Part(first.model, "", first.memory[0] if first.memory else b"")]
        for model in self._models[1:]:
            try:
                state = model.start(twin)
                states.append(state.states)
                parts.append(_Part(state.model, "", state.memory[0] if state.memory else b""))
            except MatrixError as error:
                if error.retryable:
                    raise
                states.append(np.array([[variable.nominal for variable in model.declaration.states]]))
                parts.append(_Part(model.declaration.id, str(error), b""))
        memory = msgspec.msgpack.encode(parts)
        return ModelState(
            self.declaration.id, np.concatenate(states, axis=1), first.parameters, first.inputs, (memory,)
        )

    def simulate(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
        """The weighted mean; see `answer`."""
        return self.answer(state, scenario, watch).trajectory

    def answer(self, state: ModelState, scenario: Scenario, watch: Watch = unwatched) -> Blended:
        """The weighted mean with all that it is made of.

        Raises
        ------
        MatrixError
            What the first model raised, what is worth another try of any of them, or what `watch` raised.
        """
        state.check(self.declaration.id)
        answers: dict[str, Trajectory] = {}
        left_out: dict[str, str] = {}
        for number, (model, (own, why_not)) in enumerate(zip(self._models, self._parts(state), strict=True)):
            name = model.declaration.name

            def part(done: float, number: int = number) -> None:
                watch((number + done) / len(self._models))

            try:
                if why_not:
                    left_out[name] = why_not
                else:
                    answers[name] = model.simulate(own, scenario, part)
            except MatrixError as error:
                if number == 0 or error.retryable or isinstance(error, SimulationCancelledError):
                    raise
                left_out[name] = str(error)
        return self._mean(answers, left_out)

    def _parts(self, state: ModelState) -> Iterable[tuple[ModelState, str]]:
        """Each model's own state, and why it cannot answer, if so."""
        kept = [msgspec.msgpack.decode(packet, type=list[_Part]) for packet in state.memory]
        first, begin = self._models[0].declaration, 0
        for number, model in enumerate(self._models):
            declared = model.declaration
            end = begin + len(declared.states)
            own = [member[number] for member in kept]
            memory = tuple(part.memory for part in own) if any(part.memory for part in own) else ()
            parameters = state.parameters[:, [first.parameter_index[one.name] for one in declared.parameters]]
            inputs = state.inputs[:, [first.input_index[one.name] for one in declared.inputs]]
            yield ModelState(own[0].model, state.states[:, begin:end], parameters, inputs, memory), own[0].why_not
            begin = end

    def _mean(self, answers: dict[str, Trajectory], left_out: dict[str, str]) -> Blended:
        declared, first = self.declaration, next(iter(answers.values()))
        shares = self._shares(answers)
        told = np.zeros_like(first.values)
        means = np.full((len(answers), *first.values.shape[1:]), np.nan)
        for number, answer in enumerate(answers.values()):
            places = [declared.output_index[name] for name in answer.names if name in declared.output_index]
            names = [answer.names.index(declared.outputs[place].name) for place in places]
            told[:, :, places] += shares[number, places] * answer.values[:, :, names]
            means[number][:, places] = answer.values[:, :, names].mean(axis=0)
        spans = np.array([one.high - one.low for one in declared.outputs])
        apart = (np.fmax.reduce(means) - np.fmin.reduce(means)) / spans
        trips = [
            next((trip for trip in each if trip), None)
            for each in zip(*(a.trips for a in answers.values()), strict=True)
        ]
        trajectory = Trajectory.of(declared.id, declared.outputs, first.times_s, told, trips)
        return Blended(trajectory, answers, left_out, shares, apart)

    def _shares(self, answers: Mapping[str, Trajectory]) -> Array:
        """Weights of those that answered, in the outputs that they tell; shape (answers, outputs)."""
        outputs = [variable.name for variable in self.declaration.outputs]
        weights = self._skill.weights()
        rows = weights[
            np.ix_(
                [self._skill.models.index(name) for name in answers],
                [self._skill.outputs.index(name) for name in outputs],
            )
        ]
        telling = np.array([[name in answer.names for name in outputs] for answer in answers.values()])
        shares = rows * telling
        return np.asarray(shares / shares.sum(axis=0))


def _named(model: str, state: Variable) -> Variable:
    return replace(state, name=f"{model}:{state.name}")
