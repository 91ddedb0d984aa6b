"""Series of readings for trends and reports, and the state of a plant at a time.

The resolution follows from the length of the range, so that the rows read stay bounded: readings for short ranges, then
minutes, then hours. What of a rollup is dirty, the running minute above all, is computed from readings in the same
snapshot, so that a series never lacks its newest end and never contradicts the readings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from psycopg import IsolationLevel, sql

from analytics.quality import from_stored
from stream.store.binary_copy import PG_EPOCH_US, Columns, read_rows
from stream.store.buckets import HOURS, MINUTES, OF_READINGS, Resolution, width_sql
from stream.store.database import Connection, Pool
from stream.store.downsample import pick_points
from stream.store.instants import instant, microseconds

Aggregate = Literal["raw", "mean", "min", "max", "first", "last", "count"]

MAX_ROWS_READ: Final = 200_000
"""Rows that one question may read."""


@dataclass(frozen=True, slots=True)
class Series:
    """One tag's points: times int64 microseconds UTC ascending, values float64, quality uint32, each of shape (n,).

    `resolution` is "raw", "1m" or "1h"; a bucket's time is its beginning.
    """

    tag_id: int
    aggregate: Aggregate
    resolution: str
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class PastReading:
    """The reading that held at a time: its own time in microseconds UTC, its value and quality code."""

    tag_id: int
    time_us: int
    value: float
    quality: int


_READING: Final[Columns] = (("tag_id", ">i4"), ("ts", ">i8"), ("value", ">f8"), ("quality", ">i2"))
_BUCKET: Final[Columns] = (
    ("tag_id", ">i4"),
    ("ts", ">i8"),
    ("readings", ">i4"),
    ("good", ">i4"),
    ("total", ">f8"),
    ("minimum", ">f8"),
    ("maximum", ">f8"),
    ("first", ">f8"),
    ("last", ">f8"),
    ("quality", ">i2"),
)

_RAW: Final = sql.SQL("""
    SELECT tag_id, ts, value, quality FROM reading
    WHERE tag_id = ANY(%(tags)s::int[]) AND ts >= %(from)s AND ts < %(to)s
    ORDER BY tag_id, ts LIMIT %(limit)s
""")

_BUCKETS: Final = sql.SQL("""
    WITH piece AS MATERIALIZED (
        SELECT DISTINCT tag_id, b.bucket
        FROM dirty_range d, unnest(d.tag_ids) AS tag_id, generate_series(
            date_bin({width}, greatest(d.from_ts, %(from)s), timestamptz '2000-01-01 00:00Z'),
            least(d.to_ts, %(to)s) - interval '1 microsecond', {width}
        ) AS b (bucket)
        WHERE d.to_ts > %(from)s AND d.from_ts < %(to)s
            AND d.tag_ids && %(tags)s::int[] AND tag_id = ANY(%(tags)s::int[])
    ), merged AS (
        SELECT tag_id, bucket, readings, good, total, minimum, maximum, first, last, quality
        FROM {table} r
        WHERE tag_id = ANY(%(tags)s::int[]) AND bucket >= %(from)s AND bucket < %(to)s
            AND NOT EXISTS (SELECT 1 FROM piece p WHERE p.tag_id = r.tag_id AND p.bucket = r.bucket)
        UNION ALL
        SELECT piece.tag_id, piece.bucket, a.readings, a.good, a.total, a.minimum, a.maximum, a.first, a.last, a.quality
        FROM piece JOIN LATERAL ({aggregates}) AS a ON true
    )
    SELECT tag_id, bucket, readings, good, total, coalesce(minimum, 'NaN'), coalesce(maximum, 'NaN'),
        coalesce(first, 'NaN'), coalesce(last, 'NaN'), quality
    FROM merged ORDER BY tag_id, bucket
""")


async def read_history(
    pool: Pool,
    tag_ids: Sequence[int],
    from_us: int,
    to_us: int,
    aggregate: Aggregate = "raw",
    points: int = 1000,
    *,
    scan_period_us: int = 1_000_000,
) -> list[Series]:
    """A series for each tag over `from_us` to, but without, `to_us` (microseconds UTC), of at most `points` points.

    Where "raw" is asked for over a range too long for it, each bucket gives its minimum at its beginning and its
    maximum at its middle, so that the trend keeps its extremes. Any other aggregate is of minutes or hours.

    Parameters
    ----------
    scan_period_us
        About how often a tag reports; it only helps to choose a resolution at once.
    """
    asked = list(dict.fromkeys(tag_ids))
    if not asked or to_us <= from_us:
        return []
    resolution = _choose(len(asked), to_us - from_us, aggregate, scan_period_us)
    async with pool.connection() as conn:
        await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        try:
            found = None if resolution else await _read_raw(conn, asked, from_us, to_us)
            if found is None:
                resolution = resolution or _choose(len(asked), to_us - from_us, "mean", scan_period_us) or MINUTES
                found = await _read_buckets(conn, asked, from_us, to_us, resolution)
        finally:
            await conn.rollback()
            await conn.set_isolation_level(None)
    name = "raw" if resolution is None else resolution.name
    width = 0 if resolution is None else resolution.width_us
    return [_series(tag_id, found[found["tag_id"] == tag_id], aggregate, name, width, points) for tag_id in asked]


async def read_state_at(pool: Pool, tag_ids: Sequence[int], at_us: int) -> list[PastReading]:
    """The reading that held at a time (microseconds UTC), of each tag that had one by then; as known now."""
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT t.tag_id, r.ts, r.value, r.quality FROM unnest(%s::int[]) AS t (tag_id) JOIN LATERAL ("
            " SELECT ts, value, quality FROM reading WHERE tag_id = t.tag_id AND ts <= %s ORDER BY ts DESC LIMIT 1"
            ") AS r ON true ORDER BY t.tag_id",
            [list(tag_ids), instant(at_us)],
        )
        rows = await cursor.fetchall()
    return [PastReading(int(row[0]), microseconds(row[1]), float(row[2]), (row[3] & 0xFFFF) << 16) for row in rows]


async def has_row(pool: Pool, tag_id: int, time_us: int) -> bool:
    """Whether the reading of that tag and time (microseconds UTC) is in the table."""
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT 1 FROM reading WHERE tag_id = %s AND ts = %s", [tag_id, instant(time_us)])
        return await cursor.fetchone() is not None


def _choose(tags: int, span_us: int, aggregate: Aggregate, scan_period_us: int) -> Resolution | None:
    """The finest resolution whose rows stay within bounds; None for readings themselves."""
    if aggregate == "raw" and tags * span_us / max(1, scan_period_us) <= MAX_ROWS_READ:
        return None
    return MINUTES if tags * span_us / MINUTES.width_us <= MAX_ROWS_READ else HOURS


async def _read_raw(conn: Connection, tag_ids: list[int], from_us: int, to_us: int) -> NDArray[Any] | None:
    """The readings, or None where there are more of them than may be read."""
    parameters = {"tags": tag_ids, "from": instant(from_us), "to": instant(to_us), "limit": MAX_ROWS_READ + 1}
    found = await read_rows(conn, _RAW, parameters, _READING)
    return None if len(found) > MAX_ROWS_READ else found


async def _read_buckets(
    conn: Connection, tag_ids: list[int], from_us: int, to_us: int, resolution: Resolution
) -> NDArray[Any]:
    start = from_us - from_us % resolution.width_us
    width = width_sql(resolution)
    query = _BUCKETS.format(
        width=width, table=sql.Identifier(resolution.table), aggregates=OF_READINGS.format(width=width)
    )
    return await read_rows(conn, query, {"tags": tag_ids, "from": instant(start), "to": instant(to_us)}, _BUCKET)


def _series(
    tag_id: int, found: NDArray[Any], aggregate: Aggregate, resolution: str, width_us: int, points: int
) -> Series:
    times = found["ts"].astype(np.int64) + PG_EPOCH_US
    quality = from_stored(found["quality"].astype(np.int16))
    if resolution == "raw":
        values = found["value"].astype(np.float64)
    elif aggregate == "raw":
        times = np.stack((times, times + width_us // 2), axis=1).ravel()
        values = np.stack((found["minimum"], found["maximum"]), axis=1).ravel().astype(np.float64)
        quality = np.repeat(quality, 2)
    else:
        values = _aggregated(found, aggregate)
    chosen = pick_points(times, values, quality, max(3, points))
    return Series(tag_id, aggregate, resolution, times[chosen], values[chosen], quality[chosen])


def _aggregated(found: NDArray[Any], aggregate: Aggregate) -> NDArray[np.float64]:
    if aggregate == "mean":
        good = found["good"].astype(np.float64)
        means = np.full(len(found), np.nan)
        np.divide(found["total"], good, out=means, where=good > 0)
        return means
    column = {"min": "minimum", "max": "maximum", "count": "readings"}.get(aggregate, aggregate)
    values: NDArray[np.float64] = found[column].astype(np.float64)
    return values
