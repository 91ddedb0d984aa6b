"""Rollups are true to the readings, whatever writes while they are computed."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import Any

import numpy as np

from stream.historian.bisect import copy_rows
from stream.historian.dirty import dirty_ranges, insert_dirty
from stream.historian.write import open_writer
from stream.store.database import DatabaseConfig, connect
from stream.store.instants import instant
from stream.store.rollups import roll_up, waiting_ranges

START = 1_795_478_400_000_000  # a full hour
FAR = instant(START) + timedelta(days=400)
LONG_AGO = instant(0)
SECOND = 1_000_000


async def ask(conn: Any, query: str) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query.encode())).fetchall()


async def test_minutes_and_hours_are_those_of_the_readings(conn: Any, make_rows: Any, write: Any) -> None:
    times = START + np.arange(7200) * SECOND
    rng = np.random.default_rng(1)
    values = rng.normal(size=7200)
    await write(make_rows([4, 9], times, values))
    while await roll_up(conn, FAR, LONG_AGO, pieces=50):
        pass
    minutes = await ask(
        conn,
        "SELECT readings, good, total, minimum, maximum, first, last, quality FROM rollup_1m"
        " WHERE tag_id = 9 ORDER BY bucket",
    )
    assert len(minutes) == 120
    for n, (readings, good, total, minimum, maximum, first, last, quality) in enumerate(minutes):
        own = values[n * 60 : n * 60 + 60]
        assert (readings, good, quality) == (60, 60, 0)
        assert math.isclose(total, own.sum(), abs_tol=1e-9)
        assert (minimum, maximum, first, last) == (own.min(), own.max(), own[0], own[-1])
    hours = await ask(
        conn, "SELECT readings, total, minimum, maximum, first, last FROM rollup_1h WHERE tag_id = 4 ORDER BY bucket"
    )
    assert [hour[0] for hour in hours] == [3600, 3600]
    assert math.isclose(hours[1][1], values[3600:].sum(), abs_tol=1e-9)
    assert hours[0][2:] == (values[:3600].min(), values[:3600].max(), values[0], values[3599])
    assert await waiting_ranges(conn) == 0


async def test_bad_readings_count_but_do_not_enter_the_sums(conn: Any, make_rows: Any, write: Any) -> None:
    times = START + np.arange(3) * SECOND
    await write(make_rows([1], times[:1], np.array([5.0])))
    await write(make_rows([1], times[1:2], np.array([np.nan]), quality=-32768 + 5))
    await write(make_rows([1], times[2:], np.array([9.0]), quality=0x4094))
    await roll_up(conn, FAR, LONG_AGO)
    got = await ask(conn, "SELECT readings, good, total, minimum, maximum, first, last, quality FROM rollup_1m")
    assert got == [(3, 1, 5.0, 5.0, 5.0, 5.0, 5.0, -32768 + 5)]


async def test_a_late_reading_corrects_its_minute_and_hour(conn: Any, make_rows: Any, write: Any) -> None:
    await write(make_rows([1], START + np.array([0, 2]) * SECOND, np.array([1.0, 3.0])))
    await roll_up(conn, FAR, LONG_AGO)
    await write(make_rows([1], START + np.array([1]) * SECOND, np.array([100.0])))
    await roll_up(conn, FAR, LONG_AGO)
    assert await ask(conn, "SELECT readings, total, maximum, last FROM rollup_1m") == [(3, 104.0, 100.0, 3.0)]
    assert await ask(conn, "SELECT readings, total, maximum, last FROM rollup_1h") == [(3, 104.0, 100.0, 3.0)]


async def test_an_open_minute_waits(conn: Any, make_rows: Any, write: Any) -> None:
    await write(make_rows([1], START + np.arange(60) * SECOND))
    await write(make_rows([1], START + np.arange(60, 90) * SECOND))
    assert await roll_up(conn, instant(START + 60 * SECOND), LONG_AGO) == 1
    assert await ask(conn, "SELECT count(*) FROM rollup_1m") == [(1,)]
    assert await waiting_ranges(conn) == 1


async def test_outbox_a_range_whose_writer_is_uncommitted_during_the_job_is_not_lost(
    dsn: str, conn: Any, make_rows: Any, write: Any
) -> None:
    """Two writers of one minute: the second commits after the job has read; its reading must reach the rollup."""
    await write(make_rows([1], np.array([START]), np.array([1.0])))
    second = await open_writer(DatabaseConfig(dsn))
    late = make_rows([1], np.array([START + SECOND]), np.array([10.0]))
    async with second.transaction():
        await copy_rows(second, late)
        await insert_dirty(second, dirty_ranges(late))
        await roll_up(conn, FAR, LONG_AGO)
        assert await ask(conn, "SELECT readings, total FROM rollup_1m") == [(1, 1.0)]
    await second.close()
    assert await waiting_ranges(conn) == 1
    await roll_up(conn, FAR, LONG_AGO)
    assert await ask(conn, "SELECT readings, total FROM rollup_1m") == [(2, 11.0)]
    assert await ask(conn, "SELECT readings, total FROM rollup_1h") == [(2, 11.0)]


async def test_outbox_a_writer_that_commits_between_the_jobs_steps_leaves_its_range(
    dsn: str, conn: Any, make_rows: Any, write: Any
) -> None:
    """The job's snapshot is taken with its first statement; what commits after that must keep its range."""
    await write(make_rows([1], np.array([START]), np.array([1.0])))
    blocker = await connect(DatabaseConfig(dsn))
    await blocker.execute("LOCK TABLE rollup_1m IN EXCLUSIVE MODE")
    job = asyncio.create_task(roll_up(conn, FAR, LONG_AGO))
    for _ in range(200):
        if await (
            await blocker.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'")
        ).fetchall():
            break
        await asyncio.sleep(0.02)
    await write(make_rows([1], np.array([START + SECOND]), np.array([10.0])))
    await blocker.rollback()
    await blocker.close()
    assert await job == 1
    assert await waiting_ranges(conn) == 1
    assert await ask(conn, "SELECT readings FROM rollup_1m") == [(1,)]
    await roll_up(conn, FAR, LONG_AGO)
    assert await ask(conn, "SELECT readings FROM rollup_1m") == [(2,)]


async def test_buckets_whose_readings_retention_has_cut_stay(conn: Any, make_rows: Any, write: Any) -> None:
    await write(make_rows([1], START + np.arange(60) * SECOND))
    await roll_up(conn, FAR, LONG_AGO)
    await conn.execute("DELETE FROM reading")
    await write(make_rows([1], np.array([START + 500_000]), np.array([7.0])))
    await roll_up(conn, FAR, instant(START + 3600 * SECOND))
    assert await ask(conn, "SELECT readings FROM rollup_1m") == [(60,)]
    assert await waiting_ranges(conn) == 0
