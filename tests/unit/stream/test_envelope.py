import contextlib
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stream.envelope import (
    Control,
    MalformedRecordError,
    ReadingBatch,
    Record,
    RefusedRecord,
    Tick,
    decode,
    encode,
    make_batch,
)


def a_batch(n: int = 3) -> ReadingBatch:
    return make_batch(
        plant="mill", source="opcua", epoch=2**62, seq=5, tag_table="abc", origin="live",
        tag_ids=np.arange(n, dtype=np.int32), times=np.arange(n, dtype=np.int64),
        values=np.linspace(0, 1, n), quality=np.zeros(n, dtype=np.uint32),
    )  # fmt: skip


@given(
    st.integers(0, 40).flatmap(
        lambda n: st.tuples(
            hnp.arrays(np.int32, n),
            hnp.arrays(np.int64, n),
            hnp.arrays(np.float64, n),
            hnp.arrays(np.uint32, n),
        )
    ),
    st.integers(0, 2**63 - 1),
)
def test_batch_survives_the_journey_bit_for_bit(arrays: tuple[np.ndarray, ...], epoch: int) -> None:
    tag_ids, times, values, quality = arrays
    sent = make_batch(
        plant="mill", source="opcua", epoch=epoch, seq=1, tag_table="abc", origin="backfill",
        tag_ids=tag_ids, times=times, values=values, quality=quality,
    )  # fmt: skip
    got = decode(encode(sent))
    assert got == sent
    assert isinstance(got, ReadingBatch)
    for column, original in zip(got.arrays(), arrays, strict=True):
        assert column.tobytes() == original.tobytes()


REFUSED = RefusedRecord(
    plant="", source="push", epoch=1, seq=9, after=7, topic="atlas.inbox", partition=3, offset=9, incarnation="abc",
    claims="mill", reason="no JSON", readings=0, body=b"{", body_bytes=1,
)  # fmt: skip


def test_all_four_records_come_back_as_what_they_are() -> None:
    others = (Tick(plant="", at=1), Control(plant="mill", identity="x", action="revise"), REFUSED)
    for record in (a_batch(), *others):
        assert decode(encode(record)) == record


def test_a_batch_of_a_connector_that_named_none_before_is_read() -> None:
    before = msgspec.msgpack.decode(encode(a_batch()))
    del before["after"]
    assert decode(msgspec.msgpack.encode(before)) == a_batch()


@given(st.binary(max_size=300))
def test_random_bytes_are_a_malformed_record_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        decode(raw)


@given(st.sampled_from([a_batch(), Tick(plant="", at=1), REFUSED]), st.data())
def test_a_record_with_any_bytes_changed_is_read_or_malformed_and_nothing_else(
    record: Record, data: st.DataObject
) -> None:
    raw = bytearray(encode(record))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedRecordError):
        decode(bytes(raw))


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*ReadingBatch.__struct_fields__, "k"]), _ANY | st.just("batch")))
def test_any_message_pack_is_read_or_malformed_and_nothing_else(content: dict[str, Any]) -> None:
    with contextlib.suppress(MalformedRecordError):
        decode(msgspec.msgpack.encode(content))


@given(st.data())
def test_truncated_batch_is_a_malformed_record(data: st.DataObject) -> None:
    raw = encode(a_batch())
    with pytest.raises(MalformedRecordError):
        decode(raw[: data.draw(st.integers(0, len(raw) - 1))])


def test_unknown_version_is_refused_with_what_to_do() -> None:
    batch = a_batch()
    newer = ReadingBatch(**{f: getattr(batch, f) for f in batch.__struct_fields__} | {"v": 99})
    with pytest.raises(MalformedRecordError, match="version 99.*update"):
        decode(encode(newer))


def test_buffers_of_different_lengths_are_refused() -> None:
    batch = a_batch()
    short = ReadingBatch(**{f: getattr(batch, f) for f in batch.__struct_fields__} | {"values": b"\0" * 8})
    with pytest.raises(MalformedRecordError, match="buffers hold"):
        decode(encode(short))


@pytest.mark.parametrize(
    "change",
    [
        {"plant": ""}, {"source": "a\x00b"}, {"tag_table": "x" * 201}, {"epoch": 2**63}, {"seq": -1},
        {"version": 2**31},
    ],
)  # fmt: skip
def test_admit_once_names_and_numbers_that_no_table_holds_are_refused_by_every_reader(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecordError, match=f"{next(iter(change))} .*mend the producer"):
        decode(encode(msgspec.structs.replace(a_batch(), **change)))


def test_bad_row_not_dead_sink_a_record_that_no_producer_of_ours_sends_is_refused_unread() -> None:
    with pytest.raises(MalformedRecordError, match="readers take 1000000"):
        decode(encode(a_batch(42_000)))
    assert decode(encode(a_batch(37_000))) == a_batch(37_000)
