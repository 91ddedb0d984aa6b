"""The yardstick: raw binary COPY into `reading` done its best way, over two connections, each with its own plants.

A chunk is 200 scans of a plant of 1,000 tags, sorted by tag and time; bytes are ready, only tag numbers and times are
written anew for each. Nothing else is in its transaction: no position, no last value, no marks.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
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
    _shares: list[Iterator[NDArray[Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shares = [self.plants[n::_CONNECTIONS] for n in range(_CONNECTIONS)]
        self._shares = [chunks(share, self.start_us) for share in shares if share]

    async def run(self, seconds: float) -> float:
        """Copy chunks for so long; returns the rows per second of all connections together."""
        begin, before = time.perf_counter(), self.rows
        await asyncio.gather(*(self._copy(share, begin + seconds) for share in self._shares))
        return (self.rows - before) / (time.perf_counter() - begin)

    async def _copy(self, share: Iterator[NDArray[Any]], until: float) -> None:
        conn = await connect(DatabaseConfig(self.dsn, application="atlas-bench"), autocommit=True)
        async with conn:
            while time.perf_counter() < until:
                chunk = next(share)
                async with conn.cursor().copy(_COPY) as copy:
                    await copy.write(HEADER)
                    await copy.write(chunk.view(np.uint8).data)
                    await copy.write(TRAILER)
                self.rows += len(chunk)


def chunks(plants: Sequence[BenchPlant], start_us: int) -> Iterator[NDArray[Any]]:
    """Packed rows without end, `ROWS` at most of one plant after another; each is valid until the next is asked for."""
    tags = len(plants[0].tag_ids)
    scans = ROWS // tags
    rows = np.repeat(template(_COLUMNS), scans * tags)
    rows["value"] = np.resize(ScanSource.of(plants[0], epoch=0).pattern, (scans, tags)).T.ravel()
    rows["ts"] = np.tile(start_us - PG_EPOCH_US + SECOND_US * np.arange(scans), tags)
    while True:
        for plant in plants:
            rows["tag_id"] = np.repeat(plant.tag_ids + TAG_OFFSET, scans)
            yield rows
        rows["ts"] += scans * SECOND_US
