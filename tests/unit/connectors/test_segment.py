"""A spool's records survive any tear: what is whole is read, what is not is never mistaken for a batch."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.segment import encode_record, read_record, scan

records = st.lists(
    st.tuples(st.integers(0, 2**62), st.integers(0, 2**40), st.binary(max_size=60)), min_size=1, max_size=12
)


@given(records, st.integers(0, 400))
def test_a_torn_tail_leaves_exactly_the_whole_records(wanted, cut):
    encoded = [encode_record(*record) for record in wanted]
    data = b"".join(encoded)
    kept = data[: max(0, len(data) - cut)]
    whole = 0
    end = 0
    while whole < len(encoded) and end + len(encoded[whole]) <= len(kept):
        end += len(encoded[whole])
        whole += 1
    last, valid = scan(kept)
    assert valid == end
    expected = {}
    for epoch, seq, _ in wanted[:whole]:
        expected[epoch] = max(seq, expected.get(epoch, -1))
    assert last == expected


@given(st.integers(0, 2**62), st.integers(0, 2**40), st.binary(max_size=40), st.data())
def test_one_flipped_bit_is_noticed(epoch, seq, payload, data):
    record = bytearray(encode_record(epoch, seq, payload))
    bit = data.draw(st.integers(0, len(record) * 8 - 1))
    record[bit // 8] ^= 1 << (bit % 8)
    assert read_record(bytes(record), 0) is None


def test_a_record_is_read_back_with_its_numbers():
    read = read_record(b"x" + encode_record(7, 9, b"abc"), 1)
    assert read is not None
    assert (read.epoch, read.seq, read.payload, read.end) == (7, 9, b"abc", 28)
