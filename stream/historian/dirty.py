"""Dirty ranges: which minutes of which tags new rows have changed, as few rows of `dirty_range` as say it exactly."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.historian.encode import int4_array
from stream.historian.rows import Rows
from stream.store.database import Connection
from stream.store.instants import instant

MINUTE_US: Final = 60_000_000
_TAG_BITS: Final = 31


@dataclass(frozen=True, slots=True)
class DirtyRange:
    """Whole minutes from `from_us` up to, but without, `to_us` (microseconds UTC), in which these tags changed."""

    from_us: int
    to_us: int
    tag_ids: NDArray[np.int32]


def dirty_ranges(rows: Rows) -> list[DirtyRange]:
    """The ranges that a sorted set of rows makes dirty; consecutive minutes of the same tags become one range."""
    if len(rows) == 0:
        return []
    minutes = rows.times // MINUTE_US
    first = int(minutes.min())
    keys = ((minutes - first) << _TAG_BITS) | rows.tag_ids
    # Rows are by tag and time, so nearly all repeats are neighbours; dropping those first makes the sort small.
    keys = np.unique(keys[np.append(True, keys[1:] != keys[:-1])])
    minutes, tag_ids = (keys >> _TAG_BITS) + first, (keys & ((1 << _TAG_BITS) - 1)).astype(np.int32)
    edges = np.concatenate(([0], np.flatnonzero(np.diff(minutes)) + 1, [len(minutes)]))
    ranges: list[DirtyRange] = []
    for start, end in pairwise(edges):
        from_us, tags = int(minutes[start]) * MINUTE_US, tag_ids[start:end]
        before = ranges[-1] if ranges else None
        if before is not None and before.to_us == from_us and np.array_equal(before.tag_ids, tags):
            ranges[-1] = DirtyRange(before.from_us, from_us + MINUTE_US, tags)
        else:
            ranges.append(DirtyRange(from_us, from_us + MINUTE_US, tags))
    return ranges


async def insert_dirty(conn: Connection, ranges: list[DirtyRange]) -> None:
    """Append ranges within the transaction of the rows that made them (rule outbox)."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO dirty_range (from_ts, to_ts, tag_ids) VALUES (%s, %s, %s)",
            [(instant(one.from_us), instant(one.to_us), int4_array(one.tag_ids)) for one in ranges],
        )
