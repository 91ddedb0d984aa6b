"""The schema: as the metadata says, brought up to date once by however many ask, and adapted to the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from stream.store.database import Connection, DatabaseConfig, capabilities, open_pool
from stream.store.errors import DatabaseUnreachableError
from stream.store.migrations import _alembic, upgrade
from stream.store.tables import METADATA

COMPARE = {
    "compare_type": True,
    "include_name": lambda name, _kind, _parent: not str(name).startswith("procrastinate_"),
}
"""Procrastinate's tables are its own."""


def test_the_migrated_schema_is_that_of_the_metadata(database_dsn: str) -> None:
    upgrade(database_dsn)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_dsn))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARE)
        found = compare_metadata(context, METADATA)
    engine.dispose()
    assert found == []


def test_several_processes_may_migrate_at_once(database_dsn: str) -> None:
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(upgrade, database_dsn) for _ in range(4)]:
            done.result()
    with psycopg.connect(database_dsn) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0003",)]


def test_a_database_of_the_first_release_keeps_its_plants(database_dsn: str) -> None:
    upgrade(database_dsn)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database_dsn))
    with engine.connect() as connection:
        command.downgrade(_alembic(connection, "1 day"), "0001")
        connection.commit()
        connection.execute(text("INSERT INTO plant VALUES ('mill', 0, 'Mill', 1, 'table')"))
        connection.execute(text("INSERT INTO plant_revision VALUES ('mill', 1, 'atlas: 1', 'table', now())"))
        connection.commit()
    upgrade(database_dsn)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT definition, by FROM plant_revision")).all()
        context = MigrationContext.configure(connection, opts=COMPARE)
        assert compare_metadata(context, METADATA) == []
    engine.dispose()
    assert [tuple(row) for row in found] == [("atlas: 1", "")]


async def test_readings_are_a_hypertable_where_the_database_can(conn: Connection) -> None:
    able = await capabilities(conn)
    assert able.columnstore == (able.licence == "timescale")
    cursor = await conn.execute("SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL")
    assert (await cursor.fetchone()) == (able.hypertables,)
    if able.hypertables:
        cursor = await conn.execute(
            "SELECT compression_enabled FROM timescaledb_information.hypertables WHERE hypertable_name = 'reading'"
        )
        assert await cursor.fetchall() == [(able.columnstore,)]


def test_an_unreachable_database_is_told_with_its_remedy() -> None:
    with pytest.raises(DatabaseUnreachableError, match=r"(?s)db at 127\.0\.0\.1:1 .*start it"):
        upgrade("postgresql://nobody:secret@127.0.0.1:1/db")


async def test_an_unreachable_database_never_shows_its_password() -> None:
    config = DatabaseConfig("postgresql://nobody:secret@127.0.0.1:1/db", connect_timeout_s=1)
    assert "secret" not in repr(config)
    with pytest.raises(DatabaseUnreachableError) as caught:
        await open_pool(config)
    assert "secret" not in str(caught.value)
