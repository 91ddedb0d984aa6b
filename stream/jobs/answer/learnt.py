"""What the learnt model answers: its own trajectory with its own band, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from stream.jobs.answer.asking import read_scenario
from stream.jobs.answer.situation import Situation
from stream.jobs.question import Question
from twin.matrix.declaration import Variable
from twin.matrix.errors import MatrixError
from twin.matrix.port import ProcessModel, SteppableModel, Watch, unwatched
from twin.matrix.registry import find_model
from twin.matrix.snapshot import TwinSnapshot
from twin.matrix.trajectory import Trajectory


@runtime_checkable
class BandedModel(Protocol):
    """A model that knows how far its answers miss."""

    def margins(self, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far to both sides its band reaches, in the outputs' units; shape (times, outputs)."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """The answer of a learnt model called `title`; `margins` reach to both sides, shape (times, outputs).

    `told` is None where it has no answer, for the reason `why_not`; both are empty where the plant has no such model.
    """

    told: Trajectory | None = None
    margins: NDArray[np.float64] | None = None
    title: str = ""
    why_not: str = ""


NO_ANSWER: Final = Learnt()
"""Nobody was asked."""


def ask_learnt(situation: Situation, content: Mapping[str, Any], watch: Watch = unwatched) -> Learnt:
    """Ask the plant's learnt model the question of a job; what `watch` raises goes through."""
    if not situation.surrogate:
        return Learnt(why_not="the plant file names no learnt model")
    physics = find_model(situation.model)
    try:
        return answer_of(find_model(situation.surrogate), physics, situation, Question.of_content(content), watch)
    except MatrixError as error:
        return Learnt(why_not=str(error))


def answer_of(
    model: ProcessModel, physics: ProcessModel, situation: Situation, question: Question, watch: Watch = unwatched
) -> Learnt:
    """The answer of this learnt model, beside the physical one; raises `MatrixError`."""
    declaration = model.declaration
    scenario = read_scenario(question, declaration)
    told = model.simulate(model.start(_known(situation, physics)), scenario, watch)
    margins = model.margins(scenario.times_s) if isinstance(model, BandedModel) else None
    return Learnt(told, margins, declaration.title)


def _known(situation: Situation, physics: ProcessModel) -> TwinSnapshot:
    """The plant's values; of outputs and parameters what the ensemble holds, which is nearer the truth."""
    declared, ensemble = physics.declaration, situation.ensemble
    found = _middles(declared.parameters, ensemble.parameters)
    if isinstance(physics, SteppableModel):
        found |= _middles(declared.outputs, physics.outputs(ensemble))
    units = {one.name: one.unit for one in (*declared.parameters, *declared.outputs) if one.name in found}
    measured = {name: tag.unit for name, tag in situation.tags.items()}
    return TwinSnapshot(situation.plant.id, {**situation.values, **found}, {**measured, **units})


def _middles(variables: Sequence[Variable], members: NDArray[np.float64]) -> dict[str, float]:
    middles = np.median(members, axis=0).tolist()
    return dict(zip((one.name for one in variables), middles, strict=True))
