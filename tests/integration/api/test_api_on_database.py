"""The API's records on a real database, and what it says where there is none."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from api.ports import DatabaseAwayError, Span
from api.store_records import StoreRecords
from stream.servers.ports import free_port
from stream.store.database import DatabaseConfig
from stream.store.migrations import upgrade
from twin.atlas.tags import Tag, TagTable, TagTableContent

TAG = Tag(tag_id=1, name="TI-1", description="d", unit="degC", low=0.0, high=100.0)
TABLE = TagTable.of(TagTableContent(plant="mill", number=3, revision=1, tags=(TAG,)))
START_US = 1_795_478_400_000_000


@pytest.fixture(scope="module")
def stored(database_dsn: str) -> str:
    upgrade(database_dsn)
    start = datetime.fromtimestamp(START_US / 1e6, UTC)
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO tag_table (name, plant, content, created_at) VALUES (%s, 'mill', %s, now())",
            [TABLE.name, TABLE.encoded],
        )
        connection.execute(
            "INSERT INTO plant (plant, number, name, revision, tag_table) VALUES ('mill', 3, 'Mill', 1, %s)",
            [TABLE.name],
        )
        connection.execute(
            "INSERT INTO plant_revision (plant, revision, definition, tag_table, created_at)"
            " VALUES ('mill', 1, 'the file', %s, now())",
            [TABLE.name],
        )
        connection.execute(
            "INSERT INTO reading (tag_id, ts, value, quality)"
            " SELECT 1, %s + n * interval '1 s', n, 0 FROM generate_series(0, 99) AS n",
            [start],
        )
    return database_dsn


@pytest.fixture
async def records(stored: str) -> AsyncIterator[StoreRecords]:
    records = StoreRecords(DatabaseConfig(stored), 15.0)
    yield records
    await records.close()


async def test_plants_and_their_tag_tables_are_read(records: StoreRecords) -> None:
    await records.ping()
    (plant,) = await records.list_plants()
    assert (plant.plant, plant.number, plant.definition) == ("mill", 3, "the file")
    assert await records.read_tag_table(plant.tag_table) == TABLE
    assert await records.read_tag_table("none") is None


async def test_readings_are_read_over_a_range_and_as_of_a_time(records: StoreRecords) -> None:
    (series,) = await records.read_history([1], Span(START_US, START_US + 50_000_000), "raw", 1000, 1_000_000)
    assert series.values.tolist() == [float(n) for n in range(50)]
    (past,) = await records.read_state_at([1, 2], START_US + 10_500_000)
    assert (past.time_us, past.value) == (START_US + 10_000_000, 10.0)
    assert await records.has_row(1, START_US)
    assert not await records.has_row(1, START_US + 1)


async def test_database_that_is_not_there_is_said_to_be_away() -> None:
    port = free_port()
    records = StoreRecords(DatabaseConfig(f"postgresql://x@127.0.0.1:{port}/none", connect_timeout_s=1), 3.0)
    with pytest.raises(DatabaseAwayError):
        await records.ping()
    with pytest.raises(DatabaseAwayError):
        await records.list_plants()
    await records.close()
