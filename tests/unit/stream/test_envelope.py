import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stream.envelope import Control, MalformedRecordError, ReadingBatch, Tick, decode, encode, make_batch


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


def test_all_three_records_come_back_as_what_they_are() -> None:
    for record in (a_batch(), Tick(plant="", at=1), Control(plant="mill", identity="x", action="revise")):
        assert decode(encode(record)) == record


@given(st.binary(max_size=300))
def test_random_bytes_are_a_malformed_record_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        decode(raw)


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
