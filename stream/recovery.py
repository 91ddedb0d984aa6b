"""Rebuilding the twins of a partition at any position: newest snapshot, then the records after it, without effects.

Recovery of the worker, replay, "as of" and what-if all use `TwinsOfPartition`, so they cannot disagree (rule
snapshot-and-replay).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream import topics
from stream.envelope import Control, MalformedRecordError, ReadingBatch, Record, decode, log_named_by
from stream.scan import snapshot
from stream.scan.admit import misplaced
from stream.scan.estimate_rules import read_estimate_rules
from stream.scan.plant_twin import Output, PlantTwin, is_for
from stream.tag_tables import TagTables
from twin.atlas.errors import AtlasError
from twin.atlas.tags import TagTable

log = logging.getLogger(__name__)

_POLL_MS: Final = 500
_PATIENCE_POLLS: Final = 60


class LogRangeMissingError(AtlasError):
    """Records that a rebuild needs cannot be read from the log."""


class Snapshot(Protocol):
    """A stored snapshot of a plant's twin, as `stream.store.snapshots` gives it."""

    @property
    def incarnation(self) -> str:
        """The log that `offset` speaks of."""

    @property
    def offset(self) -> int:
        """The newest record that the twin had taken."""

    @property
    def state(self) -> bytes:
        """What `stream.scan.snapshot.save` gave."""


class SnapshotStore(Protocol):
    """Where snapshots are kept."""

    async def newest_snapshot(self, plant: str) -> Snapshot | None:
        """The plant's newest snapshot, or None where it has none."""


class LogRecord(NamedTuple):
    """A record as it lies in its partition; `log_time` in microseconds UTC, `log` as `stream.envelope.log_named_by`."""

    offset: int
    log_time: int
    value: bytes
    log: str = ""


@dataclass
class TwinsOfPartition:
    """The twins of the plants that one partition orders, and the offset of the next record they expect.

    Where `only` names a plant, the others are passed over.
    """

    partition: int
    incarnation: str
    tables: TagTables
    twins: dict[str, PlantTwin] = field(default_factory=dict)
    next_offset: int = 0
    malformed: int = 0
    only: str = ""
    _ready: set[str] = field(default_factory=set)

    async def restore(self, plants: Iterable[str], snapshots: SnapshotStore) -> None:
        """Start from the newest snapshots of the plants given; those without one begin with their first record."""
        offsets = []
        for plant in plants:
            saved = await snapshots.newest_snapshot(plant)
            if saved is None:
                offsets.append(-1)
                continue
            name = snapshot.table_named_by(saved.state)
            table = await self._resolve(name, plant, saved.offset)
            if table is None:
                raise snapshot.SnapshotError(f"the snapshot of {plant} needs tag table {name}, which is not stored")
            twin, afresh = snapshot.restore(saved.state, table, self.incarnation, self.tables.find)
            if afresh:
                log.warning("%s learn anew: this build keeps them otherwise", ", ".join(afresh), extra={"plant": plant})
            self.twins[plant] = twin
            offsets.append(twin.offset)
        self.next_offset = min(offsets, default=-1) + 1

    async def take(self, record: LogRecord) -> list[tuple[PlantTwin, list[Output]]]:
        """Apply one record to the twins that it concerns; outputs per twin. A malformed record is only counted."""
        self.next_offset = record.offset + 1
        if record.log not in ("", self.incarnation):
            return []
        try:
            message = decode(record.value)
        except MalformedRecordError as error:
            self.malformed += 1
            log.warning("%s", error, extra={"position": f"{self.partition}:{record.offset}"})
            return []
        if self.only and not is_for(message, self.only):
            return []
        if not await self._has_twin(message, record.offset):
            return []
        concerned = [twin for plant, twin in self.twins.items() if is_for(message, plant)]
        return [(twin, twin.apply(message, record.offset, record.log_time)) for twin in concerned]

    async def _has_twin(self, message: Record, offset: int) -> bool:
        """Make sure that the message's table is at hand and its plant has a twin; False where it must be skipped."""
        if isinstance(message, ReadingBatch):
            table = await self._resolve(message.tag_table, message.plant, offset)
            if table is not None and (reason := misplaced(message, table, self.partition)) is not None:
                self.malformed += 1
                log.warning("%s", reason, extra={"position": f"{self.partition}:{offset}"})
                return False
        elif isinstance(message, Control):
            table = await self._resolve(str(message.content.get("tag_table", "")), message.plant, offset)
        else:
            return True
        if message.plant not in self.twins and self._is_ours(table, message.plant):
            assert table is not None  # noqa: S101 - `_is_ours` has said so; this tells the type checker
            self.twins[message.plant] = PlantTwin.new(table, self.incarnation, self.tables.find)
        return message.plant in self.twins

    async def _resolve(self, name: str, plant: str, offset: int) -> TagTable | None:
        """The table for the record at `offset`; its process model is loaded by then.

        Loading one takes seconds, in which other partitions, heartbeats and acknowledgements must go on.
        """
        table = await self.tables.resolve(name, plant, offset)
        if table is not None and name not in self._ready:
            await asyncio.to_thread(read_estimate_rules, table)
            self._ready.add(name)
        return table

    def _is_ours(self, table: TagTable | None, plant: str) -> bool:
        return (
            table is not None and table.plant == plant and topics.partition_of(table.content.number) == self.partition
        )


async def rebuild(
    reader: AIOKafkaConsumer,
    twins: TwinsOfPartition,
    position: int,
) -> TwinsOfPartition:
    """The twins after the record at `position`, from wherever `twins` stands; nothing is said and nothing saved.

    Fresh twins replay the whole partition, restored ones only what came after their snapshot: both come out alike.
    """
    async for record in read_range(reader, twins.partition, twins.next_offset, position + 1):
        await twins.take(record)
    return twins


async def read_range(
    reader: AIOKafkaConsumer, partition: int, first: int, end: int, topic: str = topics.READINGS.name
) -> AsyncIterator[LogRecord]:
    """The records of a partition from offset `first` up to but not including `end`.

    Raises
    ------
    LogRangeMissingError
        Where the log does not yield them within half a minute.
    """
    at = TopicPartition(topic, partition)
    reader.assign([at])
    begin: int = (await reader.beginning_offsets([at]))[at]
    position = max(first, begin)
    if first < begin and first > 0:
        log.warning("the log begins at %d, after %d: retention has taken what lay between", begin, first)
    reader.seek(at, position)
    silent = 0
    while position < end:
        records = (await reader.getmany(at, timeout_ms=_POLL_MS)).get(at, [])
        silent = 0 if records else silent + 1
        if silent > _PATIENCE_POLLS:
            raise LogRangeMissingError(f"partition {partition} yields nothing at {position} of {first} to {end}")
        for record in records:
            if record.offset >= end:
                return
            named = log_named_by(record.headers)
            yield LogRecord(record.offset, record.timestamp * 1000, record.value or b"", named)
            position = record.offset + 1
