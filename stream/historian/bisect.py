"""A bad row, not a dead sink: tell faults of a row from faults of the server, and find the row by halving.

Faults of the server (its connection, resources, locks, shutdown, schema or permissions) would hit every row, so they
are waited out. Only what a row can cause makes the historian look for that row.
"""

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.errors import UniqueViolation
from psycopg_pool import PoolTimeout

from stream.historian.encode import encode_readings
from stream.historian.one_row import merge
from stream.historian.rows import Rows
from stream.store.database import Connection

SERVER_CLASSES: Final = frozenset({"08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "F0"})
"""SQLSTATE classes that speak of the server. 08, 40, 53, 57 and 58 are the rule's; 25 is a server that became
read-only, 28 and 42 lost permissions or tables, 3D and 3F a lost database or schema, 55 a lock, F0 configuration."""

_DAMAGED: Final = frozenset({"XX001", "XX002"})
_COPY: Final = "COPY reading (tag_id, ts, value, quality) FROM STDIN (FORMAT BINARY)"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that the database refuses, as `Rows` of one, and its words."""

    row: Rows
    reason: str


def is_servers_fault(error: BaseException) -> bool:
    """Whether waiting may help: an error of the server or the way to it, not of what was written."""
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None:
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return state[:2] in SERVER_CLASSES or state in _DAMAGED
    return isinstance(error, OSError | TimeoutError | PoolTimeout)


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
