"""The packed encoding is the one that PostgreSQL's driver reads."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg._copy_base import parse_row_binary
from psycopg.adapt import Transformer
from psycopg.pq import Format

from stream.historian.encode import (
    encode_readings,
    encode_staged,
    float8_array,
    int2_array,
    int4_array,
    timestamp_array,
)
from stream.historian.rows import Rows
from stream.store.binary_copy import unwrap

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OIDS = (23, 1184, 701, 21)

readings = st.lists(
    st.tuples(
        st.integers(-(2**31), 2**31 - 1),
        st.integers(-60_000_000_000_000_000, 250_000_000_000_000_000),
        st.floats(width=64),
        st.integers(-(2**15), 2**15 - 1),
    ),
    max_size=20,
)


def rows_of(content: list[tuple[int, int, float, int]]) -> Rows:
    columns = list(zip(*content, strict=True)) if content else [(), (), (), ()]
    return Rows.make(
        np.array(columns[0], np.int32),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.float64),
        np.array(columns[3], np.int16),
    )


def read_back(stream: bytes, oids: tuple[int, ...]) -> list[tuple[object, ...]]:
    """What psycopg's own parser and loaders make of a COPY stream."""
    transformer = Transformer()
    transformer.set_loader_types(list(oids), Format.BINARY)
    assert stream[:19] == b"PGCOPY\n\xff\r\n\0" + bytes(8)
    body, found = stream[19:], []
    while body[:2] != b"\xff\xff":
        (fields,) = struct.unpack_from("!h", body)
        size = 2
        for _ in range(fields):
            size += 4 + struct.unpack_from("!i", body, size)[0]
        row = parse_row_binary(body[:size], transformer)
        assert row is not None
        found.append(row)
        body = body[size:]
    assert body == b"\xff\xff"
    return found


@settings(deadline=None)
@given(readings)
def test_psycopg_reads_the_rows_that_were_encoded(content: list[tuple[int, int, float, int]]) -> None:
    rows = rows_of(content)
    found = read_back(encode_readings(rows), OIDS)
    assert len(found) == len(content)
    for (tag_id, time_us, value, quality), row in zip(content, found, strict=True):
        assert row[0] == tag_id
        assert row[1] == EPOCH + timedelta(microseconds=time_us)
        assert np.array_equal([row[2]], [value], equal_nan=True)
        assert row[3] == quality


@settings(deadline=None)
@given(readings, st.integers(0, 2**31 - 1))
def test_the_staged_form_carries_the_standing(content: list[tuple[int, int, float, int]], version: int) -> None:
    rows = rows_of(content)
    rows.version[:] = version
    found = read_back(encode_staged(rows), (*OIDS, 23, 21))
    assert [row[4:] for row in found] == [(version, 1)] * len(content)


@settings(deadline=None)
@given(readings)
def test_our_own_reader_reads_what_was_encoded(content: list[tuple[int, int, float, int]]) -> None:
    rows = rows_of(content)
    columns = (("tag_id", ">i4"), ("ts", ">i8"), ("value", ">f8"), ("quality", ">i2"))
    found = unwrap(encode_readings(rows), columns)
    assert np.array_equal(found["tag_id"], rows.tag_ids)
    assert np.array_equal(found["ts"] + 946_684_800_000_000, rows.times)
    assert np.array_equal(found["value"], rows.values, equal_nan=True)
    assert np.array_equal(found["quality"], rows.quality)


@settings(deadline=None)
@given(readings)
def test_psycopg_reads_the_arrays_that_were_encoded(content: list[tuple[int, int, float, int]]) -> None:
    rows = rows_of(content)
    transformer = Transformer()

    def load(data: bytes, oid: int) -> list[object]:
        return list(transformer.get_loader(oid, Format.BINARY).load(data))

    assert load(int4_array(rows.tag_ids).data, 1007) == rows.tag_ids.tolist()
    assert load(int2_array(rows.quality).data, 1005) == rows.quality.tolist()
    assert np.array_equal(load(float8_array(rows.values).data, 1022), rows.values, equal_nan=True)
    times = load(timestamp_array(rows.times).data, 1185)
    assert times == [EPOCH + timedelta(microseconds=time) for time in rows.times.tolist()]


def test_equal_content_has_equal_bits() -> None:
    payload = np.frombuffer(struct.pack("<Q", 0x7FF8_0000_0000_0123), np.float64)
    rows = Rows.make(np.ones(2, np.int32), np.ones(2, np.int64), np.array([-0.0, payload[0]]), np.zeros(2, np.int16))
    assert rows.values.tobytes() == np.array([0.0, np.nan]).tobytes()
