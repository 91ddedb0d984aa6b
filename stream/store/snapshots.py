"""Snapshots of twins: saved by compare-and-set on the offset, read to recover or to rebuild a twin as of a time."""

from dataclasses import dataclass
from typing import Final

from stream.scan.replay import Moment
from stream.store.database import Pool

DAY_US: Final = 86_400_000_000
SPACING_US: Final = 300_000_000
LOG_US: Final = 8 * DAY_US
"""Longer than Kafka keeps a log."""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A twin's state after the record at `offset` of its partition; `log_time` in microseconds UTC."""

    plant: str
    incarnation: str
    offset: int
    log_time: int
    state: bytes


_COLUMNS: Final = 'plant, incarnation, "offset", log_time, state'


async def save_snapshot(pool: Pool, plant: str, incarnation: str, offset: int, log_time: int, state: bytes) -> bool:
    """Save a snapshot unless a newer one is there (rule snapshot-and-replay).

    Returns
    -------
    Whether it was saved. It is not where the plant has one of the same log at this offset or above, or where its log
    has been superseded by another: then a worker that should have stopped asks, and must not win.
    """
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"snapshot:{plant}"])
        cursor = await conn.execute(
            'SELECT incarnation, "offset" FROM snapshot WHERE plant = %s ORDER BY id DESC LIMIT 1', [plant]
        )
        newest = await cursor.fetchone()
        if newest is not None and newest[0] == incarnation and newest[1] >= offset:
            return False
        if newest is not None and newest[0] != incarnation:
            cursor = await conn.execute(
                "SELECT 1 FROM snapshot WHERE plant = %s AND incarnation = %s LIMIT 1", [plant, incarnation]
            )
            if await cursor.fetchone() is not None:
                return False
        await conn.execute(
            'INSERT INTO snapshot (plant, incarnation, "offset", log_time, state) VALUES (%s, %s, %s, %s, %s)',
            [plant, incarnation, offset, log_time, state],
        )
    return True


async def newest_snapshot(pool: Pool, plant: str) -> StoredSnapshot | None:
    """The snapshot saved last, or None where the plant has none."""
    query = f"SELECT {_COLUMNS} FROM snapshot WHERE plant = %s ORDER BY id DESC LIMIT 1"  # noqa: S608  # constant
    return await _read(pool, query, [plant])


async def snapshot_before(pool: Pool, plant: str, incarnation: str, moment: Moment) -> StoredSnapshot | None:
    """The newest snapshot of the plant in a log at or before a moment, or None."""
    query = (
        f"SELECT {_COLUMNS} FROM snapshot WHERE plant = %s AND incarnation = %s"  # noqa: S608  # constant
        ' AND "offset" <= %s AND log_time <= %s ORDER BY "offset" DESC, id DESC LIMIT 1'
    )
    return await _read(pool, query, [plant, incarnation, moment.offset, moment.log_time])


async def prune_snapshots(pool: Pool, keep_us: int = DAY_US, spacing_us: int = SPACING_US) -> int:
    """Drop what is older than `keep_us` before the plant's newest, and all but one per `spacing_us`; returns how many.

    The newest one of each plant always stays, however old it is. What a log began with stays as long as Kafka may hold
    the log, because no rebuild can begin without it.
    """
    async with pool.connection() as conn:
        cursor = await conn.execute(
            'WITH ranked AS (SELECT id, log_time, "offset", max(log_time) OVER (PARTITION BY plant) AS newest,'
            " row_number() OVER (PARTITION BY plant ORDER BY id DESC) AS age,"
            " row_number() OVER (PARTITION BY plant, log_time / %(spacing)s ORDER BY id DESC) AS place FROM snapshot)"
            " DELETE FROM snapshot USING ranked WHERE snapshot.id = ranked.id AND ranked.age > 1"
            ' AND (ranked."offset" >= 0 AND (ranked.log_time < ranked.newest - %(keep)s OR ranked.place > 1)'
            " OR ranked.log_time < ranked.newest - %(log)s)",
            {"spacing": spacing_us, "keep": keep_us, "log": max(keep_us, LOG_US)},
        )
        return cursor.rowcount


async def _read(pool: Pool, query: str, parameters: list[str | int]) -> StoredSnapshot | None:
    async with pool.connection() as conn:
        row = await (await conn.execute(query.encode(), parameters)).fetchone()
    return None if row is None else StoredSnapshot(row[0], row[1], row[2], row[3], bytes(row[4]))
