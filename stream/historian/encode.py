"""Rows as PostgreSQL's binary COPY stream and as binary array parameters, made by numpy without a loop.

Source: `array_recv` in PostgreSQL's `arrayfuncs.c` for arrays; see `stream.store.binary_copy` for COPY.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection
from psycopg.adapt import Dumper
from psycopg.pq import Format

from stream.historian.rows import Rows
from stream.store.binary_copy import PG_EPOCH_US, Columns, template, wrap

_READING: Final[Columns] = (("tag_id", ">i4"), ("ts", ">i8"), ("value", ">f8"), ("quality", ">i2"))
_STAGED: Final[Columns] = (*_READING, ("version", ">i4"), ("rank", ">i2"))
_READING_ROW: Final = template(_READING)
_STAGED_ROW: Final = template(_STAGED)


def encode_readings(rows: Rows) -> bytes:
    """The rows as a whole COPY stream for (tag_id, ts, value, quality)."""
    packed = np.repeat(_READING_ROW, len(rows))
    _fill(packed, rows)
    return wrap(packed)


def encode_staged(rows: Rows) -> bytes:
    """The rows as a whole COPY stream for (tag_id, ts, value, quality, version, rank)."""
    packed = np.repeat(_STAGED_ROW, len(rows))
    _fill(packed, rows)
    packed["version"] = rows.version
    packed["rank"] = rows.rank
    return wrap(packed)


def _fill(packed: NDArray[Any], rows: Rows) -> None:
    packed["tag_id"] = rows.tag_ids
    packed["ts"] = rows.times - PG_EPOCH_US
    packed["value"] = rows.values
    packed["quality"] = rows.quality


@dataclass(frozen=True, slots=True)
class BinaryArray:
    """A one-dimensional array in PostgreSQL's binary form; its subclasses name the element's type."""

    data: bytes


class Int4Array(BinaryArray):
    """`integer[]`."""


class TimestampArray(BinaryArray):
    """`timestamptz[]`."""


class Float8Array(BinaryArray):
    """`double precision[]`."""


class Int2Array(BinaryArray):
    """`smallint[]`."""


def int4_array(values: NDArray[np.int32]) -> Int4Array:
    """The numbers as `integer[]`."""
    return Int4Array(_array(values, 23, ">i4"))


def timestamp_array(times: NDArray[np.int64]) -> TimestampArray:
    """The times (microseconds UTC) as `timestamptz[]`."""
    return TimestampArray(_array(times - PG_EPOCH_US, 1184, ">i8"))


def float8_array(values: NDArray[np.float64]) -> Float8Array:
    """The numbers as `double precision[]`."""
    return Float8Array(_array(values, 701, ">f8"))


def int2_array(values: NDArray[np.int16]) -> Int2Array:
    """The numbers as `smallint[]`."""
    return Int2Array(_array(values, 21, ">i2"))


def _array(values: NDArray[Any], element: int, form: str) -> bytes:
    size = np.dtype(form).itemsize
    packed = np.zeros(len(values), dtype=[("size", ">i4"), ("value", form)])
    packed["size"] = size
    packed["value"] = values
    head = np.array([1, 0, element, len(values), 1], dtype=">i4")
    return head.tobytes() + packed.tobytes()


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> bytes:
        return obj.data


class _Int4Dumper(_ArrayDumper):
    oid = 1007


class _TimestampDumper(_ArrayDumper):
    oid = 1185


class _Float8Dumper(_ArrayDumper):
    oid = 1022


class _Int2Dumper(_ArrayDumper):
    oid = 1005


def register_arrays(conn: AsyncConnection[Any]) -> None:
    """Teach a connection to take the binary arrays as parameters."""
    conn.adapters.register_dumper(Int4Array, _Int4Dumper)
    conn.adapters.register_dumper(TimestampArray, _TimestampDumper)
    conn.adapters.register_dumper(Float8Array, _Float8Dumper)
    conn.adapters.register_dumper(Int2Array, _Int2Dumper)
