"""A bad row, not a dead sink: what only a row can have caused makes the historian look for that row, by halving."""

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.errors import UniqueViolation

from stream.historian.encode import encode_readings
from stream.historian.one_row import merge
from stream.historian.rows import Rows
from stream.store.database import Connection
from stream.store.faults import is_servers_fault

_COPY: Final = "COPY reading (tag_id, ts, value, quality) FROM STDIN (FORMAT BINARY)"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that the database refuses, as `Rows` of one, and its words."""

    row: Rows
    reason: str


async def write_rows(conn: Connection, rows: Rows, *, staged: bool) -> list[BadRow]:
    """Write rows under a savepoint of the caller's transaction, and leave out those that the database refuses.

    Parameters
    ----------
    rows
        By (tag, time).
    staged
        Whether rows may repeat what is there, and go through staging; otherwise they are copied plainly first.
    """
    if len(rows) == 0:
        return []
    try:
        async with conn.transaction():
            await (merge if staged else copy_rows)(conn, rows)
        return []
    except UniqueViolation as error:
        if not staged:
            return await write_rows(conn, rows, staged=True)
        reason = str(error)
    except psycopg.Error as error:
        if is_servers_fault(error):
            raise
        reason = str(error)
    if len(rows) == 1:
        return [BadRow(rows, reason)]
    half = len(rows) // 2
    first = await write_rows(conn, rows.take(slice(0, half)), staged=staged)
    return first + await write_rows(conn, rows.take(slice(half, None)), staged=staged)


async def copy_rows(conn: Connection, rows: Rows) -> None:
    """Copy rows plainly; one that is there already fails them all."""
    async with conn.cursor().copy(_COPY) as copy:
        await copy.write(encode_readings(rows))
