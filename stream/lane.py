"""One partition's lane through the worker: its records in order, its twins, their outputs and snapshots.

A lane is a task with a bounded queue, so that a partition that waits (for a tag table, for recovery) does not hold up
the others. It begins at the first record it is given: it rebuilds its twins from snapshots and the log up to there.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Final, Protocol

from prometheus_client import Counter, Gauge, Histogram

from stream.kafka import KafkaConfig, open_reader
from stream.new_log import SnapshotKeeper, take_over
from stream.output_sender import MAX_IN_FLIGHT, OutputSender
from stream.recovery import LogRecord, TwinsOfPartition, read_range
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin
from stream.tag_tables import TagTables

log = logging.getLogger(__name__)

QUEUE_RECORDS: Final = 256
SAID_AGAIN: Final = QUEUE_RECORDS + MAX_IN_FLIGHT + 64
"""Records before the first one given whose outputs may not have got out, and are therefore said again: Faust commits
what it handed over, and that many may still wait in the lane or at the producer."""

RECORDS = Counter("atlas_worker_records_total", "Records taken from atlas.readings", ["partition"])
READINGS = Gauge("atlas_worker_readings", "Readings the twin has admitted since it began", ["plant"])
QUARANTINED = Gauge("atlas_worker_quarantined", "Readings the twin has quarantined since it began", ["plant"])
GAPS = Gauge("atlas_worker_gaps", "Gaps in batch numbers the twin has seen since it began", ["plant"])
MALFORMED = Gauge("atlas_worker_malformed", "Records that could not be read", ["partition"])
BEHIND = Histogram("atlas_worker_behind_seconds", "From a record's log time to its outputs handed over")


class PlantList(Protocol):
    """Which plants there are."""

    async def plants_of(self, partition: int) -> list[str]:
        """Names of the plants that the partition orders."""


@dataclass
class Lane:
    """See the module; `run` is its task, `offer` what the agent calls."""

    partition: int
    incarnation: str
    kafka: KafkaConfig
    tables: TagTables
    snapshots: SnapshotKeeper
    plants: PlantList
    sender: OutputSender
    snapshot_every_us: int
    queue: "asyncio.Queue[LogRecord]" = field(default_factory=lambda: asyncio.Queue(QUEUE_RECORDS))
    twins: TwinsOfPartition | None = None
    last_record: float = 0.0
    _saved: dict[str, int] = field(default_factory=dict)

    async def offer(self, record: LogRecord) -> None:
        """Queue a record; waits while the lane is full."""
        await self.queue.put(record)

    async def run(self) -> None:
        """Take records for ever; raises what made that impossible, upon which the process must end."""
        while True:
            record = await self.queue.get()
            if self.twins is None:
                await self._recover(record.offset)
            elif record.offset > self.twins.next_offset:
                log.warning("records %d to %d were not delivered; reading them", self.twins.next_offset, record.offset)
                await self._read_up_to(record.offset, silent_before=0)
            await self._take(record, speak=True)
            self.last_record = time.monotonic()
            BEHIND.observe(max(0.0, time.time() - record.log_time / 1e6))
            self.queue.task_done()

    async def _recover(self, offset: int) -> None:
        plants = await self.plants.plants_of(self.partition)
        for plant in plants:
            await take_over(plant, self.tables, self.snapshots)
        self.twins = TwinsOfPartition(self.partition, self.incarnation, self.tables)
        await self.twins.restore(plants, self.snapshots)
        for plant, twin in self.twins.twins.items():
            self._saved[plant] = twin.clock
        begun, first = time.monotonic(), self.twins.next_offset
        await self._read_up_to(offset, silent_before=offset - SAID_AGAIN)
        if offset > first:
            seconds = time.monotonic() - begun
            log.info("partition %d rebuilt from %d to %d in %.2f s", self.partition, first, offset, seconds)

    async def _read_up_to(self, offset: int, silent_before: int) -> None:
        assert self.twins is not None  # noqa: S101 - called with twins only; this tells the type checker
        if self.twins.next_offset >= offset:
            return
        reader = await open_reader(self.kafka, "atlas-worker-recovery")
        try:
            async for record in read_range(reader, self.partition, self.twins.next_offset, offset):
                await self._take(record, speak=record.offset >= silent_before)
        finally:
            await reader.stop()

    async def _take(self, record: LogRecord, speak: bool) -> None:
        assert self.twins is not None  # noqa: S101 - called with twins only; this tells the type checker
        taken = await self.twins.take(record)
        RECORDS.labels(self.partition).inc()
        MALFORMED.labels(self.partition).set(self.twins.malformed)
        for twin, outputs in taken:
            if speak:
                await self.sender.send(outputs, self.partition)
            self._count(twin)
            # A new twin is saved at once: in a log that replaces this one, that tells that it is not the first.
            if twin.clock - self._saved.get(twin.table.plant, 0) >= self.snapshot_every_us:
                await self.save(twin)

    async def save(self, twin: PlantTwin) -> None:
        """Save a snapshot once every output up to it is acknowledged; a database that is away only costs this one."""
        state, offset, clock = snapshot.save(twin), twin.offset, twin.clock
        await self.sender.flush()
        self._saved[twin.table.plant] = clock
        try:
            await self.snapshots.save_snapshot(twin.table.plant, twin.incarnation, offset, clock, state)
        except Exception as error:  # the database is not the worker's to mend; the log rebuilds what is missing
            log.warning("snapshot at %d not saved: %s", offset, error, extra={"plant": twin.table.plant})

    @staticmethod
    def _count(twin: PlantTwin) -> None:
        plant = twin.table.plant
        READINGS.labels(plant).set(twin.counts.readings)
        QUARANTINED.labels(plant).set(twin.counts.quarantined)
        GAPS.labels(plant).set(twin.counts.gaps)
