"""Where a source's readings go: numbered, encoded and spooled, one batch after the other (rule one-in-flight)."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from prometheus_client import Counter, Gauge

from connectors.errors import SpoolError, SpoolFullError
from connectors.port import MOST_READINGS, Readings
from connectors.spool import Spool
from stream.envelope import encode, make_batch

BACKFILL_SHARE: Final = 0.5
"""Share of the spool that back-fill may use; the rest stays free for what is live."""
_BYTES_A_READING: Final = 24
_ENVELOPE_BYTES: Final = 512

SPOOLED = Counter("atlas_spooled_readings_total", "Readings kept on disk", ["plant", "source", "origin"])
REFUSED = Counter("atlas_refused_readings_total", "Readings refused for want of room", ["plant", "source"])
FULLNESS = Gauge("atlas_spool_fullness_ratio", "Used share of the spool, 0 to 1", ["plant", "source"])
USED = Gauge("atlas_spool_bytes", "Bytes that the spool holds", ["plant", "source"])

_logger = logging.getLogger(__name__)


class Outlet:
    """The sink of one source of one plant.

    Parameters
    ----------
    tag_table
        Name of the tag table that the readings' tag numbers come from.
    epoch
        Random per process start; numbers the batches together with a count from 0.
    clock
        Microseconds UTC; stamps when a batch was received.
    """

    def __init__(
        self, *, plant: str, source: str, tag_table: str, spool: Spool, epoch: int, clock: Callable[[], int]
    ) -> None:
        self.plant = plant
        self.source = source
        self.tag_table = tag_table
        self.spool = spool
        self._epoch = epoch
        self._clock = clock
        self._turn = asyncio.Lock()
        FULLNESS.labels(plant, source).set_function(lambda: spool.fullness)
        USED.labels(plant, source).set_function(lambda: spool.used_bytes)

    async def put(self, readings: Readings, *, wait: bool, number: tuple[int, int] | None = None) -> bool:
        """See `connectors.port.Sink`.

        Raises
        ------
        SpoolError
            Where the disk failed; the source must not count the readings as kept.
        """
        if number is not None:
            return await self._put_part(readings, wait, number)
        kept = True
        for start in range(0, len(readings), MOST_READINGS):
            kept = await self._put_part(readings.part(start, start + MOST_READINGS), wait) and kept
        return kept

    async def _put_part(self, readings: Readings, wait: bool, number: tuple[int, int] | None = None) -> bool:
        share = 1.0 if readings.origin == "live" else BACKFILL_SHARE
        while True:
            if wait:  # Without the turn: back-fill that waits for room must not hold up what is live.
                await self.spool.wait_for_room(_BYTES_A_READING * len(readings) + _ENVELOPE_BYTES, share)
            try:
                async with self._turn:
                    return await self._append(readings, number)
            except SpoolFullError as error:
                if not wait:
                    self._refuse(readings, error)
                    return False
            await asyncio.sleep(0.2)

    async def _append(self, readings: Readings, given: tuple[int, int] | None) -> bool:
        # The spool counts a number as used once it has been handed over: a put that is cancelled must not free it, or
        # two different batches could bear one number and readers would drop the second.
        epoch = given[0] if given else self._epoch
        after = self.spool.last_seq(epoch)
        number = given or (epoch, after + 1)
        if number[1] <= after:
            return True
        await self.spool.append(*number, self._encode(readings, number, after))
        SPOOLED.labels(self.plant, self.source, readings.origin).inc(len(readings))
        return True

    def _encode(self, readings: Readings, number: tuple[int, int], after: int) -> bytes:
        return encode(
            make_batch(
                plant=self.plant,
                source=self.source,
                epoch=number[0],
                seq=number[1],
                tag_table=self.tag_table,
                origin=readings.origin,
                tag_ids=readings.tag_ids,
                times=readings.times,
                values=readings.values,
                quality=readings.quality,
                received=self._clock(),
                version=readings.version,
                after=None if after == number[1] - 1 else after,
            )
        )

    def _refuse(self, readings: Readings, error: SpoolError) -> None:
        REFUSED.labels(self.plant, self.source).inc(len(readings))
        _logger.error("%d readings of %s refused: %s", len(readings), self.source, error, extra={"plant": self.plant})
