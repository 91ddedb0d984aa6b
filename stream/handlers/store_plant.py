"""Store a plant's definition: the command that puts a revision, its tag table and the news of it in force together."""

import asyncio
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from stream.handlers.change_prices import PricesChanged, entries_of, store_book
from stream.handlers.event import Clock, Event, Identities, new_identity, utc_now
from stream.handlers.name_fault import name_fault
from stream.store.plants import StoredPlant
from stream.store.revisions import demand_revision
from stream.store.unit_of_work import UnitOfWork
from twin.atlas.definition import parse
from twin.atlas.tags import TagTable


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

    The prices of the text become the plant's first price book where none is stored; later ones come by `ChangePrices`.

    Returns
    -------
    The events: `PlantRevised`, unless the same text gives the same tag table as before, and `PricesChanged` for a first
    book.

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
    events: list[PlantRevised | PricesChanged] = []
    async with unit_of_work as unit:
        before, number = await unit.plants.claim(plant.id)
        revision = 0 if before is None else before.revision
        demand_revision(f"plant {plant.id}", command.expected_revision, revision)
        tag_ids = await unit.plants.number_tags(plant.id, [(tag.name, tag.unit) for tag in plant.tags])
        # An update of this software may read the same text differently; then it is a revision all the same.
        same_text = before is not None and before.definition == command.definition_text
        if before is None or not same_text or plant.tag_table(number, revision, tag_ids).name != before.tag_table:
            table = plant.tag_table(number, revision + 1, tag_ids)
            before = StoredPlant(plant.id, number, plant.name, revision + 1, command.definition_text, table.name)
            events.append(await _put_in_force(unit, before, table, by=command.by, at=now(), id=identity()))
        if len(plant.prices) and await unit.prices.find(plant.id) is None:
            entries = entries_of(plant.prices)
            events.append(await store_book(unit, before, 1, entries, by=command.by, at=now(), id=identity()))
        if events:
            await unit.commit()
    return events


async def _put_in_force(
    unit: UnitOfWork, stored: StoredPlant, table: TagTable, *, by: str, at: datetime, id: str
) -> PlantRevised:
    event = PlantRevised(
        event_id=id,
        at=at,
        by=by,
        plant=stored.plant,
        number=stored.number,
        name=stored.name,
        revision=stored.revision,
        tag_table=table.name,
    )
    await unit.plants.save(stored, table, at, by)
    await unit.outbox.add(event.for_outbox(f"plant/{stored.plant}", stored.revision))
    return event
