"""One row per (tag, time): which of several contents wins, as a pure function and as the same thing in SQL.

For each (tag, time) every content (value and quality) has a standing: the highest (version, rank) that it ever came
with. The content of the highest standing wins, the hash of the content deciding between equals. That is a maximum over
a set, so the order of arrival cannot matter (rule one-row); the other contents stay in `reading_revision`.
"""

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stream.historian.encode import encode_staged
from stream.historian.rows import Rows
from stream.store.database import Connection


@dataclass(frozen=True, slots=True)
class Content:
    """What a row says, and the standing with which it came: correction version, then source rank."""

    value: float
    quality: int
    version: int = 0
    rank: int = 1


def content_hash(value: float, quality: int) -> bytes:
    """MD5 of the value's and quality's big-endian bytes, as `_HASH` computes it; no secret, only a fixed order."""
    return hashlib.md5(struct.pack(">dh", value, quality), usedforsecurity=False).digest()


def winner(contents: Iterable[Content]) -> Content:
    """The content that the table keeps of several for one (tag, time)."""
    return max(contents, key=lambda one: (one.version, one.rank, content_hash(one.value, one.quality)))


STAGED_TABLE: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS staged (
        tag_id integer NOT NULL, ts timestamptz NOT NULL, value double precision NOT NULL, quality smallint NOT NULL,
        version integer NOT NULL, rank smallint NOT NULL
    ) ON COMMIT DELETE ROWS
"""
"""Made once per writing connection."""

_COPY: Final = "COPY staged (tag_id, ts, value, quality, version, rank) FROM STDIN (FORMAT BINARY)"

_INSERT_ORDINARY: Final = """
    INSERT INTO reading (tag_id, ts, value, quality)
    SELECT tag_id, ts, value, quality FROM staged ORDER BY tag_id, ts
    ON CONFLICT (tag_id, ts) DO NOTHING
"""

_INSERT_RANKED: Final = """
    WITH best AS MATERIALIZED (
        SELECT DISTINCT ON (tag_id, ts) * FROM staged
        ORDER BY tag_id, ts, version DESC, rank DESC, value, quality
    ), fresh AS (
        INSERT INTO reading (tag_id, ts, value, quality)
        SELECT tag_id, ts, value, quality FROM best
        ON CONFLICT (tag_id, ts) DO NOTHING
        RETURNING tag_id, ts
    )
    INSERT INTO reading_rank (tag_id, ts, version, rank)
    SELECT tag_id, ts, version, rank FROM best JOIN fresh USING (tag_id, ts) WHERE (version, rank) <> (0, 1)
    ON CONFLICT (tag_id, ts) DO UPDATE SET version = excluded.version, rank = excluded.rank
"""

_CONTEST: Final = """
    WITH contested AS MATERIALIZED (
        SELECT DISTINCT s.tag_id, s.ts
        FROM staged s
        JOIN reading r ON r.tag_id = s.tag_id AND r.ts = s.ts
        LEFT JOIN reading_rank k ON k.tag_id = s.tag_id AND k.ts = s.ts
        WHERE (r.value, r.quality, coalesce(k.version, 0), coalesce(k.rank, 1))
            IS DISTINCT FROM (s.value, s.quality, s.version, s.rank)
    ), candidates AS (
        SELECT s.tag_id, s.ts, s.value, s.quality, s.version, s.rank
        FROM contested c JOIN staged s ON s.tag_id = c.tag_id AND s.ts = c.ts
        UNION ALL
        SELECT r.tag_id, r.ts, r.value, r.quality, coalesce(k.version, 0), coalesce(k.rank, 1::smallint)
        FROM contested c
        JOIN reading r ON r.tag_id = c.tag_id AND r.ts = c.ts
        LEFT JOIN reading_rank k ON k.tag_id = c.tag_id AND k.ts = c.ts
        UNION ALL
        SELECT v.tag_id, v.ts, v.value, v.quality, v.version, v.rank
        FROM contested c JOIN reading_revision v ON v.tag_id = c.tag_id AND v.ts = c.ts
    ), standings AS (
        SELECT DISTINCT ON (tag_id, ts, value, quality) *
        FROM candidates ORDER BY tag_id, ts, value, quality, version DESC, rank DESC
    ), placed AS MATERIALIZED (
        SELECT *, row_number() OVER (
            PARTITION BY tag_id, ts
            ORDER BY version DESC, rank DESC, decode(md5(float8send(value) || int2send(quality)), 'hex') DESC
        ) AS place
        FROM standings
    ), won AS (
        UPDATE reading r SET value = p.value, quality = p.quality
        FROM placed p
        WHERE p.place = 1 AND r.tag_id = p.tag_id AND r.ts = p.ts
            AND (r.value, r.quality) IS DISTINCT FROM (p.value, p.quality)
    ), ranked AS (
        INSERT INTO reading_rank (tag_id, ts, version, rank)
        SELECT tag_id, ts, version, rank FROM placed WHERE place = 1
        ON CONFLICT (tag_id, ts) DO UPDATE SET version = excluded.version, rank = excluded.rank
    ), lost AS (
        INSERT INTO reading_revision (tag_id, ts, value, quality, version, rank)
        SELECT tag_id, ts, value, quality, version, rank FROM placed WHERE place > 1
        ON CONFLICT (tag_id, ts, value, quality) DO UPDATE SET version = excluded.version, rank = excluded.rank
    )
    DELETE FROM reading_revision v USING placed p
    WHERE p.place = 1 AND v.tag_id = p.tag_id AND v.ts = p.ts AND v.value = p.value AND v.quality = p.quality
"""


async def merge(conn: Connection, rows: Rows) -> None:
    """Bring rows into `reading` that may repeat or contradict one another or what is there; inside a transaction."""
    await conn.execute("TRUNCATE staged")
    async with conn.cursor().copy(_COPY) as copy:
        await copy.write(encode_staged(rows))
    # The planner knows nothing of a temporary table and may read all of `reading` to join it: forbid that.
    await conn.execute("SET LOCAL enable_hashjoin = off")
    await conn.execute("SET LOCAL enable_mergejoin = off")
    if rows.ordinary() and not rows.sorted().repeated().any():
        fresh = await conn.execute(_INSERT_ORDINARY)
        if fresh.rowcount == len(rows):
            return
    else:
        await conn.execute(_INSERT_RANKED)
    await conn.execute(_CONTEST)
