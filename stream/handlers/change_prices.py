"""Change a plant's prices: the command that puts a new version of its price book and the news of it in force."""

import asyncio
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from stream.handlers.event import Clock, Event, Identities, new_identity, utc_now
from stream.store.errors import UnknownStoredPlantError
from stream.store.plants import StoredPlant
from stream.store.price_books import Entries, StoredPriceBook
from stream.store.revisions import demand_revision
from stream.store.unit_of_work import UnitOfWork
from twin.atlas.definition import DefinitionError
from twin.atlas.faults import Fault, Finding, written
from twin.atlas.price_file import PriceEntry, read_prices
from twin.atlas.prices import PriceBook
from twin.atlas.tags import PlantId

MOST_ENTRIES: Final = 2000
"""Prices of one book: as many as fit into one record of Kafka, 1 MB, with the longest names and units."""


class ChangePrices(BaseModel):
    """Put these prices in force in place of all that the plant had.

    Parameters
    ----------
    entries
        In the form of a plant file's section `prices`.
    expected_version
        Which version this is to follow, 0 where none may be stored; None follows any.
    by
        Who asks.
    """

    model_config = ConfigDict(frozen=True)

    plant: str
    entries: Entries
    expected_version: int | None = None
    by: str = ""


class PricesChanged(Event):
    """A plant has a new version of its price book."""

    plant: str
    number: int
    version: int
    entries: Entries


async def change_prices(
    command: ChangePrices, unit_of_work: UnitOfWork, *, now: Clock = utc_now, identity: Identities = new_identity
) -> list[PricesChanged]:
    """Store a version where the entries say anything new, and its event in the outbox, in one transaction.

    Returns
    -------
    The events: one `PricesChanged`, or none where the prices are those in force.

    Raises
    ------
    twin.atlas.definition.DefinitionError
        With all faults of the entries; nothing is stored then.
    UnknownStoredPlantError
        Where there is no such plant.
    RevisionConflictError
        Where another version than the expected one is in force.
    """
    book = await asyncio.to_thread(_read, command.entries)
    async with unit_of_work as unit:
        plant, _ = await unit.plants.claim(PlantId(command.plant))
        if plant is None:
            raise UnknownStoredPlantError(command.plant)
        before = await unit.prices.find(command.plant)
        version = 0 if before is None else before.version
        demand_revision(f"the price book of plant {command.plant}", command.expected_version, version)
        if before is not None and before.entries == entries_of(book):
            return []
        event = await store_book(unit, plant, version + 1, entries_of(book), by=command.by, at=now(), id=identity())
        await unit.commit()
    return [event]


def entries_of(book: PriceBook) -> Entries:
    """The book's prices as they are stored and sent."""
    entries: Entries = book.as_content()["entries"]
    return entries


async def store_book(
    unit: UnitOfWork, plant: StoredPlant, version: int, entries: Entries, *, by: str, at: datetime, id: str
) -> PricesChanged:
    """Save a version and its event in the caller's transaction, which holds the plant.

    Raises
    ------
    twin.atlas.definition.DefinitionError
        Where the prices are more than one record can carry.
    """
    if len(entries) > MOST_ENTRIES:
        fault = Fault("prices", f"{len(entries)} prices are too many", f"keep to {MOST_ENTRIES}")
        raise DefinitionError("the price list", (fault,))
    event = PricesChanged(
        event_id=id, at=at, by=by, plant=plant.plant, number=plant.number, version=version, entries=entries
    )
    await unit.prices.save(StoredPriceBook(plant.plant, version, entries), at, by)
    await unit.outbox.add(event.for_outbox(f"prices/{plant.plant}", version))
    return event


def _read(given: Entries) -> PriceBook:
    read: dict[int, PriceEntry] = {}
    faults: list[Fault] = []
    for index, entry in enumerate(given):
        try:
            read[index] = PriceEntry.model_validate(entry)
        except ValidationError as error:
            faults += [
                Fault(written(("entries", index, *each["loc"])), each["msg"], "see 'Prices' in the plant file's form")
                for each in error.errors(include_url=False)
            ]
    book, findings = read_prices(read)
    faults += [Finding(("entries", *each.path), each.message, each.remedy).fault() for each in findings]
    if faults:
        raise DefinitionError("the price list", tuple(faults))
    return book
