"""The live state of a plant: of each tag the newest reading, its age, its source, its limit state, whether it is stale.

Arrays by tag position, so that a scan of a thousand tags costs a few operations on arrays, and a fork a few copies.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.quality import BAD_WAITING_FOR_INITIAL_DATA
from twin.atlas.tags import TagTable

NEVER: Final = 0
"""Time of what never was."""
UNKNOWN: Final = -1
"""Source of what never came, and of what came before sources were noted."""
MOST_SOURCES: Final = 1000
"""Names of sources that are kept though perhaps no tag's value is theirs any more."""


@dataclass(slots=True)
class PlantState:
    """Arrays by tag position, each of shape (tags,).

    `times` is the source's time and `reported` the log time of the newest report, microseconds UTC, `NEVER` before
    the first. `values` are in stored units, `limits` are `analytics.conditions.LimitState` numbers, and `source` says
    whose reading the value is: a place in `sources`, or `UNKNOWN`.
    """

    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    reported: NDArray[np.int64]
    limits: NDArray[np.int8]
    stale: NDArray[np.bool_]
    source: NDArray[np.int32]
    sources: tuple[str, ...] = ()

    @classmethod
    def empty(cls, tags: int) -> "PlantState":
        """No tag has a value yet."""
        return cls(
            times=np.full(tags, NEVER, dtype=np.int64),
            values=np.full(tags, np.nan),
            quality=np.full(tags, BAD_WAITING_FOR_INITIAL_DATA, dtype=np.uint32),
            reported=np.full(tags, NEVER, dtype=np.int64),
            limits=np.zeros(tags, dtype=np.int8),
            stale=np.zeros(tags, dtype=np.bool_),
            source=np.full(tags, UNKNOWN, dtype=np.int32),
        )

    def __len__(self) -> int:
        return len(self.times)

    def fork(self) -> "PlantState":
        """An equal state that shares no memory that changes: what happens to either leaves the other alone."""
        return PlantState(
            self.times.copy(), self.values.copy(), self.quality.copy(), self.reported.copy(), self.limits.copy(),
            self.stale.copy(), self.source.copy(), self.sources,
        )  # fmt: skip

    def carried(self, old: TagTable, new: TagTable) -> "PlantState":
        """The same state for another revision's positions; it moves by tag number, new tags begin empty."""
        at = old.find(new.tag_ids)
        known = at >= 0
        moved = PlantState.empty(len(new))
        for name in ARRAYS:
            getattr(moved, name)[known] = getattr(self, name)[at[known]]
        moved.sources = self.sources
        return moved

    def place_of(self, source: str) -> int:
        """The place of a source's name in `sources`, where it is put if it is new."""
        if source in self.sources:
            return self.sources.index(source)
        if len(self.sources) >= MOST_SOURCES:
            self._forget_unused()
        self.sources = (*self.sources, source)
        return len(self.sources) - 1

    def source_of(self, position: int) -> str:
        """Name of the source whose reading a tag's value is; empty where it is computed or unknown."""
        place = int(self.source[position])
        return "" if place == UNKNOWN else self.sources[place]

    def _forget_unused(self) -> None:
        used = np.unique(self.source[self.source != UNKNOWN])
        known = self.source != UNKNOWN
        self.source[known] = np.searchsorted(used, self.source[known])
        self.sources = tuple(self.sources[place] for place in used)


ARRAYS: Final = tuple(field.name for field in fields(PlantState) if field.name != "sources")
"""Names of the arrays, in their order."""
