"""The yardstick: raw binary COPY into `reading` done its best way, over two connections, each with its own tags.

Rows are sorted by tag and time and ready as bytes beforehand; between two chunks only their times move on. Nothing
else is in the transaction: no position, no last value, no marks.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.plants import BenchPlant
from stream.bench.values import SECOND_US, ScanSource
from stream.store.binary_copy import HEADER, PG_EPOCH_US, TRAILER, Columns, template
from stream.store.database import DatabaseConfig, connect

ROWS: Final = 200_000
TAG_OFFSET: Final = 1_000_000
"""What tells these rows' tag numbers from the plants' own."""

_CONNECTIONS: Final = 2
_COLUMNS: Final[Columns] = (("tag_id", ">i4"), ("ts", ">i8"), ("value", ">f8"), ("quality", ">i2"))
_COPY: Final = "COPY reading (tag_id, ts, value, quality) FROM STDIN (FORMAT BINARY)"


@dataclass
class RawCopy:
    """Copies scans of plants like those given; a second `run` goes on where the first ended. `rows` counts all."""

    dsn: str
    plants: Sequence[BenchPlant]
    start_us: int
    rows: int = 0
    _chunks: list[NDArray[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shares = [self.plants[n::_CONNECTIONS] for n in range(_CONNECTIONS)]
        self._chunks = [_chunk(share, self.start_us) for share in shares if share]

    async def run(self, seconds: float) -> float:
        """Copy chunks for so long; returns the rows per second of all connections together."""
        begin, before = time.perf_counter(), self.rows
        await asyncio.gather(*(self._copy(chunk, begin + seconds) for chunk in self._chunks))
        return (self.rows - before) / (time.perf_counter() - begin)

    async def _copy(self, chunk: NDArray[Any], until: float) -> None:
        scans = np.ptp(chunk["ts"]) // SECOND_US + 1
        conn = await connect(DatabaseConfig(self.dsn, application="atlas-bench"), autocommit=True)
        async with conn:
            while time.perf_counter() < until:
                async with conn.cursor().copy(_COPY) as copy:
                    await copy.write(HEADER)
                    await copy.write(chunk.view(np.uint8).data)
                    await copy.write(TRAILER)
                self.rows += len(chunk)
                chunk["ts"] += scans * SECOND_US


def _chunk(plants: Sequence[BenchPlant], start_us: int) -> NDArray[Any]:
    """`ROWS` rows at most of whole scans of the plants, sorted by tag and time, packed as COPY wants them."""
    tag_ids = np.concatenate([plant.tag_ids for plant in plants]) + TAG_OFFSET
    patterns = np.concatenate([ScanSource.of(plant, epoch=0).pattern for plant in plants], axis=1)
    scans = max(1, ROWS // len(tag_ids))
    rows = np.repeat(template(_COLUMNS), scans * len(tag_ids))
    rows["tag_id"] = np.repeat(tag_ids, scans)
    rows["ts"] = np.tile(start_us - PG_EPOCH_US + SECOND_US * np.arange(scans), len(tag_ids))
    rows["value"] = np.resize(patterns, (scans, len(tag_ids))).T.ravel()
    return rows
