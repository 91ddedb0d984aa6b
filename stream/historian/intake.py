"""Intake: one record after another becomes rows, letters, marks and moves in a chunk; nothing is written here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analytics.quality import BAD, to_stored
from stream import topics
from stream.envelope import (
    DerivedScan,
    MalformedRecordError,
    ReadingBatch,
    RefusedRecord,
    decode,
    decode_derived,
    log_named_by,
)
from stream.historian.chunk import Chunk
from stream.historian.known_tables import KnownTables, Missing
from stream.historian.letters import Origin, of_batch, of_readings, unreadable
from stream.historian.positions import Place, Position
from stream.historian.refused import letter_of
from stream.historian.rows import Rows
from stream.scan.admit import Admitted, admit, misplaced
from stream.scan.marks import Marks, Verdict
from stream.topics import partition_of
from twin.atlas.tags import TagTable


class LoggedRecord(Protocol):
    """What intake reads of a Kafka record; `timestamp` in milliseconds UTC."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass
class Intake:
    """Takes the records of one lane in order.

    `positions` and `marks` run ahead of the database by the chunk that is being gathered. `confirm_log` is asked before
    a gap in batch numbers is accepted: it ends the process where the log has become another (rule log-may-vanish).
    """

    tables: KnownTables
    positions: dict[Place, Position]
    confirm_log: Callable[[], Awaitable[None]]
    marks: dict[str, Marks] = field(default_factory=dict)

    async def take(self, chunk: Chunk, record: LoggedRecord) -> bool:
        """Take one record into the chunk; False where its tag table is waited for, and nothing was taken."""
        place = (record.topic, record.partition)
        before = self.positions[place]
        if record.offset < before.next_offset:
            return True
        clock = max(before.clock, record.timestamp * 1000)
        if log_named_by(record.headers) not in ("", self.tables.incarnation):
            return self._go_on(chunk, place, before, Position(record.offset + 1, before.fingerprint, clock))
        handle = self._take_derived if record.topic == topics.SCORES.name else self._take_reading
        fingerprint = await handle(chunk, record, clock)
        if fingerprint is None:
            return False
        return self._go_on(chunk, place, before, Position(record.offset + 1, fingerprint or before.fingerprint, clock))

    def _go_on(self, chunk: Chunk, place: Place, before: Position, to: Position) -> bool:
        chunk.move(place, before, to)
        self.positions[place] = to
        return True

    async def _take_reading(self, chunk: Chunk, record: LoggedRecord, clock: int) -> str | None:
        """Take a record of `atlas.readings`; returns its fingerprint, empty where it has none, None to wait."""
        origin = Origin(record.topic, record.partition, record.offset)
        body = record.value or b""
        try:
            message = decode(body)
            if isinstance(message, RefusedRecord):
                await self._take_refused(chunk, message)
        except MalformedRecordError as error:
            chunk.letters.append(unreadable(origin, str(error), body))
            return ""
        if not isinstance(message, ReadingBatch):
            return ""
        origin = Origin(record.topic, record.partition, record.offset, message.plant, message.source)
        return await self._take_batch(chunk, origin, message, clock)

    async def _take_batch(self, chunk: Chunk, origin: Origin, batch: ReadingBatch, clock: int) -> str | None:
        fingerprint = fingerprint_of(batch, origin.offset)
        marks = self.marks.setdefault(batch.plant, Marks())
        verdict = marks.judge(batch.source, batch.epoch, batch.seq, batch.after)
        if verdict is Verdict.REPEATED:
            chunk.counts.duplicates += 1
            return fingerprint
        table = await self.tables.find(batch.tag_table, batch.plant, origin.offset)
        if table is Missing.WAIT:
            return None
        if isinstance(table, TagTable):
            reason = misplaced(batch, table, origin.partition)
            if reason is not None:
                # Its number says nothing about the plant it names, so that plant's marks stay as they are.
                chunk.letters.extend(of_batch(origin, reason, batch))
                return ""
        if verdict is Verdict.GAP:
            await self.confirm_log()
            chunk.counts.gaps += 1
        marks.advance(batch.source, batch.epoch, batch.seq)
        chunk.marks[batch.plant, batch.source, batch.epoch] = batch.seq
        chunk.counts.batches += 1
        if isinstance(table, TagTable):
            self._admit(chunk, origin, batch, table, clock)
        else:
            chunk.counts.refused += 1
            reason = f"tag table {batch.tag_table} is not stored; store the plant's revision, then release this letter"
            chunk.letters.extend(of_batch(origin, reason, batch))
        return fingerprint

    async def _take_refused(self, chunk: Chunk, record: RefusedRecord) -> None:
        """Take what a connector could not forward; raises `MalformedRecordError` where it is none itself."""
        letter = letter_of(record)
        marks = self.marks.setdefault(record.plant, Marks())
        verdict = marks.judge(record.source, record.epoch, record.seq, record.after)
        if verdict is Verdict.REPEATED:
            chunk.counts.duplicates += 1
            return
        if verdict is Verdict.GAP:
            await self.confirm_log()
            chunk.counts.gaps += 1
        marks.advance(record.source, record.epoch, record.seq)
        chunk.marks[record.plant, record.source, record.epoch] = record.seq
        chunk.letters.append(letter)

    def _admit(self, chunk: Chunk, origin: Origin, batch: ReadingBatch, table: TagTable, clock: int) -> None:
        readings = admit(batch, table, clock)
        ranks = self.tables.ranks(table, batch.source)[readings.positions]
        staged = batch.origin != "live" or batch.version != 0 or not ranks.all()
        chunk.add(origin, lambda record: _rows(readings, batch.version, ranks, record), staged=staged)
        if readings.quarantined:
            index = np.array([one.index for one in readings.quarantined], dtype=np.intp)
            others = len(index) - 1
            reason = readings.quarantined[0].reason + (f" (and {others} more readings of this batch)" if others else "")
            chunk.letters.extend(of_readings(origin, reason, batch, index))

    async def _take_derived(self, chunk: Chunk, record: LoggedRecord, clock: int) -> str | None:
        """Take a record of `atlas.scores`: a scan of derived tags, whose rows repeat themselves after a restart."""
        origin, body = Origin(record.topic, record.partition, record.offset), record.value or b""
        try:
            scan = decode_derived(body)
            origin = Origin(record.topic, record.partition, record.offset, scan.plant, "derived")
            table = await self.tables.find(scan.tag_table, scan.plant, record.offset)
            if table is Missing.WAIT:
                return None
            rows = _derived(scan, table, record, clock)
        except MalformedRecordError as error:
            chunk.letters.append(unreadable(origin, str(error), body))
            return ""
        chunk.add(origin, lambda at: Rows.make(*rows, record=at), staged=False)
        return derived_fingerprint(scan, record.offset)


def fingerprint_of(batch: ReadingBatch, offset: int) -> str:
    """How a position names the last batch before it."""
    return f"{batch.source}/{batch.epoch}/{batch.seq}@{offset}"


def derived_fingerprint(scan: DerivedScan, offset: int) -> str:
    """How a position in `atlas.scores` names the last scan before it."""
    return f"{scan.incarnation}/{scan.offset}/{scan.n}@{offset}"


def _rows(readings: Admitted, version: int, ranks: NDArray[np.int16], record: int) -> Rows:
    quality = to_stored(readings.quality)
    return Rows.make(
        readings.tag_ids, readings.times, readings.values, quality, version=version, rank=ranks, record=record
    )


Columns = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.int16]]


def _derived(scan: DerivedScan, table: TagTable | Missing, record: LoggedRecord, clock: int) -> Columns:
    """The scan as columns of `Rows`, checked as strictly as a batch is.

    Raises
    ------
    MalformedRecordError
        Where any of it cannot be what a worker wrote.
    """
    if not isinstance(table, TagTable):
        raise MalformedRecordError(f"tag table {scan.tag_table} is not stored; a worker cannot have used it")
    if table.plant != scan.plant or partition_of(table.content.number) != record.partition:
        raise MalformedRecordError(f"plant {scan.plant!r} does not belong to its tag table or partition")
    lengths = (len(scan.tag_ids) / 4, len(scan.values) / 8, len(scan.quality) / 4)
    if len(set(lengths)) != 1 or not lengths[0].is_integer():
        raise MalformedRecordError(f"buffers hold {lengths} values (tag_ids, values, quality); all must hold the same")
    tag_ids = np.frombuffer(scan.tag_ids, dtype="<i4").astype(np.int32)
    values = np.frombuffer(scan.values, dtype="<f8").astype(np.float64)
    quality = np.frombuffer(scan.quality, dtype="<u4").astype(np.uint32)
    if (table.find(tag_ids) < 0).any():
        raise MalformedRecordError(f"a tag number is not in tag table {table.name}")
    if not (np.isfinite(values) | (quality >= np.uint32(BAD))).all():
        raise MalformedRecordError("a value is not a finite number though its quality is not Bad")
    if not table.content.history_from_us <= scan.scan_time <= clock + 60_000_000:
        raise MalformedRecordError(f"scan time {scan.scan_time} us is outside of the plant's history")
    return tag_ids, np.full(len(tag_ids), scan.scan_time, dtype=np.int64), values, to_stored(quality)
