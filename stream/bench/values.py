"""Values of a load: thermometers that wander, now and then beyond a limit."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.plants import HIGH, LOW, SOURCE, BenchPlant
from stream.envelope import ReadingBatch, make_batch

SECOND_US: Final = 1_000_000
_PATTERN_SCANS: Final = 64


@dataclass(slots=True)
class ScanSource:
    """One plant's batches, a scan of all its tags each, numbered under one epoch."""

    plant: BenchPlant
    epoch: int
    pattern: NDArray[np.float64]
    seq: int = 0

    @classmethod
    def of(cls, plant: BenchPlant, epoch: int) -> "ScanSource":
        """A source whose values depend on the plant's number only."""
        draw = np.random.default_rng(plant.number)
        steps = draw.normal(0.0, 4.0, (_PATTERN_SCANS, len(plant.tag_ids)))
        start = draw.uniform(40.0, 160.0, len(plant.tag_ids))
        return cls(plant, epoch, np.clip(start + np.cumsum(steps, axis=0), LOW, HIGH))

    def next(self, time_us: int) -> ReadingBatch:
        """The next batch; every reading bears `time_us`, microseconds UTC."""
        tags = len(self.plant.tag_ids)
        batch = make_batch(
            plant=self.plant.id,
            source=SOURCE,
            epoch=self.epoch,
            seq=self.seq,
            tag_table=self.plant.table.name,
            origin="live",
            tag_ids=self.plant.tag_ids,
            times=np.full(tags, time_us, dtype=np.int64),
            values=self.pattern[self.seq % _PATTERN_SCANS],
            quality=np.zeros(tags, dtype=np.uint32),
            received=time_us,
        )
        self.seq += 1
        return batch
