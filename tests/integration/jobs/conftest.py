"""Runners' tests share their steps with the unit tests; the steps' processes find them by their module's name."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from stream.jobs import worker_lag
from stream.servers.postgres import PostgresServer
from stream.store.database import DatabaseConfig, open_engine
from stream.store.migrations import upgrade
from stream.store.unit_of_work import SqlUnitOfWork

if TYPE_CHECKING:
    from kettles import Site

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "unit" / "jobs")]


@pytest.fixture
def database(scratch_database: PostgresServer) -> PostgresServer:
    upgrade(scratch_database.url)
    return scratch_database


@pytest.fixture(scope="module")
def shared_dsn(database_dsn: str) -> str:
    upgrade(database_dsn)
    return database_dsn


@pytest.fixture
async def site(shared_dsn: str) -> AsyncIterator[Site]:
    with psycopg.connect(shared_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE job, job_progress, procrastinate_jobs, procrastinate_workers CASCADE")
    async for each in _site(shared_dsn):
        yield each


@pytest.fixture
async def own_site(database: PostgresServer) -> AsyncIterator[Site]:
    async for each in _site(database.url):
        yield each


async def _site(dsn: str) -> AsyncIterator[Site]:
    from kettles import Site

    engine = open_engine(DatabaseConfig(dsn))
    site = Site(dsn, SqlUnitOfWork(engine))
    yield site
    for runner in site.runners:
        runner.kill()
        runner.wait()
    await engine.dispose()


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is there; asking for it all the time would fill the log."""
    monkeypatch.setattr(worker_lag, "LOOK_EVERY_S", 60.0)
