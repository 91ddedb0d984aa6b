"""Write a chunk: one transaction of rows, last values, letters, marks, dirty ranges and the fenced positions."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson
from numpy.typing import NDArray

from stream.historian.bisect import BadRow, write_rows
from stream.historian.chunk import Chunk, MarkKey
from stream.historian.dirty import dirty_ranges, insert_dirty
from stream.historian.encode import (
    float8_array,
    int2_array,
    int4_array,
    register_arrays,
    timestamp_array,
)
from stream.historian.letters import DeadLetter, insert_letters
from stream.historian.one_row import STAGED_TABLE
from stream.historian.positions import move_positions
from stream.historian.rows import Rows
from stream.store.database import Connection, DatabaseConfig, connect


@dataclass(frozen=True, slots=True)
class Written:
    """What a transaction wrote."""

    rows: int
    letters: int
    bad_rows: int


async def open_writer(config: DatabaseConfig) -> Connection:
    """A connection of a lane's own, ready for `write_chunk`."""
    conn = await connect(config, autocommit=True)
    register_arrays(conn)
    await conn.execute(STAGED_TABLE)
    return conn


async def write_chunk(conn: Connection, chunk: Chunk, incarnation: str, at: datetime) -> Written:
    """Write all of a chunk or nothing (rule one-row).

    The positions move first: their row locks make a second historian wait, and then find out, before it writes.

    Raises
    ------
    FencedError
        Where another historian has moved a position.
    psycopg.Error
        Where the server is at fault; nothing was written, unless the connection broke during the commit.
    """
    plain, staged = split(chunk)
    async with conn.transaction():
        await move_positions(conn, incarnation, chunk.moves)
        bad = await write_rows(conn, plain, staged=False) + await write_rows(conn, staged, staged=True)
        letters = chunk.letters + [_letter_of(row, chunk, n) for n, row in enumerate(bad)]
        plain, staged = _without(plain, bad), _without(staged, bad)
        await _keep_newest(conn, plain, read_back=bool(chunk.staged) or len(staged) > 0)
        await _keep_newest(conn, staged, read_back=True)
        await insert_letters(conn, incarnation, letters, at)
        await _keep_marks(conn, chunk.marks, at)
        await insert_dirty(conn, dirty_ranges(Rows.concatenate([plain, staged]).sorted() if len(staged) else plain))
    return Written(len(plain) + len(staged), len(letters), len(bad))


def split(chunk: Chunk) -> tuple[Rows, Rows]:
    """The chunk's rows by (tag, time), plain and staged; rows that repeat one another within it are staged."""
    plain, staged = Rows.concatenate(chunk.plain).sorted(), list(chunk.staged)
    repeated = plain.repeated()
    if repeated.any():
        staged.append(plain.take(repeated))
        plain = plain.take(~repeated)
    return plain, Rows.concatenate(staged).sorted()


async def _keep_newest(conn: Connection, rows: Rows, *, read_back: bool) -> None:
    """Bring `last_reading` up to these rows; an older value never moves a newer one (rule back-fill).

    `read_back` takes the content from `reading`, where another one may have won.
    """
    newest = rows.newest()
    if len(newest) == 0:
        return
    source = (
        " SELECT n.tag_id, r.ts, r.value, r.quality FROM unnest(%s, %s, %s, %s) AS n (tag_id, ts, value, quality)"
        " JOIN LATERAL (SELECT ts, value, quality FROM reading WHERE tag_id = n.tag_id AND ts = n.ts) r ON true"
        if read_back
        else " SELECT * FROM unnest(%s, %s, %s, %s)"
    )
    await conn.execute(
        b"INSERT INTO last_reading (tag_id, ts, value, quality)"
        + source.encode()
        + b" ON CONFLICT (tag_id) DO UPDATE SET ts = excluded.ts, value = excluded.value, quality = excluded.quality"
        b" WHERE excluded.ts >= last_reading.ts",
        [
            int4_array(newest.tag_ids),
            timestamp_array(newest.times),
            float8_array(newest.values),
            int2_array(newest.quality),
        ],
    )


async def _keep_marks(conn: Connection, marks: dict[MarkKey, int], at: datetime) -> None:
    if not marks:
        return
    ordered = sorted(marks.items())
    await conn.execute(
        "INSERT INTO stored_mark (plant, source, epoch, seq, stored_at)"
        " SELECT plant, source, epoch, seq, %s"
        " FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[]) AS m (plant, source, epoch, seq)"
        " ON CONFLICT (plant, source, epoch) DO UPDATE SET seq = excluded.seq, stored_at = excluded.stored_at"
        " WHERE excluded.seq > stored_mark.seq",
        [
            at,
            [key[0] for key, _ in ordered],
            [key[1] for key, _ in ordered],
            [key[2] for key, _ in ordered],
            [seq for _, seq in ordered],
        ],
    )


def _letter_of(bad: BadRow, chunk: Chunk, n: int) -> DeadLetter:
    """The letter of a row that the database refused; beyond 10^6 so that it meets no number of the record's others."""
    row = bad.row
    body = orjson.dumps(
        {
            "tag_id": int(row.tag_ids[0]),
            "time_us": int(row.times[0]),
            "value": float(row.values[0]),
            "quality": int(row.quality[0]) & 0xFFFF,
            "version": int(row.version[0]),
        }
    )
    origin = chunk.origins[int(row.record[0])]
    return DeadLetter(origin, 1_000_000 + n, f"the database refused the row: {bad.reason}", 1, body, len(body), False)


def _without(rows: Rows, bad: list[BadRow]) -> Rows:
    if not bad:
        return rows
    refused = {(int(one.row.tag_ids[0]), int(one.row.times[0])) for one in bad}
    keep: NDArray[np.bool_] = np.array(
        [pair not in refused for pair in zip(rows.tag_ids.tolist(), rows.times.tolist(), strict=True)], dtype=np.bool_
    )
    return rows.take(keep)
