"""Rule tag-tables: storing a table and refusing a batch for its want exclude one another."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from stream.store.database import DatabaseConfig, Pool, open_engine
from stream.store.plants import SqlPlantRepository, StoredPlant, list_plants, read_plant, read_tag_table
from stream.store.refusals import find_table, refuse_table
from twin.atlas.tags import PlantId, Tag, TagTable, TagTableContent

TABLE = TagTable.of(
    TagTableContent(
        plant="boiler",
        number=0,
        revision=1,
        tags=(Tag(tag_id=1, name="TI-1", description="", unit="degC", low=0, high=1),),
    )
)


async def store(dsn: str) -> None:
    engine = open_engine(DatabaseConfig(dsn))
    async with engine.begin() as connection:
        stored = StoredPlant(PlantId("boiler"), 0, "Boiler", 1, "text", TABLE.name)
        await SqlPlantRepository(connection).save(stored, TABLE, datetime.now(UTC))
    await engine.dispose()


async def test_tag_tables_a_stored_table_refuses_nothing_more(pool: Pool, dsn: str) -> None:
    assert await find_table(pool, TABLE.name) == (None, frozenset())
    assert await refuse_table(pool, TABLE.name, "boiler", "log-a", 3)
    await store(dsn)
    table, refused = await find_table(pool, TABLE.name)
    assert table is not None
    assert table.content == TABLE.content
    assert refused == {("log-a", 3)}
    assert await refuse_table(pool, TABLE.name, "boiler", "log-a", 3)
    assert not await refuse_table(pool, TABLE.name, "boiler", "log-a", 4)
    assert (await find_table(pool, TABLE.name))[1] == {("log-a", 3)}


async def test_tag_tables_refusing_waits_for_a_table_that_is_being_stored(pool: Pool, dsn: str) -> None:
    engine = open_engine(DatabaseConfig(dsn))
    async with engine.begin() as connection:
        stored = StoredPlant(PlantId("boiler"), 0, "Boiler", 1, "text", TABLE.name)
        await SqlPlantRepository(connection).save(stored, TABLE, datetime.now(UTC))
        refusing = asyncio.create_task(refuse_table(pool, TABLE.name, "boiler", "log-a", 3))
        await asyncio.sleep(0.2)
        assert not refusing.done()
    assert await refusing is False
    await engine.dispose()


async def test_plants_are_read_over_a_pool(pool: Pool, dsn: str) -> None:
    await store(dsn)
    assert [plant.name for plant in await list_plants(pool)] == ["Boiler"]
    assert (await read_plant(pool, "boiler")).definition == "text"
    assert await read_tag_table(pool, "0" * 16) is None
