"""The recent changes of the plants, kept for streams that were broken: an hour, bounded in bytes over all plants."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.atlas.tags import TagTable

_OVERHEAD_BYTES = 900
"""What the objects around one change's arrays take, measured with tracemalloc."""


@dataclass(frozen=True, slots=True)
class Change:
    """Tags that changed with the record at `offset`; arrays of m tags as in `stream.envelope.TwinChange`."""

    offset: int
    log_time: int
    table: TagTable
    positions: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    limits: NDArray[np.int8]
    flags: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Bytes that it holds, about."""
        return _OVERHEAD_BYTES + 26 * len(self.positions)


@dataclass(slots=True)
class RingBudget:
    """The bytes that all rings together may hold, and do."""

    limit: int
    used: int = 0

    @property
    def exceeded(self) -> bool:
        """Whether something must go."""
        return self.used > self.limit


class ChangeRing:
    """One plant's recent changes, oldest first, in the order in which they were published."""

    def __init__(self, budget: RingBudget, longest_us: int) -> None:
        self._budget = budget
        self._longest_us = longest_us
        self._changes: deque[Change] = deque()
        self._evicted_offset: int | None = None
        self.size = 0

    def __len__(self) -> int:
        return len(self._changes)

    def add(self, change: Change) -> None:
        """Keep a change, and let go those that are older than the ring reaches."""
        self._changes.append(change)
        self._account(change.size)
        while self._changes[0].log_time < change.log_time - self._longest_us:
            self.drop_oldest()

    def drop_oldest(self) -> None:
        """Let the oldest change go."""
        gone = self._changes.popleft()
        self._evicted_offset = gone.offset
        self._account(-gone.size)

    def clear(self) -> None:
        """Let all go; nothing can be resumed from before."""
        self._account(-self.size)
        self._changes.clear()
        self._evicted_offset = None

    def after(self, offset: int) -> list[Change] | None:
        """What came after the event of that offset; None where that cannot be known.

        Several events may bear one offset, and a reader may have seen the first of them only: all but the first are
        given again, which is harmless, since changes carry values, not differences.
        """
        if offset == self._evicted_offset:
            return None
        found = self._newest_first(offset)
        if found is None:
            return None
        changes = list(self._changes)
        return changes[found + 1 :]

    def _newest_first(self, offset: int) -> int | None:
        # Offsets never fall along the ring, so the search from the new end ends at the first smaller one.
        first: int | None = None
        for index, change in self._backwards():
            if change.offset < offset:
                break
            if change.offset == offset:
                first = index
        return first

    def _backwards(self) -> Iterator[tuple[int, Change]]:
        index = len(self._changes)
        for change in reversed(self._changes):
            index -= 1
            yield index, change

    def _account(self, size: int) -> None:
        self.size += size
        self._budget.used += size
