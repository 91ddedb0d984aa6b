"""The ledger: every reading that a simulated plant ever offered, in the order of its times, for ever.

Records are appended by one write per scan *before* the scan is published, so whatever a client can have seen is in the
ledger; what a crash left half written at its end is cut off at the next opening. HistoryRead is answered from it.

File: `MAGIC`, the length of the JSON list of tag names (uint32), that list, then `RECORD`s, all little-endian.
"""

import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.atlas.errors import AtlasError

MAGIC: Final = b"ATLEDGR1"
RECORD: Final = np.dtype([("time_us", "<i8"), ("value", "<f8"), ("tag", "<u4"), ("status", "<u4")])
"""Source time in microseconds UTC, value (NaN where the status is Bad), index of the tag's name, OPC UA status."""

_CHUNK_RECORDS: Final = 65_536
Records = NDArray[np.void]


class LedgerError(AtlasError):
    """A ledger that cannot be read or belongs to other tags."""


@dataclass(frozen=True)
class LedgerContent:
    """A whole ledger: names of its tags, and arrays of one length, in the order written."""

    names: tuple[str, ...]
    tags: NDArray[np.uint32]
    times_us: NDArray[np.int64]
    values: NDArray[np.float64]
    statuses: NDArray[np.uint32]


def read_ledger(path: Path) -> LedgerContent:
    """Read a ledger that may still be written to; a half record at its end is left out.

    Raises
    ------
    LedgerError
        Where the file is missing or no ledger.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LedgerError(f"ledger {path} cannot be read: {error}; start the simulated plant first") from error
    names, start = _parse_head(content, path)
    records = np.frombuffer(content, dtype=RECORD, offset=start, count=(len(content) - start) // RECORD.itemsize)
    return LedgerContent(
        names, records["tag"].copy(), records["time_us"].copy(), records["value"].copy(), records["status"].copy()
    )


def _parse_head(content: bytes, path: Path) -> tuple[tuple[str, ...], int]:
    fixed = len(MAGIC) + 4
    if content[: len(MAGIC)] != MAGIC or len(content) < fixed:
        raise LedgerError(f"{path} is no ledger; move it away and start the simulated plant anew")
    (length,) = struct.unpack_from("<I", content, len(MAGIC))
    try:
        names = tuple(json.loads(content[fixed : fixed + length]))
    except ValueError as error:
        raise LedgerError(f"ledger {path} has a broken head: {error}; move it away and start anew") from error
    return names, fixed + length


class Ledger:
    """An open ledger: appends and looks things up by time; times never fall."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        """Open or make it.

        Raises
        ------
        LedgerError
            Where the file is no ledger or was kept for other tags.
        """
        self.names = tuple(names)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self._start = self._open_head(path)
        except BaseException:
            os.close(self._file)
            raise
        self.count = (os.fstat(self._file).st_size - self._start) // RECORD.itemsize
        os.ftruncate(self._file, self._start + self.count * RECORD.itemsize)

    def _open_head(self, path: Path) -> int:
        encoded = json.dumps(self.names).encode()
        head = MAGIC + struct.pack("<I", len(encoded)) + encoded
        size = os.fstat(self._file).st_size
        if size < len(head) and head.startswith(os.pread(self._file, size, 0)):
            # New, or the very first write was cut off: either way nothing has been offered yet.
            os.ftruncate(self._file, 0)
            os.write(self._file, head)
            return len(head)
        names, start = _parse_head(os.pread(self._file, max(len(head), 65_536), 0), path)
        if names != self.names:
            raise LedgerError(f"ledger {path} was kept for other tags; move it away and start the simulated plant anew")
        return start

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    @property
    def last_us(self) -> int | None:
        """The latest time recorded, or None while empty."""
        return int(self.read(self.count - 1, 1)["time_us"][0]) if self.count else None

    def append(self, records: Records) -> None:
        """Write `records` (of `RECORD`), whose times lie at or after all before."""
        content = records.tobytes()
        written = os.write(self._file, content)
        while written < len(content):
            written += os.write(self._file, content[written:])
        self.count += len(records)

    def read(self, first: int, count: int) -> Records:
        """Up to `count` records from position `first`."""
        count = max(0, min(count, self.count - first))
        content = os.pread(self._file, count * RECORD.itemsize, self._start + first * RECORD.itemsize)
        return np.frombuffer(content, dtype=RECORD)

    def find(self, time_us: int) -> int:
        """The position of the first record at or after `time_us`; `count` where there is none."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if int(self.read(middle, 1)["time_us"][0]) < time_us:
                low = middle + 1
            else:
                high = middle
        return low

    def between(self, tag: int, from_us: int, to_us: int, most: int) -> Records:
        """Up to `most` records of one tag with from_us <= time <= to_us, oldest first."""
        found: list[Records] = []
        have, position = 0, self.find(from_us)
        while have < most and position < self.count:
            chunk = self.read(position, _CHUNK_RECORDS)
            position += len(chunk)
            found.append(chunk[(chunk["tag"] == tag) & (chunk["time_us"] <= to_us)])
            have += len(found[-1])
            if chunk["time_us"][-1] > to_us:
                break
        return np.concatenate(found)[:most] if found else np.empty(0, dtype=RECORD)

    def between_backward(self, tag: int, from_us: int, to_us: int, most: int) -> Records:
        """Up to `most` records of one tag with from_us <= time <= to_us, newest first."""
        found: list[Records] = []
        have, end = 0, self.find(to_us + 1)
        while have < most and end > 0:
            first = max(0, end - _CHUNK_RECORDS)
            chunk = self.read(first, end - first)
            end = first
            found.append(chunk[(chunk["tag"] == tag) & (chunk["time_us"] >= from_us)][::-1])
            have += len(found[-1])
            if chunk["time_us"][0] < from_us:
                break
        return np.concatenate(found)[:most] if found else np.empty(0, dtype=RECORD)

    def newest(self) -> dict[int, tuple[int, float, int]]:
        """Time, value and status of each tag's newest record, by the index of the tag."""
        seen: dict[int, tuple[int, float, int]] = {}
        end = self.count
        while end > 0 and len(seen) < len(self.names):
            first = max(0, end - _CHUNK_RECORDS)
            chunk = self.read(first, end - first)[::-1]
            tags, at = np.unique(chunk["tag"], return_index=True)
            for tag, position in zip(tags.tolist(), at.tolist(), strict=True):
                record = chunk[position]
                seen.setdefault(tag, (int(record["time_us"]), float(record["value"]), int(record["status"])))
            end = first
        return seen
