"""Retention: what is older than its keep time goes; of readings whole chunks on TimescaleDB, rows elsewhere.

On plain PostgreSQL rows are deleted tag by tag along the unique index, in bounded steps of their own transaction, so
that no delete runs long, blocks the historian or needs an index on time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, LiteralString

from stream.store.database import Connection, capabilities

_STEP_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class RetentionConfig:
    """How long each kind of row is kept; one setting per database."""

    readings: timedelta = timedelta(days=90)
    minutes: timedelta = timedelta(days=730)
    letters: timedelta = timedelta(days=30)
    events: timedelta = timedelta(days=30)
    marks: timedelta = timedelta(days=30)
    jobs: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a pass dropped; `chunks` of readings on TimescaleDB, `readings` as rows elsewhere."""

    chunks: int = 0
    readings: int = 0
    others: int = 0


async def retain(conn: Connection, config: RetentionConfig, now: datetime) -> Dropped:
    """Drop what is too old at `now`; the connection is in autocommit. Hours are kept for good, unsent events too."""
    chunks = readings = 0
    before = now - config.readings
    if (await capabilities(conn)).hypertables:
        cursor = await conn.execute(
            "SELECT count(*) FROM drop_chunks('reading', older_than => %s::timestamptz)", [before]
        )
        row = await cursor.fetchone()
        chunks = int(row[0]) if row else 0
    else:
        readings = await _drop_readings(conn, before)
    others = 0
    for statement, kind in _OTHERS:
        keep: timedelta = getattr(config, kind)
        others += (await conn.execute(statement, [now - keep])).rowcount
    return Dropped(chunks, readings, others)


_OTHERS: Final[tuple[tuple[LiteralString, str], ...]] = (
    ("DELETE FROM reading_rank WHERE ts < %s", "readings"),
    ("DELETE FROM reading_revision WHERE ts < %s", "readings"),
    ("DELETE FROM rollup_1m WHERE bucket < %s", "minutes"),
    ("DELETE FROM dead_letter WHERE created_at < %s AND published_at IS NOT NULL", "letters"),
    ("DELETE FROM outbox WHERE sent_at < %s", "events"),
    ("DELETE FROM stored_mark WHERE stored_at < %s", "marks"),
    ("DELETE FROM job WHERE ended_at < %s", "jobs"),
)


async def _drop_readings(conn: Connection, before: datetime) -> int:
    dropped = 0
    cursor = await conn.execute("SELECT tag_id FROM tag ORDER BY tag_id")
    for (tag_id,) in await cursor.fetchall():
        while True:
            step = await conn.execute(
                "DELETE FROM reading WHERE tag_id = %(tag)s AND ts < %(before)s AND ts <= ("
                " SELECT max(ts) FROM (SELECT ts FROM reading WHERE tag_id = %(tag)s AND ts < %(before)s"
                " ORDER BY ts LIMIT %(step)s) AS oldest)",
                {"tag": tag_id, "before": before, "step": _STEP_ROWS},
            )
            dropped += step.rowcount
            if step.rowcount < _STEP_ROWS:
                break
    return dropped
