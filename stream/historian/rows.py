"""Rows on their way into `reading`: parallel arrays, in the form in which the table keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

OWN_RANK: Final = 1
"""Rank of a reading that comes from the tag's own source; any other source's has rank 0 (rule one-row)."""

_SPAN_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class Rows:
    """n rows; all arrays have shape (n,).

    `times` are microseconds UTC, `quality` the high half of the status code, `version` and `rank` the standing by which
    one of two rows of the same (tag, time) wins, `record` the index of the record that a row came with.
    """

    tag_ids: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.int16]
    version: NDArray[np.int32]
    rank: NDArray[np.int16]
    record: NDArray[np.int32]

    @classmethod
    def make(
        cls,
        tag_ids: NDArray[np.int32],
        times: NDArray[np.int64],
        values: NDArray[np.float64],
        quality: NDArray[np.int16],
        *,
        version: int = 0,
        rank: NDArray[np.int16] | int = OWN_RANK,
        record: int = 0,
    ) -> "Rows":
        """Rows of one record; values lose the sign of zero and the payload of NaN, so equal content has equal bits."""
        n = len(tag_ids)
        canonical = np.where(np.isnan(values), np.nan, values + 0.0)
        ranks = np.broadcast_to(np.asarray(rank, dtype=np.int16), (n,))
        return cls(
            tag_ids, times, canonical, quality, np.full(n, version, np.int32), ranks, np.full(n, record, np.int32)
        )

    @classmethod
    def concatenate(cls, parts: Sequence["Rows"]) -> "Rows":
        """The rows of all parts, in their order."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.tag_ids for part in parts]) if parts else np.empty(0, np.int32),
            np.concatenate([part.times for part in parts]) if parts else np.empty(0, np.int64),
            np.concatenate([part.values for part in parts]) if parts else np.empty(0, np.float64),
            np.concatenate([part.quality for part in parts]) if parts else np.empty(0, np.int16),
            np.concatenate([part.version for part in parts]) if parts else np.empty(0, np.int32),
            np.concatenate([part.rank for part in parts]) if parts else np.empty(0, np.int16),
            np.concatenate([part.record for part in parts]) if parts else np.empty(0, np.int32),
        )

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Rows":
        """The rows that an index picks, in its order."""
        return Rows(
            self.tag_ids[index],
            self.times[index],
            self.values[index],
            self.quality[index],
            self.version[index],
            self.rank[index],
            self.record[index],
        )

    def sorted(self) -> "Rows":
        """The rows by (tag, time); inserted in that order the index grows at few places, which triples the rate."""
        return self if len(self) == 0 else self.take(self._order())

    def repeated(self) -> NDArray[np.bool_]:
        """Which rows of a sorted set share their (tag, time) with another; shape (n,)."""
        same = (self.tag_ids[1:] == self.tag_ids[:-1]) & (self.times[1:] == self.times[:-1])
        marked = np.zeros(len(self), dtype=np.bool_)
        marked[1:] |= same
        marked[:-1] |= same
        return marked

    def ordinary(self) -> bool:
        """Whether all rows have the standing that `reading_rank` does not keep: version 0, the tag's own source."""
        return bool(np.all(self.version == 0) and np.all(self.rank == OWN_RANK))

    def newest(self) -> "Rows":
        """The last row of each tag of a sorted set."""
        if len(self) == 0:
            return self
        return self.take(np.append(self.tag_ids[1:] != self.tag_ids[:-1], True))

    def __len__(self) -> int:
        return len(self.tag_ids)

    def _order(self) -> NDArray[np.intp]:
        # One sort of one 64-bit key is several times faster than two passes; it needs times within 71 minutes.
        since = self.times - self.times.min()
        if since.max() >> _SPAN_BITS:
            return np.lexsort((self.times, self.tag_ids))
        return np.argsort((self.tag_ids.astype(np.int64) << _SPAN_BITS) | since)
