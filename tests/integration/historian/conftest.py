"""A broker, a database and plants of the test's own, and what produces numbered batches into them."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from numpy.typing import NDArray

from stream import topics
from stream.envelope import Origin, ReadingBatch, encode, make_batch
from stream.health import Health
from stream.historian.consume import LaneLimits
from stream.historian.process import HistorianConfig, run_historian
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig, Pool, open_engine, open_pool
from stream.store.plants import SqlPlantRepository, StoredPlant
from twin.atlas.tags import PlantId, Tag, TagTable, TagTableContent


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[Pool]:
    opened = await open_pool(DatabaseConfig(dsn))
    yield opened
    await opened.close()


@pytest.fixture
def config(scratch_kafka: TansuBroker, dsn: str) -> HistorianConfig:
    return HistorianConfig(
        KafkaConfig(scratch_kafka.address), DatabaseConfig(dsn), patience_s=2.0, limits=LaneLimits(linger_s=0.02)
    )


async def store_table(dsn: str, plant: str, number: int, tags: int = 10, source: str = "opcua") -> TagTable:
    """Store a plant of that number with so many tags, without a definition behind it."""
    engine = open_engine(DatabaseConfig(dsn))
    try:
        async with engine.begin() as connection:
            repository = SqlPlantRepository(connection)
            names = [(f"TI-{n}", "degC") for n in range(tags)]
            ids = await repository.number_tags(PlantId(plant), names)
            table = TagTable.of(
                TagTableContent(
                    plant=plant,
                    number=number,
                    revision=1,
                    history_from_us=1_600_000_000_000_000,
                    tags=tuple(
                        Tag(
                            tag_id=ids[key], name=key[0], description="", unit="degC", low=-1e9, high=1e9, source=source
                        )
                        for key in names
                    ),
                )
            )
            stored = StoredPlant(PlantId(plant), number, plant, 1, "", table.name)
            await repository.save(stored, table, datetime.now(UTC))
    finally:
        await engine.dispose()
    return table


@dataclass
class Field:
    """Produces numbered batches of one plant and remembers what the table must hold."""

    producer: AIOKafkaProducer
    table: TagTable
    source: str = "opcua"
    epoch: int = 7
    seq: int = 0
    start: int = field(default_factory=lambda: time.time_ns() // 1000 - 7_200_000_000)
    expected: dict[tuple[int, int], float] = field(default_factory=dict)

    @property
    def partition(self) -> int:
        return topics.partition_of(self.table.content.number)

    def batch(
        self,
        times: NDArray[np.int64],
        values: NDArray[np.float64],
        *,
        origin: Origin = "live",
        tag_ids: NDArray[np.int32] | None = None,
        version: int = 0,
        quality: int = 0,
    ) -> ReadingBatch:
        ids = self.table.tag_ids if tag_ids is None else tag_ids
        made = make_batch(
            plant=self.table.plant,
            source=self.source,
            epoch=self.epoch,
            seq=self.seq,
            tag_table=self.table.name,
            origin=origin,
            tag_ids=ids,
            times=times,
            values=values,
            quality=np.full(len(ids), quality, dtype=np.uint32),
            version=version,
        )
        self.seq += 1
        return made

    def scan(self, k: int, *, origin: Origin = "live") -> ReadingBatch:
        """Scan number k: every tag at second k of the test."""
        n = len(self.table)
        times = np.full(n, self.start + k * 1_000_000, dtype=np.int64)
        values = np.arange(n, dtype=np.float64) + k * 0.25
        for tag_id, value in zip(self.table.tag_ids.tolist(), values.tolist(), strict=True):
            self.expected[tag_id, int(times[0])] = value
        return self.batch(times, values, origin=origin)

    async def send(self, *batches: ReadingBatch) -> None:
        for batch in batches:
            await self.producer.send_and_wait(topics.READINGS.name, encode(batch), partition=self.partition)

    async def send_raw(self, raw: bytes, partition: int | None = None) -> None:
        at = self.partition if partition is None else partition
        await self.producer.send_and_wait(topics.READINGS.name, raw, partition=at)


@pytest.fixture
async def producer(config: HistorianConfig) -> AsyncIterator[AIOKafkaProducer]:
    await ensure_topics(config.kafka)
    opened = await open_producer(config.kafka, "test")
    yield opened
    await opened.stop()


@dataclass
class Site:
    """A broker and a database with a historian to be run on them."""

    config: HistorianConfig
    pool: Pool
    producer: AIOKafkaProducer
    dsn: str

    async def field(self, plant: str = "boiler", number: int = 5, **options: object) -> Field:
        """A stored plant in the partition of that number, and what produces its readings."""
        return Field(self.producer, await store_table(self.dsn, plant, number, **options))  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self, **changes: object) -> AsyncIterator[asyncio.Task[None]]:
        """A historian in this process, stopped at the end."""
        stop = asyncio.Event()
        config = dataclasses.replace(self.config, **changes)  # type: ignore[arg-type]
        task = asyncio.create_task(run_historian(config, Health("historian"), stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait([task], timeout=20)
            if not task.done():
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def rows(self) -> dict[tuple[int, int], float]:
        """All rows of `reading` by tag and time."""
        found = await self.ask("SELECT tag_id, (extract(epoch FROM ts) * 1000000)::bigint, value FROM reading")
        return {(row[0], row[1]): row[2] for row in found}

    async def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        async with self.pool.connection() as conn:
            return await (await conn.execute(query.encode())).fetchall()

    async def until(
        self, condition: Callable[[], Awaitable[bool]], task: asyncio.Task[None] | None = None, timeout_s: float = 30.0
    ) -> None:
        """Wait until a condition holds; a historian that fails meanwhile fails the test with its own error."""
        deadline = time.monotonic() + timeout_s
        while not await condition():
            if task is not None and task.done():
                task.result()
            assert time.monotonic() < deadline, "the condition did not come about in time"
            await asyncio.sleep(0.05)

    async def caught_up(self, field: Field, task: asyncio.Task[None] | None = None, timeout_s: float = 30.0) -> None:
        """Wait until the position in the field's partition stands at the end of the log."""
        reader = await open_reader(self.config.kafka, "test")
        place = TopicPartition(topics.READINGS.name, field.partition)
        try:
            end = (await reader.end_offsets([place]))[place]
        finally:
            await reader.stop()

        async def stored() -> bool:
            found = await self.ask(
                f"SELECT next_offset FROM position WHERE topic = '{place.topic}' AND partition = {place.partition}"
            )
            return bool(found) and found[0][0] >= end

        await self.until(stored, task, timeout_s)


@pytest.fixture
def site(config: HistorianConfig, pool: Pool, producer: AIOKafkaProducer, dsn: str) -> Site:
    return Site(config, pool, producer, dsn)


@pytest.fixture
async def plant(site: Site) -> Field:
    """A stored plant of ten tags in partition 5, and its field."""
    return await site.field()
