"""Changing prices: a version of the price book with the news of it, apart from the plant's revision."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from stream.handlers.change_prices import ChangePrices, PricesChanged, change_prices
from stream.handlers.store_plant import StorePlant, store_plant
from stream.store.errors import RevisionConflictError, UnknownStoredPlantError
from stream.store.revisions import Revision
from stream.store.unit_of_work import InMemoryUnitOfWork
from twin.atlas.definition import DefinitionError
from twin.plants import names, path

AT = datetime(2026, 11, 24, tzinfo=UTC)
PLANT = names()[0]
STEAM = {"item": "steam", "price": "18 EUR/t", "from": None, "until": None}


@pytest.fixture
async def unit() -> InMemoryUnitOfWork:
    """A plant is stored, as if it had no prices."""
    unit = InMemoryUnitOfWork()
    await store_plant(StorePlant(definition_text=path(PLANT).read_text()), unit)
    unit.outbox.events.clear()
    unit.prices.books.clear()
    return unit


async def change(unit: InMemoryUnitOfWork, *entries: dict[str, Any], **options: Any) -> list[PricesChanged]:
    numbers = count(len(unit.outbox.events))
    command = ChangePrices(plant=PLANT, entries=list(entries), **options)
    return await change_prices(command, unit, now=lambda: AT, identity=lambda: f"event-{next(numbers)}")


async def test_a_version_is_stored_with_its_event_and_who_asked(unit: InMemoryUnitOfWork) -> None:
    (event,) = await change(unit, {"item": "steam", "price": "18 EUR/t"}, by="anna")
    assert (event.plant, event.number, event.version, event.by, event.at) == (PLANT, 0, 1, "anna", AT)
    assert event.entries == [STEAM | {"price": "18.0 EUR/t"}]
    found = await unit.prices.find(PLANT)
    assert found is not None
    assert (found.version, found.entries) == (1, event.entries)
    assert await unit.prices.versions(PLANT) == [Revision(1, AT, "anna")]
    (sent,) = unit.outbox.events
    assert (sent.aggregate, sent.version, sent.type) == (f"prices/{PLANT}", 1, "PricesChanged")
    assert PricesChanged.model_validate(sent.content) == event


async def test_prices_in_force_are_nothing_new(unit: InMemoryUnitOfWork) -> None:
    await change(unit, STEAM)
    assert await change(unit, STEAM) == []
    assert len(unit.outbox.events) == 1


async def test_a_change_made_for_another_version_is_refused(unit: InMemoryUnitOfWork) -> None:
    await change(unit, STEAM, expected_version=0)
    with pytest.raises(RevisionConflictError, match="is at revision 1, but the change was made for a new one"):
        await change(unit, STEAM | {"price": "19 EUR/t"}, expected_version=0)
    with pytest.raises(RevisionConflictError, match="made for revision 2"):
        await change(unit, STEAM | {"price": "19 EUR/t"}, expected_version=2)
    (event,) = await change(unit, STEAM | {"price": "19 EUR/t"}, expected_version=1)
    assert event.version == 2


async def test_all_faults_are_told_at_once_and_nothing_is_stored(unit: InMemoryUnitOfWork) -> None:
    with pytest.raises(DefinitionError) as caught:
        await change(unit, STEAM, {"item": "gas"}, {"item": "coal", "price": "3 kg", "colour": "black"}, STEAM)
    assert {fault.path for fault in caught.value.faults} == {"entries[1].price", "entries[2].colour", "entries[3]"}
    assert all(fault.remedy for fault in caught.value.faults)
    assert await unit.prices.find(PLANT) is None


async def test_a_book_that_one_record_could_not_carry_is_refused(unit: InMemoryUnitOfWork) -> None:
    with pytest.raises(DefinitionError, match="2001 prices are too many"):
        await change(unit, *[{"item": f"item {n}", "price": "1 EUR/kg"} for n in range(2001)])


async def test_a_plant_that_is_not_stored_has_no_prices() -> None:
    with pytest.raises(UnknownStoredPlantError, match=PLANT):
        await change(InMemoryUnitOfWork(), STEAM)
