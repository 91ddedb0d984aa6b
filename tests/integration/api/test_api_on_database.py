"""The API's records on a real database, and what it says where there is none."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from api.ports import DatabaseAwayError, Span
from api.store_records import StoreRecords
from api.store_units import StoreUnits
from stream.handlers.change_prices import ChangePrices, change_prices
from stream.handlers.store_plant import StorePlant, store_plant
from stream.servers.ports import free_port
from stream.store.database import DatabaseConfig
from stream.store.errors import RevisionConflictError, UnknownStoredPlantError
from stream.store.migrations import upgrade
from twin import plants
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


async def test_commands_are_told_that_the_database_is_away_and_other_errors_stay_what_they_are(stored: str) -> None:
    away = StoreUnits(DatabaseConfig(f"postgresql://x@127.0.0.1:{free_port()}/none", connect_timeout_s=1))
    with pytest.raises(DatabaseAwayError):
        async with away.begin() as unit:
            await unit.plants.find("mill")
    await away.close()
    units = StoreUnits(DatabaseConfig(stored))
    with pytest.raises(UnknownStoredPlantError):
        await change_prices(ChangePrices(plant="none", entries=[]), units.begin())
    with pytest.raises(DatabaseAwayError):
        await ask_over_a_cut_connection(units, stored)
    async with units.begin() as unit:
        found = await unit.plants.find("mill")
    assert found is not None
    await units.close()


async def ask_over_a_cut_connection(units: StoreUnits, dsn: str) -> None:
    async with units.begin() as unit:
        await unit.plants.find("mill")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await unit.plants.find("mill")


async def test_of_writers_at_once_one_wins_and_the_others_are_told(dsn: str) -> None:
    units = StoreUnits(DatabaseConfig(dsn))
    text = plants.text(plants.names()[0])
    await store_plant(StorePlant(definition_text=text, expected_revision=0), units.begin())
    commands = [StorePlant(definition_text=f"{text}# {n}\n", expected_revision=1, by=str(n)) for n in range(6)]
    done = await asyncio.gather(*(store_plant(one, units.begin()) for one in commands), return_exceptions=True)
    conflicts = [one for one in done if isinstance(one, RevisionConflictError)]
    assert (len(conflicts), {one.actual for one in conflicts}) == (5, {2})
    async with units.begin() as unit:
        assert [each.number for each in await unit.plants.revisions(plants.names()[0])] == [1, 2]
    await units.close()
