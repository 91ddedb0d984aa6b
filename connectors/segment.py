"""One record of a spool's segment file: its form, and how a file of them is read back after a crash.

A record is a header (payload's length, CRC-32, epoch, seq; little-endian) and the payload. The CRC covers everything
after itself and the length, so a record cut short, or one whose length was torn, is told from a whole one.
"""

import struct
import zlib
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct("<IIqq")
_NUMBERS: Final = struct.Struct("<Iqq")
HEADER_BYTES: Final = _HEADER.size
LONGEST_PAYLOAD: Final = 8_000_000


class Record(NamedTuple):
    """A whole record: its numbers, its payload, and the offset behind it."""

    epoch: int
    seq: int
    payload: bytes
    end: int


def encode_record(epoch: int, seq: int, payload: bytes) -> bytes:
    """The record's bytes."""
    return _HEADER.pack(len(payload), _crc(epoch, seq, payload), epoch, seq) + payload


def read_record(data: bytes | memoryview, offset: int) -> Record | None:
    """The record at `offset`, or None where no whole record begins there."""
    if offset + HEADER_BYTES > len(data):
        return None
    length, crc, epoch, seq = _HEADER.unpack_from(data, offset)
    end = offset + HEADER_BYTES + length
    if length > LONGEST_PAYLOAD or end > len(data):
        return None
    payload = bytes(data[offset + HEADER_BYTES : end])
    return Record(epoch, seq, payload, end) if crc == _crc(epoch, seq, payload) else None


def length_at(header: bytes) -> int:
    """The payload's length that a record's header names."""
    length: int = _HEADER.unpack(header)[0]
    return length


def scan(data: bytes | memoryview) -> tuple[dict[int, int], int]:
    """The highest seq of each epoch in the order of their first records, and how many bytes are whole records."""
    last: dict[int, int] = {}
    end = 0
    while (record := read_record(data, end)) is not None:
        last[record.epoch] = max(record.seq, last.get(record.epoch, -1))
        end = record.end
    return last, end


def _crc(epoch: int, seq: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_NUMBERS.pack(len(payload), epoch, seq)))
