"""The drain: what the spools keep goes to `atlas.readings` in order, and what is stored is trimmed.

Rule one-in-flight: a partition has one lane, a lane has one batch in flight, and after any error a new producer sends
the same batch again, because a batch that expired in an idempotent producer has already consumed its sequence number.
Rule stored-then-trimmed: only the historian's marks trim. Rule log-may-vanish: in a new log every spool is walked
from its beginning; a mark that was announced in another log still counts, because stored is stored.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from prometheus_client import Counter, Gauge

from connectors.backoff import Backoff
from connectors.log import Log, Producer
from connectors.spool import Spool, SpooledBatch
from stream.envelope import StoredMark
from stream.kafka import LogVanishedError
from stream.topics import partition_of

SENT = Counter("atlas_sent_batches_total", "Batches that Kafka acknowledged", ["plant", "source"])
SEND_ERRORS = Counter("atlas_send_errors_total", "Sends that failed and were repeated", ["partition"])
LOG_CHANGES = Counter("atlas_log_changes_total", "Logs that vanished while the connector ran")
SENT_BYTES = Gauge("atlas_last_sent_bytes", "Size of the batch sent last", ["plant", "source"])

MARKS_WAIT_S: Final = 5.0
"""How long a start waits for the marks before it sends: what is stored already need not be sent again."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class DrainedSpool:
    """A spool with the plant and source whose batches it keeps."""

    plant: str
    source: str
    spool: Spool


class _Lane:
    """One partition's way out."""

    def __init__(self, partition: int, log: Log, incarnation: str) -> None:
        self.partition = partition
        self.spools: list[DrainedSpool] = []
        self.more = asyncio.Event()
        self._log = log
        self._incarnation = incarnation
        self._producer: Producer | None = None
        self._offset = -1

    def add(self, drained: DrainedSpool) -> None:
        self.spools.append(drained)
        drained.spool.listen(self.more)

    async def run(self, tell: Callable[[bool, str], None]) -> NoReturn:
        try:
            while True:
                self.more.clear()
                while (found := self._next()) is not None:
                    drained, batch = found
                    await self._deliver(batch, tell)
                    drained.spool.advance(batch)
                    SENT.labels(drained.plant, drained.source).inc()
                    SENT_BYTES.labels(drained.plant, drained.source).set(len(batch.payload))
                await self.more.wait()
        finally:
            await self._discard()

    def _next(self) -> tuple[DrainedSpool, SpooledBatch] | None:
        for at, drained in enumerate(self.spools):
            batch = drained.spool.peek()
            if batch is not None:
                self.spools.append(self.spools.pop(at))  # The next turn is another's: no source starves.
                return drained, batch
        return None

    async def _deliver(self, batch: SpooledBatch, tell: Callable[[bool, str], None]) -> None:
        backoff = Backoff(first=0.2, longest=10.0)
        while True:
            try:
                if self._producer is None:
                    self._producer = await self._log.open_producer()
                offset = await self._producer.send(self.partition, batch.payload, self._incarnation)
            except Exception as error:
                SEND_ERRORS.labels(str(self.partition)).inc()
                delay = backoff.next()
                reason = f"{type(error).__name__}: {error}"
                _logger.warning("batch %d not sent (%s); again in %.1f s", batch.seq, reason, delay)
                tell(False, f"Kafka does not take readings ({reason}); they wait on disk")
                await self._discard()
                await asyncio.sleep(delay)
                continue
            if offset <= self._offset:
                raise LogVanishedError(f"the log gave offset {offset} after {self._offset}: it is another one")
            self._offset = offset
            tell(True, "sending")
            return

    async def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()


class Drain:
    """Sends what the spools keep; `tell` learns whether Kafka takes it, and in words why not."""

    def __init__(self, log: Log, tell: Callable[[bool, str], None]) -> None:
        self._log = log
        self._tell = tell
        self._spools: dict[tuple[str, str], tuple[int, DrainedSpool]] = {}
        self._lanes: dict[int, _Lane] = {}
        self._group: asyncio.TaskGroup | None = None
        self._incarnation = ""

    def add(self, plant_number: int, drained: DrainedSpool) -> None:
        """Send a spool's batches from now on, into the plant's partition."""
        partition = partition_of(plant_number)
        self._spools[drained.plant, drained.source] = (partition, drained)
        if self._group is not None:
            self._join(partition, drained)

    @property
    def behind(self) -> bool:
        """Whether any batch waits to be sent."""
        return any(drained.spool.peek() is not None for _, drained in self._spools.values())

    def trim(self, mark: StoredMark) -> None:
        """Take a stored mark into account, whichever log it was announced in."""
        found = self._spools.get((mark.plant, mark.source))
        if found is not None:
            found[1].spool.trim(mark.epoch, mark.seq)

    async def run(self) -> NoReturn:
        """Send until cancelled; trouble with Kafka is waited out, because the spool keeps what the field reports."""
        backoff = Backoff(first=0.5, longest=10.0)
        while True:
            try:
                self._incarnation = await self._log.learn()
            except Exception as error:
                delay = backoff.next()
                _logger.warning("Kafka cannot be reached (%s: %s); again in %.1f s", type(error).__name__, error, delay)
                self._tell(False, f"Kafka cannot be reached ({type(error).__name__}); readings wait on disk")
                await asyncio.sleep(delay)
                continue
            backoff.reset()
            self._tell(True, "connected")
            await self._serve()
            LOG_CHANGES.inc()

    async def _serve(self) -> None:
        """Send into one log until it vanishes."""
        for _, drained in self._spools.values():
            drained.spool.rewind()
        self._lanes = {}
        caught_up = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch())
                group.create_task(self._follow_marks(caught_up))
                group.create_task(self._start_lanes(group, caught_up))
        except* LogVanishedError as vanished:
            _logger.warning("%s; everything not stored is sent again", vanished.exceptions[0])
            self._tell(False, "the log vanished; everything not stored is sent again")
        finally:
            self._group = None

    async def _start_lanes(self, group: asyncio.TaskGroup, caught_up: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(caught_up.wait(), MARKS_WAIT_S)
        except TimeoutError:
            _logger.info("no stored marks within %.0f s; sending all that is kept", MARKS_WAIT_S)
        self._group = group
        for partition, drained in list(self._spools.values()):
            self._join(partition, drained)

    def _join(self, partition: int, drained: DrainedSpool) -> None:
        lane = self._lanes.get(partition)
        if lane is None:
            lane = self._lanes[partition] = _Lane(partition, self._log, self._incarnation)
            assert self._group is not None  # noqa: S101 - told to mypy; only called while serving.
            self._group.create_task(lane.run(self._tell))
        lane.add(drained)

    async def _watch(self) -> NoReturn:
        backoff = Backoff(first=0.5, longest=5.0)
        while True:
            try:
                await self._log.watch(self._incarnation)
            except LogVanishedError:
                raise
            except Exception as error:
                _logger.warning("the log cannot be watched (%s: %s)", type(error).__name__, error)
                await asyncio.sleep(backoff.next())

    async def _follow_marks(self, caught_up: asyncio.Event) -> NoReturn:
        backoff = Backoff(first=0.5, longest=10.0)
        while True:
            try:
                async for marks in self._log.marks():
                    for mark in marks:
                        self.trim(mark)
                    if not marks:
                        caught_up.set()
                    backoff.reset()
            except Exception as error:
                _logger.warning("stored marks cannot be read (%s: %s)", type(error).__name__, error)
            await asyncio.sleep(backoff.next())
