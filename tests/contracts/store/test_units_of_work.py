"""What every unit of work promises: the one in memory and the one in the database alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from stream.store.database import DatabaseConfig, open_engine
from stream.store.migrations import upgrade
from stream.store.outbox import OutboxEvent
from stream.store.plants import StoredPlant
from stream.store.tables import METADATA
from stream.store.unit_of_work import InMemoryUnitOfWork, SqlUnitOfWork, UnitOfWork
from twin.atlas.tags import PlantId, Tag, TagTable, TagTableContent

AT = datetime(2026, 11, 24, tzinfo=UTC)
BOILER, KILN = PlantId("boiler"), PlantId("kiln")


@pytest.fixture(params=["memory", "sql"])
async def unit(request: pytest.FixtureRequest) -> AsyncIterator[UnitOfWork]:
    if request.param == "memory":
        yield InMemoryUnitOfWork()
        return
    dsn: str = request.getfixturevalue("database_dsn")
    upgrade(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        names = ", ".join(f'"{name}"' for name in METADATA.tables)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())
    engine = open_engine(DatabaseConfig(dsn))
    yield SqlUnitOfWork(engine)
    await engine.dispose()


def table_of(plant: PlantId, number: int, revision: int, ids: dict[tuple[str, str], int]) -> TagTable:
    tags = tuple(
        Tag(tag_id=tag_id, name=name, description="", unit=unit, low=0, high=1) for (name, unit), tag_id in ids.items()
    )
    return TagTable.of(TagTableContent(plant=plant, number=number, revision=revision, tags=tags))


async def store(unit: UnitOfWork, plant: PlantId, revision: int, *, commit: bool = True) -> StoredPlant:
    async with unit:
        _, number = await unit.plants.claim(plant)
        ids = await unit.plants.number_tags(plant, [("TI-1", "degC")])
        table = table_of(plant, number, revision, ids)
        stored = StoredPlant(plant, number, plant.title(), revision, f"text {revision}", table.name)
        await unit.plants.save(stored, table, AT)
        await unit.outbox.add(
            OutboxEvent(f"{plant}-{revision}", f"plant/{plant}", revision, "PlantRevised", {"n": 1}, AT)
        )
        if commit:
            await unit.commit()
    return stored


async def test_what_is_committed_is_found_again(unit: UnitOfWork) -> None:
    stored = await store(unit, BOILER, 1)
    async with unit:
        assert await unit.plants.claim(BOILER) == (stored, stored.number)
        assert await unit.plants.list() == [stored]


async def test_what_is_not_committed_is_undone(unit: UnitOfWork) -> None:
    await store(unit, BOILER, 1, commit=False)
    async with unit:
        assert await unit.plants.claim(BOILER) == (None, 0)
        assert await unit.plants.list() == []


async def test_an_error_inside_undoes_everything(unit: UnitOfWork) -> None:
    async def fail_halfway() -> None:
        async with unit:
            await unit.plants.number_tags(BOILER, [("TI-1", "degC")])
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail_halfway()
    async with unit:
        assert await unit.plants.list() == []


async def test_each_plant_gets_the_next_number_and_keeps_it(unit: UnitOfWork) -> None:
    first, second = await store(unit, BOILER, 1), await store(unit, KILN, 1)
    again = await store(unit, BOILER, 2)
    assert (first.number, second.number, again.number) == (0, 1, 0)
    async with unit:
        assert [(plant.plant, plant.revision) for plant in await unit.plants.list()] == [(BOILER, 2), (KILN, 1)]


async def test_tag_tables_a_number_is_never_reused_and_changes_with_the_unit(unit: UnitOfWork) -> None:
    async with unit:
        first = await unit.plants.number_tags(BOILER, [("TI-1", "degC"), ("TI-2", "degC")])
        await unit.commit()
    async with unit:
        second = await unit.plants.number_tags(BOILER, [("TI-2", "degC"), ("TI-1", "K"), ("TI-2", "degC")])
        other = await unit.plants.number_tags(KILN, [("TI-1", "degC")])
        await unit.commit()
    assert second["TI-2", "degC"] == first["TI-2", "degC"]
    assert len({*first.values(), second["TI-1", "K"], other["TI-1", "degC"]}) == 4
    async with unit:
        assert await unit.plants.number_tags(BOILER, [("TI-1", "degC")]) == {("TI-1", "degC"): first["TI-1", "degC"]}
