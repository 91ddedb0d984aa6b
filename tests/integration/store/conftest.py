"""A migrated, empty database: any, and again one with TimescaleDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import numpy as np
import psycopg
import pytest

from stream.historian.bisect import copy_rows
from stream.historian.dirty import dirty_ranges, insert_dirty
from stream.historian.rows import Rows
from stream.historian.write import open_writer
from stream.store.database import Connection, DatabaseConfig, Pool, connect, open_pool
from stream.store.migrations import upgrade
from stream.store.tables import METADATA


@pytest.fixture(params=["any", pytest.param("real", marks=pytest.mark.real)])
def dsn(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue("database_dsn" if request.param == "any" else "real_database_dsn")
    upgrade(address)
    tables = ", ".join(f'"{name}"' for name in METADATA.tables)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE".encode())
    return address


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    opened = await open_pool(DatabaseConfig(dsn))
    yield opened
    await opened.close()


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[Connection]:
    opened = await connect(DatabaseConfig(dsn), autocommit=True)
    yield opened
    await opened.close()


@pytest.fixture
async def writer(dsn: str) -> AsyncIterator[Connection]:
    opened = await open_writer(DatabaseConfig(dsn))
    yield opened
    await opened.close()


Make = Callable[..., Rows]


@pytest.fixture
def make_rows() -> Make:
    """Rows of tags over times; the value of tag t at time x is t + seconds since the first."""

    def make(tags: list[int], times: np.ndarray, values: np.ndarray | None = None, quality: int = 0) -> Rows:
        ids = np.repeat(np.array(tags, np.int32), len(times))
        at = np.tile(np.asarray(times, np.int64), len(tags))
        own = ids + (at - at.min()) / 1e6 if values is None else np.tile(values, len(tags))
        return Rows.make(ids, at, own.astype(np.float64), np.full(len(ids), quality, np.int16))

    return make


@pytest.fixture
def write(writer: Connection) -> Callable[[Rows], object]:
    """Write rows with their dirty ranges, as the historian does, in one transaction."""

    async def run(rows: Rows) -> None:
        async with writer.transaction():
            await copy_rows(writer, rows.sorted())
            await insert_dirty(writer, dirty_ranges(rows.sorted()))

    return run
