"""Ask what if: the command that stores a question, with the position it begins from, as a job, and the news of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

from stream.handlers.event import Clock, Event, Identities, new_identity, utc_now
from stream.jobs.answer.asking import read_scenario
from stream.jobs.answer.words import span_text
from stream.jobs.job import JobRequest, Priority
from stream.jobs.plant_model import PlantModel, plant_model
from stream.jobs.question import DEFAULT_EVERY, DEFAULT_HORIZON, KIND, Position, Question
from stream.store.errors import UnknownStoredPlantError
from stream.store.unit_of_work import UnitOfWork
from twin.matrix.scenario import Change, Scenario

TIMEOUT_S: Final = 900.0
"""How long one attempt at an answer may take."""

Models = Callable[[str], PlantModel]


class AskWhatIf(BaseModel):
    """Ask what the changes would do to a plant.

    Parameters
    ----------
    kind
        Which kind of job answers.
    changes, horizon, every
        As `Scenario.parse` reads them; no change asks what happens if nobody does anything.
    position
        The id of the state that it begins from, as `/state` tells it.
    key
        What makes two requests one, for a client that repeats itself; empty makes each its own.
    by
        Who asks.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = KIND
    plant: str
    changes: tuple[str, ...] = ()
    horizon: str = DEFAULT_HORIZON
    every: str = DEFAULT_EVERY
    position: str
    key: str = ""
    by: str = ""


class SimulationRequested(Event):
    """A question was asked; `job` answers it."""

    plant: str
    number: int
    job: int
    title: str
    changes: tuple[str, ...]
    horizon: str
    position: str


async def ask_what_if(
    command: AskWhatIf,
    unit_of_work: UnitOfWork,
    *,
    models: Models = plant_model,
    now: Clock = utc_now,
    identity: Identities = new_identity,
) -> list[SimulationRequested]:
    """Store the question as a job, and its event in the outbox, in one transaction.

    Returns
    -------
    The event. A question with the key of an earlier one gives the earlier one's job, and nothing is stored.

    Raises
    ------
    UnknownStoredPlantError
        Where there is no such plant.
    NoModelError, MatrixError
        Where its process model is not to be had; `ScenarioError` with every fault of an impossible question.
    PositionError
        Where the position is none.
    """
    position = Position.parse(command.position)
    async with unit_of_work as unit:
        plant = await unit.plants.find(command.plant)
        if plant is None:
            raise UnknownStoredPlantError(command.plant)
        # In a thread: the plant's file is read and its model made, which takes a moment the first time.
        found = await asyncio.to_thread(models, plant.definition)
        at = now()
        question = _question(command, position, found, at)
        request = _request(command, question, identity())
        known = await unit.jobs.find_by_identity(request.identity)
        job = await unit.jobs.add(request, at) if known is None else known.id
        event = SimulationRequested(
            event_id=identity(),
            at=at,
            by=command.by,
            plant=plant.plant,
            number=plant.number,
            job=job,
            title=question.title,
            changes=command.changes,
            horizon=command.horizon,
            position=str(position),
        )
        if known is None:
            await unit.outbox.add(event.for_outbox(f"question/{job}", 1))
            await unit.commit()
    return [event]


def title_of(scenario: Scenario, found: PlantModel) -> str:
    """A question in a line: what changes to what, and how far ahead is looked."""
    told = [_told(change, found) for change in scenario.changes]
    return f"{'; '.join(told) or 'No change'}, {span_text(scenario.horizon_s)} ahead"


def _told(change: Change, found: PlantModel) -> str:
    variable = found.declaration.changeable[change.name]
    pace = f" over {span_text(change.over_s)}" if change.over_s else ""
    begin = f" in {span_text(change.start_s)}" if change.start_s else ""
    return f"{variable.description} ({change.name}) to {variable.written(change.value)}{pace}{begin}"


def _question(command: AskWhatIf, position: Position, found: PlantModel, at: datetime) -> Question:
    question = Question(
        changes=command.changes,
        horizon=command.horizon,
        every=command.every,
        position=position,
        by=command.by,
        at_us=round(at.timestamp() * 1e6),
    )
    scenario = read_scenario(question, found.declaration)
    return Question.of_content(question.as_content() | {"title": title_of(scenario, found)})


def _request(command: AskWhatIf, question: Question, identity: str) -> JobRequest:
    own = f"{command.by}/{command.key}" if command.key else identity
    return JobRequest(
        kind=command.kind,
        plant=command.plant,
        identity=f"{command.kind}/{command.plant}/{own}",
        content=question.as_content(),
        priority=Priority.ASKED,
        timeout_s=TIMEOUT_S,
    )
