"""Storing a plant: a revision, its tag table and the news of it together, and only where something is new."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest

from stream.handlers.change_prices import PricesChanged
from stream.handlers.store_plant import PlantRevised, StorePlant, store_plant
from stream.store.errors import RevisionConflictError
from stream.store.unit_of_work import InMemoryUnitOfWork
from twin.atlas.definition import DefinitionError
from twin.atlas.errors import AtlasError
from twin.plants import names, path

AT = datetime(2026, 11, 24, tzinfo=UTC)


def text(plant: str) -> str:
    return path(plant).read_text()


async def store(unit: InMemoryUnitOfWork, definition: str) -> list[PlantRevised | PricesChanged]:
    numbers = count(len(unit.outbox.events))
    return await store_plant(
        StorePlant(definition_text=definition), unit, now=lambda: AT, identity=lambda: f"event-{next(numbers)}"
    )


def revised(events: list[PlantRevised | PricesChanged]) -> PlantRevised:
    """The event of the plant itself, which comes first."""
    assert isinstance(events[0], PlantRevised)
    return events[0]


@pytest.mark.parametrize("plant", names())
async def test_a_plant_that_ships_is_stored_with_its_tag_table_and_its_event(plant: str) -> None:
    unit = InMemoryUnitOfWork()
    event = revised(await store(unit, text(plant)))
    assert (event.plant, event.number, event.revision, event.event_id, event.at) == (plant, 0, 1, "event-0", AT)
    table = unit.plants.tables[event.tag_table]
    assert table.plant == plant
    assert len(table) > 10
    sent = unit.outbox.events[0]
    assert (sent.event_id, sent.aggregate, sent.version, sent.type) == ("event-0", f"plant/{plant}", 1, "PlantRevised")
    assert PlantRevised.model_validate(sent.content) == event


async def test_an_unchanged_definition_says_nothing() -> None:
    unit = InMemoryUnitOfWork()
    events = await store(unit, text(names()[0]))
    assert await store(unit, text(names()[0])) == []
    assert len(unit.outbox.events) == len(events)


async def test_a_changed_definition_is_a_new_revision_with_the_same_number_and_tag_numbers() -> None:
    unit = InMemoryUnitOfWork()
    first = revised(await store(unit, text(names()[0])))
    other = revised(await store(unit, text(names()[1])))
    [second] = await store(unit, text(names()[0]) + "\n# a remark\n")
    assert isinstance(second, PlantRevised)
    assert (first.number, other.number, second.number) == (0, 1, 0)
    assert (first.revision, second.revision) == (1, 2)
    assert first.tag_table != second.tag_table
    before, after = unit.plants.tables[first.tag_table], unit.plants.tables[second.tag_table]
    assert before.tag_ids.tolist() == after.tag_ids.tolist()


async def test_a_faulty_definition_stores_nothing() -> None:
    unit = InMemoryUnitOfWork()
    with pytest.raises(AtlasError):
        await store(unit, "id: [not a plant")
    assert await unit.plants.list() == []
    assert unit.outbox.events == []


async def test_a_change_made_for_another_revision_is_refused_naming_both() -> None:
    unit = InMemoryUnitOfWork()
    command = StorePlant(definition_text=text(names()[0]), expected_revision=0, by="anna")
    event = revised(await store_plant(command, unit))
    assert event.by == "anna"
    assert [each.by for each in await unit.plants.revisions(names()[0])] == ["anna"]
    for expected in (0, 2):
        later = StorePlant(definition_text=text(names()[0]) + "\n# late\n", expected_revision=expected)
        with pytest.raises(RevisionConflictError, match=f"{names()[0]} is at revision 1") as caught:
            await store_plant(later, unit)
        assert (caught.value.expected, caught.value.actual) == (expected, 1)
    assert [each.number for each in await unit.plants.revisions(names()[0])] == [1]


async def test_a_text_of_another_plant_than_the_one_named_is_refused() -> None:
    command = StorePlant(definition_text=text(names()[0]), plant="another")
    with pytest.raises(DefinitionError, match=r"(?s)describes plant .*write 'plant: another'"):
        await store_plant(command, InMemoryUnitOfWork())


PRICED = """\
atlas: 2
plant: mill
name: Mill
sources:
  - {name: opcua, kind: opcua, endpoint: "opc.tcp://127.0.0.1:4840/mill"}
tags:
  - {name: TI-1.PV, description: Oven, unit: degC, range: [0, 300], address: ns=2;s=TI-1}
prices:
  - {item: steam, price: 18 EUR/t, from: 2026-01-01}
"""


async def test_the_prices_of_a_file_are_the_first_book_and_never_a_later_one() -> None:
    unit = InMemoryUnitOfWork()
    revised, changed = await store(unit, PRICED)
    assert isinstance(revised, PlantRevised)
    assert isinstance(changed, PricesChanged)
    assert (changed.plant, changed.version, changed.number) == ("mill", 1, revised.number)
    assert changed.entries == [
        {"item": "steam", "price": "18.0 EUR/t", "from": "2026-01-01T00:00:00+00:00", "until": None}
    ]
    assert [event.type for event in unit.outbox.events] == ["PlantRevised", "PricesChanged"]
    assert await store(unit, PRICED) == []
    (again,) = await store(unit, PRICED.replace("18 EUR", "20 EUR"))
    assert isinstance(again, PlantRevised)
    found = await unit.prices.find("mill")
    assert found is not None
    assert (found.version, found.entries) == (1, changed.entries)
