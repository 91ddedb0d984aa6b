"""Rollups: minutes and hours of every tag, recomputed where dirty ranges say that readings changed (rule outbox).

One REPEATABLE READ transaction deletes the ranges it sees and recomputes their buckets from the readings it sees. A
writer that has not committed yet is outside of that snapshot with its rows and its range alike, so its range stays for
the next pass. Readings arrive late at any time, so a bucket may be computed often; the result is the same.
"""

from datetime import datetime
from typing import Any, Final

from psycopg import IsolationLevel, sql

from stream.store.buckets import HOURS, MINUTES, OF_MINUTES, OF_READINGS, Resolution, width_sql
from stream.store.database import Connection

MAX_PIECES: Final = 200_000
"""Buckets of tags recomputed in one transaction, about; a single range may hold more."""

ROLLUP_LOCK: Final = 0x41544C53_0004

_PIECES: Final = sql.SQL("""
    CREATE TEMPORARY TABLE IF NOT EXISTS piece (tag_id integer, bucket timestamptz, PRIMARY KEY (tag_id, bucket))
    ON COMMIT DELETE ROWS
""")

_TAKE: Final = """
    WITH sized AS (
        SELECT id, cardinality(tag_ids) * extract(epoch FROM to_ts - from_ts) / 60 AS size
        FROM dirty_range WHERE to_ts <= %(closed)s ORDER BY id LIMIT 20000
    ), chosen AS (
        SELECT id FROM (SELECT id, size, sum(size) OVER (ORDER BY id) AS running FROM sized) s
        WHERE running - size < %(pieces)s
    ), taken AS (
        DELETE FROM dirty_range USING chosen WHERE dirty_range.id = chosen.id RETURNING from_ts, to_ts, tag_ids
    ), kept AS (
        INSERT INTO piece (tag_id, bucket)
        SELECT tag_id, bucket
        FROM taken, unnest(tag_ids) AS tag_id,
            generate_series(from_ts, to_ts - interval '1 minute', '1 minute') AS bucket
        WHERE bucket >= %(raw_from)s
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM taken
"""

_KEEP: Final = sql.SQL("""
    INSERT INTO {table} (tag_id, bucket, readings, good, total, minimum, maximum, first, last, quality)
    SELECT piece.tag_id, piece.bucket, a.readings, a.good, a.total, a.minimum, a.maximum, a.first, a.last, a.quality
    FROM {pieces} AS piece JOIN LATERAL ({aggregates}) AS a ON true
    ON CONFLICT (tag_id, bucket) DO UPDATE SET readings = excluded.readings, good = excluded.good,
        total = excluded.total, minimum = excluded.minimum, maximum = excluded.maximum, first = excluded.first,
        last = excluded.last, quality = excluded.quality
""")

_HOURS_OF_PIECES: Final = sql.SQL("(SELECT DISTINCT tag_id, date_trunc('hour', bucket, 'UTC') AS bucket FROM piece)")


async def roll_up(conn: Connection, closed: datetime, raw_from: datetime, pieces: int = MAX_PIECES) -> int:
    """Recompute the rollups of dirty ranges that end by `closed`; returns how many ranges were worked off.

    Parameters
    ----------
    conn
        A connection in autocommit whose only transaction this is.
    closed
        Ranges that end later wait, because their minute is still being written.
    raw_from
        Where retention has cut the readings: earlier buckets stay as they are, having been computed from readings that
        are gone.
    pieces
        About how many buckets to recompute at most.
    """
    await conn.execute(_PIECES)
    await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    try:
        async with conn.transaction():
            parameters: dict[str, Any] = {"closed": closed, "raw_from": raw_from, "pieces": pieces}
            row = await (await conn.execute(_TAKE, parameters)).fetchone()
            taken = int(row[0]) if row else 0
            if taken:
                await conn.execute(_keep(MINUTES, sql.Identifier("piece"), OF_READINGS))
                await conn.execute(_keep(HOURS, _HOURS_OF_PIECES, OF_MINUTES))
    finally:
        await conn.set_isolation_level(None)
    return taken


async def waiting_ranges(conn: Connection) -> int:
    """How many dirty ranges wait."""
    row = await (await conn.execute("SELECT count(*) FROM dirty_range")).fetchone()
    return int(row[0]) if row else 0


def _keep(resolution: Resolution, pieces: sql.Composable, aggregates: sql.SQL) -> sql.Composed:
    return _KEEP.format(
        table=sql.Identifier(resolution.table),
        pieces=pieces,
        aggregates=aggregates.format(width=width_sql(resolution)),
    )
