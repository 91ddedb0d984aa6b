"""A job's question as the model that answers it reads it."""

from dataclasses import dataclass

from stream.jobs.answer.situation import Situation
from stream.jobs.graph import StepContext
from stream.jobs.question import Question
from twin.matrix.declaration import Declaration
from twin.matrix.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Asked:
    """The question with what it was read as, for the model that answers."""

    id: str
    question: Question
    scenario: Scenario
    declaration: Declaration
    situation: Situation


def asked_of(context: StepContext, situation: Situation, declaration: Declaration) -> Asked:
    """The question of a step's job.

    Raises
    ------
    ScenarioError
        Where the model cannot be asked this.
    """
    question = Question.of_content(context.content)
    return Asked(str(context.job), question, read_scenario(question, declaration), declaration, situation)


def read_scenario(question: Question, declaration: Declaration) -> Scenario:
    """What the question asks of the model; raises `ScenarioError`."""
    return Scenario.parse(question.changes, question.horizon, declaration, every=question.every)
