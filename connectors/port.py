"""The port of the connectors: what a source of readings is, and where it puts what it reports.

A source runs until it is cancelled. It keeps its line to the field up by itself and never raises because the field
is away; it says so through `report` and tries again. `connectors.contract` is the suite that every source passes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from connectors.errors import ConnectorError
from stream.envelope import Origin
from twin.atlas.tags import Tag

MOST_READINGS: Final = 30_000
"""Readings of one batch: 24 bytes each keeps it well below `stream.envelope.MAX_BATCH_BYTES`."""

Report = Callable[[bool, str], None]
"""Told whether the line to the field is up, and in words why (not)."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings that came together, in the order in which they came; arrays of shape (n,).

    `tag_ids` int32, `times` int64 microseconds UTC by the source's clock, `values` float64 in the source's unit,
    `quality` uint32 status codes. `version` ranks corrections, 0 for what is none.

    Raises
    ------
    ConnectorError
        Where the arrays are not of one length or not of these types.
    """

    tag_ids: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    origin: Origin = "live"
    version: int = 0

    def __post_init__(self) -> None:
        shapes = {self.tag_ids.shape, self.times.shape, self.values.shape, self.quality.shape}
        if len(shapes) != 1 or self.tag_ids.ndim != 1:
            raise ConnectorError(f"readings of shapes {sorted(shapes)}; give four arrays of one length")
        for name, array, wanted in (
            ("tag_ids", self.tag_ids, np.int32),
            ("times", self.times, np.int64),
            ("values", self.values, np.float64),
            ("quality", self.quality, np.uint32),
        ):
            if array.dtype != wanted:
                raise ConnectorError(f"readings' {name} are {array.dtype}; give {np.dtype(wanted)}")

    def __len__(self) -> int:
        return len(self.tag_ids)

    def part(self, start: int, stop: int) -> "Readings":
        """The readings from `start` up to and without `stop`."""
        cut = slice(start, stop)
        return Readings(
            self.tag_ids[cut], self.times[cut], self.values[cut], self.quality[cut], self.origin, self.version
        )


class Sink(Protocol):
    """Where a source puts its readings."""

    async def put(self, readings: Readings, *, wait: bool, number: tuple[int, int] | None = None) -> bool:
        """Keep the readings; True when they are on disk, False where there was no room and they were refused.

        `wait` is for a field that keeps what is not fetched: then the call returns only when there was room. `number`
        is the batch's (epoch, seq) where the source has numbers of its own, rising but perhaps with gaps; then at most
        `MOST_READINGS` are one batch. One that was put before is not kept twice, and counts as kept.
        """
        ...


class Source(Protocol):
    """A source of readings of one plant."""

    async def run(self, sink: Sink, report: Report) -> None:
        """Report readings until cancelled; must end within seconds of being cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source is made from: its place in the plant, its tags, and a folder for state of its own.

    `history_from_us` is the earliest time that a reading may bear, microseconds UTC.
    """

    plant: str
    source: str
    endpoint: str
    options: Mapping[str, Any]
    tags: tuple[Tag, ...]
    folder: Path
    history_from_us: int = 0


MakeSource = Callable[[SourceContext], Source]
"""Makes a source of one kind; raises `SourceOptionsError` where the options cannot be used."""
