"""Series and past states from readings, rollups and what is not rolled up yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from stream.store.history import has_row, read_history, read_state_at
from stream.store.instants import instant
from stream.store.rollups import roll_up

START = 1_795_478_400_000_000
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


async def test_a_short_range_is_read_as_it_is(pool: Any, make_rows: Any, write: Any) -> None:
    times = START + np.arange(100) * SECOND
    await write(make_rows([2, 3], times))
    first, second = await read_history(pool, [3, 2], START + 10 * SECOND, START + 20 * SECOND)
    assert (first.tag_id, second.tag_id, first.resolution) == (3, 2, "raw")
    assert first.times.tolist() == times[10:20].tolist()
    assert first.values.tolist() == [3.0 + n for n in range(10, 20)]


async def test_a_long_range_comes_from_rollups_with_its_unrolled_end(
    pool: Any, conn: Any, make_rows: Any, write: Any
) -> None:
    minutes = np.arange(0, 4 * DAY, 60 * SECOND)
    await write(make_rows([1], START + minutes, np.arange(len(minutes), dtype=float)))
    await roll_up(conn, instant(START + 2 * DAY), instant(0))
    await write(make_rows([1], np.array([START + SECOND]), np.array([1000.0])))
    everything = (START, START + 4 * DAY)
    [mean] = await read_history(pool, [1], *everything, "mean", 100_000)
    assert mean.resolution == "1m"
    assert mean.times.tolist() == (START + minutes).tolist()
    assert mean.values.tolist() == [500.0, *range(1, len(minutes))]
    [count] = await read_history(pool, [1], *everything, "count", 100_000)
    assert count.values[:2].tolist() == [2, 1]
    [trend] = await read_history(pool, [1], *everything, "raw", 200)
    assert trend.resolution == "1m"
    assert len(trend.times) <= 200
    assert trend.values.max() == len(minutes) - 1
    assert (np.diff(trend.times) > 0).all()


async def test_a_very_long_range_comes_from_hours(pool: Any, conn: Any, make_rows: Any, write: Any) -> None:
    hours = np.arange(0, 150 * DAY, 12 * HOUR)
    await write(make_rows([1], START + hours, np.arange(len(hours), dtype=float)))
    while await roll_up(conn, instant(START + 120 * DAY), instant(0)):
        pass
    [series] = await read_history(pool, [1], START, START + 150 * DAY, "max", 10_000)
    assert series.resolution == "1h"
    assert series.values.tolist() == list(range(len(hours)))
    assert series.times.tolist() == (START + hours).tolist()


async def test_more_readings_than_expected_fall_back_to_minutes(
    pool: Any, make_rows: Any, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.store.history.MAX_ROWS_READ", 500)
    await write(make_rows([1], START + np.arange(1000) * SECOND // 10))
    [series] = await read_history(pool, [1], START, START + 400 * SECOND)
    assert series.resolution == "1m"
    assert series.values.max() == 1.0 + 99.9


async def test_quality_stays_with_its_points(pool: Any, make_rows: Any, write: Any) -> None:
    times = START + np.arange(5000) * SECOND
    values = np.sin(np.arange(5000) / 50)
    await write(make_rows([1], times[:2000], values[:2000]))
    await write(make_rows([1], times[2000:2100], np.full(100, np.nan), quality=-32768))
    await write(make_rows([1], times[2100:], values[2100:]))
    [series] = await read_history(pool, [1], START, START + 5000 * SECOND, "raw", 100)
    assert len(series.times) <= 100
    bad = series.times[series.quality >= 0x8000_0000]
    assert (bad.min(), bad.max()) == (times[2000], times[2099])
    assert np.isnan(series.values[series.quality >= 0x8000_0000]).all()


async def test_state_at_is_the_last_reading_by_then(pool: Any, make_rows: Any, write: Any) -> None:
    await write(make_rows([1], START + np.arange(10) * SECOND))
    await write(make_rows([2], np.array([START + 5 * SECOND]), np.array([8.0]), quality=-32768))
    state = await read_state_at(pool, [1, 2, 3], START + 4_500_000)
    assert [(one.tag_id, one.time_us, one.value) for one in state] == [(1, START + 4 * SECOND, 5.0)]
    state = await read_state_at(pool, [1, 2, 3], START + DAY)
    assert [(one.tag_id, one.value, one.quality) for one in state] == [(1, 10.0, 0), (2, 8.0, 0x8000_0000)]
    assert await read_state_at(pool, [1], START - 1) == []


async def test_a_row_is_found_by_tag_and_time(pool: Any, make_rows: Any, write: Any) -> None:
    await write(make_rows([1], np.array([START + 3])))
    assert await has_row(pool, 1, START + 3)
    assert not await has_row(pool, 1, START + 4)


async def test_nothing_is_read_where_nothing_is_asked(pool: Any) -> None:
    assert await read_history(pool, [], START, START + DAY) == []
    assert await read_history(pool, [1], START, START) == []
    [empty] = await read_history(pool, [1], START, START + timedelta(days=1) // timedelta(microseconds=1))
    assert len(empty.times) == 0
