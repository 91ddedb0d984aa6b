"""Store a plant's definition: the command that puts a revision, its tag table and the news of it in force together."""

import asyncio

from pydantic import BaseModel, ConfigDict

from stream.handlers.change_prices import PricesChanged
from stream.handlers.event import Clock, Event, Identities, new_identity, utc_now
from stream.handlers.name_fault import name_fault
from stream.store.plants import StoredPlant
from stream.store.revisions import demand_revision
from stream.store.unit_of_work import UnitOfWork
from twin.atlas.definition import parse


class StorePlant(BaseModel):
    """Put the plant that `definition_text` describes in force; `filename` only names it in faults.

    Parameters
    ----------
    plant
        The id that the text must name; empty for whichever it names.
    expected_revision
        Which revision this is to follow, 0 where none may be stored; None follows any.
    by
        Who asks.
    """

    model_config = ConfigDict(frozen=True)

    definition_text: str
    filename: str = ""
    plant: str = ""
    expected_revision: int | None = None
    by: str = ""


class PlantRevised(Event):
    """A plant has a new revision, and a tag table with it."""

    plant: str
    number: int
    name: str
    revision: int
    tag_table: str


async def store_plant(
    command: StorePlant, unit_of_work: UnitOfWork, *, now: Clock = utc_now, identity: Identities = new_identity
) -> list[PlantRevised | PricesChanged]:
    """Store a revision where the definition says anything new, and its event in the outbox, in one transaction.

    Returns
    -------
    The events: one `PlantRevised`, or none where the same text gives the same tag table as before.

    Raises
    ------
    twin.atlas.definition.DefinitionError
        With all faults of the text; nothing is stored then.
    RevisionConflictError
        Where another revision than the expected one is in force.
    """
    # In a thread: a large plant takes seconds to read, and the caller has others to serve meanwhile.
    plant = await asyncio.to_thread(parse, command.definition_text, filename=command.filename)
    if command.plant not in ("", plant.id):
        raise name_fault("plant", command.plant, plant.id, command.filename)
    async with unit_of_work as unit:
        before, number = await unit.plants.claim(plant.id)
        revision = 0 if before is None else before.revision
        demand_revision(f"plant {plant.id}", command.expected_revision, revision)
        tag_ids = await unit.plants.number_tags(plant.id, [(tag.name, tag.unit) for tag in plant.tags])
        if before is not None and before.definition == command.definition_text:
            # An update of this software may read the same text differently; then it is a revision all the same.
            if plant.tag_table(number, revision, tag_ids).name == before.tag_table:
                return []
        revision += 1
        table = plant.tag_table(number, revision, tag_ids)
        event = PlantRevised(
            event_id=identity(),
            at=now(),
            by=command.by,
            plant=plant.id,
            number=number,
            name=plant.name,
            revision=revision,
            tag_table=table.name,
        )
        stored = StoredPlant(plant.id, number, plant.name, revision, command.definition_text, table.name)
        await unit.plants.save(stored, table, event.at, command.by)
        await unit.outbox.add(event.for_outbox(f"plant/{plant.id}", revision))
        await unit.commit()
    return [event]
