"""Store a plant's definition: the command that puts a revision, its tag table and the news of it in force together."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from stream.store.outbox import OutboxEvent
from stream.store.plants import StoredPlant
from stream.store.unit_of_work import UnitOfWork
from twin.atlas.definition import parse


class StorePlant(BaseModel):
    """Put the plant that `definition_text` describes in force; `filename` only names it in faults."""

    model_config = ConfigDict(frozen=True)

    definition_text: str
    filename: str = ""


class PlantRevised(BaseModel):
    """A plant has a new revision, and a tag table with it."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    plant: str
    number: int
    name: str
    revision: int
    tag_table: str
    at: datetime


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def new_identity() -> str:
    """A random identity for an event."""
    return uuid.uuid4().hex


async def store_plant(
    command: StorePlant,
    unit_of_work: UnitOfWork,
    *,
    now: Callable[[], datetime] = utc_now,
    identity: Callable[[], str] = new_identity,
) -> list[PlantRevised]:
    """Store a revision where the definition says anything new, and its event in the outbox, in one transaction.

    Returns
    -------
    The events: one `PlantRevised`, or none where the same text gives the same tag table as before.

    Raises
    ------
    twin.atlas.definition.DefinitionError
        With all faults of the text; nothing is stored then.
    """
    plant = parse(command.definition_text, filename=command.filename)
    async with unit_of_work as unit:
        before, number = await unit.plants.claim(plant.id)
        tag_ids = await unit.plants.number_tags(plant.id, [(tag.name, tag.unit) for tag in plant.tags])
        if before is not None and before.definition == command.definition_text:
            # An update of this software may read the same text differently; then it is a revision all the same.
            if plant.tag_table(number, before.revision, tag_ids).name == before.tag_table:
                return []
        revision = 1 if before is None else before.revision + 1
        table = plant.tag_table(number, revision, tag_ids)
        event = PlantRevised(
            event_id=identity(),
            plant=plant.id,
            number=number,
            name=plant.name,
            revision=revision,
            tag_table=table.name,
            at=now(),
        )
        stored = StoredPlant(plant.id, number, plant.name, revision, command.definition_text, table.name)
        await unit.plants.save(stored, table, event.at)
        await unit.outbox.add(
            OutboxEvent(
                event_id=event.event_id,
                aggregate=f"plant/{plant.id}",
                version=revision,
                type="PlantRevised",
                content=event.model_dump(mode="json"),
                created_at=event.at,
            )
        )
        await unit.commit()
    return [event]
