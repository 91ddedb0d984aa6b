"""PostgreSQL's binary COPY format as packed numpy dtypes: rows to bytes and back without a loop.

Only columns of fixed width that are never null; a query that may yield nulls coalesces them (NaN for numbers).
Source: PostgreSQL documentation, "COPY", section "Binary Format".
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from stream.store.database import Connection

PG_EPOCH_US: Final = 946_684_800_000_000
"""Midnight of 1 January 2000 UTC, where PostgreSQL's timestamps begin, in microseconds since 1970."""

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"

Columns = tuple[tuple[str, str], ...]
"""Name and big-endian numpy form of each column, such as ("tag_id", ">i4")."""


def template(columns: Columns) -> NDArray[Any]:
    """One packed row with its field count and field sizes filled in; shape (1,)."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, form in columns:
        fields += [(f"{name}_size", ">i4"), (name, form)]
    row = np.zeros(1, dtype=fields)
    row["fields"] = len(columns)
    for name, form in columns:
        row[f"{name}_size"] = np.dtype(form).itemsize
    return row


def wrap(packed: NDArray[Any]) -> bytes:
    """Packed rows as a whole COPY stream."""
    return b"".join((HEADER, packed.tobytes(), TRAILER))


async def read_rows(
    conn: Connection, query: sql.SQL | sql.Composed, parameters: dict[str, Any], columns: Columns
) -> NDArray[Any]:
    """The rows of a query as a structured array with the columns' names; shape (rows,)."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)
    parts: list[bytes] = []
    async with conn.cursor().copy(statement, parameters) as copy:
        parts.extend([bytes(data) async for data in copy])
    return unwrap(b"".join(parts), columns)


def unwrap(stream: bytes, columns: Columns) -> NDArray[Any]:
    """The rows of a whole COPY stream.

    Raises
    ------
    ValueError
        Where the stream holds nulls or other columns than those named.
    """
    form = template(columns)
    body = stream[len(HEADER) : -len(TRAILER)]
    if not stream.startswith(HEADER[:11]) or len(body) % form.dtype.itemsize:
        raise ValueError(f"{len(stream)} bytes are no rows of {[name for name, _ in columns]}; are there nulls?")
    return np.frombuffer(body, dtype=form.dtype)
