"""A lane: one reader and one connection for half of the partitions, from Kafka to committed rows.

Partition p belongs to lane p modulo the number of lanes. While the database takes one chunk the lane gathers the next.
What it holds is bounded: one chunk is written, one is gathered, and a chunk ends at `max_rows`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from stream.historian import metrics
from stream.historian.chunk import Chunk
from stream.historian.intake import Intake
from stream.historian.positions import are_moved
from stream.historian.stored import StoredMarks
from stream.historian.write import Written, open_writer, write_chunk
from stream.kafka import LogVanishedError
from stream.store.database import Connection, DatabaseConfig
from stream.store.errors import DatabaseUnreachableError
from stream.store.faults import is_servers_fault

_log = logging.getLogger(__name__)

_POLL_MS: Final = 200
_MAX_RECORDS: Final = 500
_ASK_AGAIN_S: Final = 1.0
_WRITE_S: Final = 300.0
_T = TypeVar("_T")


class Conditions(Protocol):
    """What the historian tells of itself; `stream.health.Health` is one."""

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds."""


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """`max_rows` ends a chunk; a small one is followed by `linger_s`; `give_up_s` is how long a server may be away."""

    max_rows: int = 200_000
    linger_s: float = 0.1
    give_up_s: float = 120.0


@dataclass
class Lane:
    """See the module. `random_s` draws the jitter of retries."""

    number: int
    reader: AIOKafkaConsumer
    intake: Intake
    database: DatabaseConfig
    incarnation: str
    marks: StoredMarks
    conditions: Conditions
    limits: LaneLimits = field(default_factory=LaneLimits)
    random_s: Callable[[float, float], float] = random.uniform
    busy_since: float | None = None
    progress: int = 0
    well: bool = False
    waiting: dict[TopicPartition, float] = field(default_factory=dict)
    _conn: Connection | None = None
    _writing: "asyncio.Task[None] | None" = None

    async def run(self, stop: asyncio.Event) -> None:
        """Read and write until `stop`; raises what made going on impossible, upon which the process must end."""
        try:
            while not stop.is_set():
                self._wake()
                rows = await self._work(await self._fetch())
                if rows < self.limits.max_rows // 10:
                    # Small transactions cost as much as middling ones; a short wait lets readings gather.
                    await asyncio.sleep(self.limits.linger_s)
                if self._writing is not None and self._writing.done():
                    await self._written()
            await self._written()
        finally:
            if self._writing is not None:
                self._writing.cancel()
                await asyncio.gather(self._writing, return_exceptions=True)
            await self._drop_connection()

    async def _fetch(self) -> Mapping[TopicPartition, Sequence[Any]]:
        try:
            fetched: Mapping[TopicPartition, Sequence[Any]] = await self.reader.getmany(
                timeout_ms=_POLL_MS, max_records=_MAX_RECORDS
            )
        except OffsetOutOfRangeError as error:
            raise LogVanishedError(
                f"positions {error} are not in the log: it was wiped or cut; starting anew"
            ) from error
        return fetched

    async def _work(self, fetched: Mapping[TopicPartition, Sequence[Any]]) -> int:
        """Take the records and have them written; returns how many rows they are."""
        chunk, rows = Chunk(), 0
        for partition, records in fetched.items():
            for record in records:
                if not await self._settled(self._take(chunk, record)):
                    self._pause(partition, record.offset)
                    break
                if chunk.rows >= self.limits.max_rows:
                    rows += await self._store(chunk)
                    chunk = Chunk()
        return rows + await self._store(chunk)

    def _take(self, chunk: Chunk, record: Any) -> Callable[[], Awaitable[bool]]:
        return lambda: self.intake.take(chunk, record)

    async def _store(self, chunk: Chunk) -> int:
        """Have the chunk written once the one before it is; returns its rows."""
        await self._written()
        if chunk.moves:
            self._writing = asyncio.create_task(self._write(chunk), name=f"lane {self.number} writes")
        return chunk.rows

    async def _written(self) -> None:
        """Wait for the chunk that is being written; raises what made that impossible."""
        if self._writing is not None:
            await self._writing
            self._writing = None

    async def _write(self, chunk: Chunk) -> None:
        begun = self.busy_since = time.monotonic()
        try:
            written = await self._settled(lambda: self._write_once(chunk))
        finally:
            self.busy_since = None
        metrics.TRANSACTION.observe(time.monotonic() - begun)
        self.marks.note(chunk.marks)
        self.progress += len(chunk.moves)
        self._count(chunk, written)

    async def _write_once(self, chunk: Chunk) -> Written:
        try:
            if self._conn is None:
                self._conn = await open_writer(self.database)
                # One that broke during a commit left open whether that commit came about: the positions tell.
                if await are_moved(self._conn, self.incarnation, chunk.moves):
                    return Written(chunk.rows, len(chunk.letters), 0)
            async with asyncio.timeout(_WRITE_S):
                return await write_chunk(self._conn, chunk, self.incarnation, datetime.now(UTC))
        except Exception:
            await self._drop_connection()
            raise

    async def _settled(self, act: Callable[[], Awaitable[_T]]) -> _T:
        """Do what needs the database; a server's fault is waited out with jitter, for `give_up_s` at most.

        Raises
        ------
        DatabaseUnreachableError
            Where the server is at fault for longer than that.
        """
        deadline, pause_s = time.monotonic() + self.limits.give_up_s, 0.1
        while True:
            try:
                result = await act()
            except Exception as error:
                if not (is_servers_fault(error) or isinstance(error, DatabaseUnreachableError)):
                    raise
                self.well = False
                self.conditions.set("database", False, f"{type(error).__name__}: {error}")
                if time.monotonic() >= deadline:
                    raise DatabaseUnreachableError(
                        f"the database has not taken readings for {self.limits.give_up_s:.0f} s: {error}",
                        remedy="mend it; the readings wait in Kafka",
                    ) from error
                metrics.RETRIES.labels(str(self.number)).inc()
                _log.warning("the database is away, trying again: %s", error)
                await asyncio.sleep(self.random_s(pause_s / 2, pause_s))
                pause_s = min(5.0, pause_s * 2)
            else:
                if not self.well:
                    self.well = True
                    self.conditions.set("database", True, "takes readings")
                return result

    def _pause(self, partition: TopicPartition, offset: int) -> None:
        self.reader.pause(partition)
        self.reader.seek(partition, offset)
        self.waiting[partition] = time.monotonic() + _ASK_AGAIN_S
        metrics.WAITING.labels(str(self.number)).set(len(self.waiting))

    def _wake(self) -> None:
        now = time.monotonic()
        for partition in [waits for waits, until in self.waiting.items() if until <= now]:
            del self.waiting[partition]
            self.reader.resume(partition)
        metrics.WAITING.labels(str(self.number)).set(len(self.waiting))

    def _count(self, chunk: Chunk, written: Written) -> None:
        lane = str(self.number)
        metrics.ROWS.labels(lane).inc(written.rows)
        metrics.BATCHES.labels(lane).inc(chunk.counts.batches)
        metrics.DUPLICATES.labels(lane).inc(chunk.counts.duplicates)
        metrics.GAPS.labels(lane).inc(chunk.counts.gaps)
        metrics.LETTERS.labels(lane).inc(written.letters)
        metrics.BAD_ROWS.labels(lane).inc(written.bad_rows)

    async def _drop_connection(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()
