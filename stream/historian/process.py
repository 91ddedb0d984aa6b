"""The historian: two lanes from `atlas.readings` and `atlas.scores` into the database, and the marks they make."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream import topics
from stream.historian import metrics
from stream.historian.chunk import MarkKey
from stream.historian.consume import Conditions, Lane, LaneLimits
from stream.historian.intake import Intake
from stream.historian.known_tables import KnownTables
from stream.historian.positions import load_positions
from stream.historian.resume import resume
from stream.historian.stored import StoredMarks, load_marks
from stream.historian.write import open_writer
from stream.kafka import (
    KafkaConfig,
    LogVanishedError,
    ensure_topics,
    open_producer,
    open_reader,
    read_incarnation,
    watch_log,
)
from stream.scan.marks import Marks
from stream.store.database import DatabaseConfig, Pool, open_pool
from stream.store.refusals import SqlTableStore
from stream.tag_tables import PATIENCE_S
from twin.atlas.errors import AtlasError

_log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 5.0


class StuckReaderError(AtlasError):
    """The reader gets nothing though the log holds more: a fault of its client that only a new process mends."""


@dataclass(frozen=True, slots=True)
class HistorianConfig:
    """How the historian runs; `patience_s` is how long an unknown tag table is waited for (rule tag-tables)."""

    kafka: KafkaConfig
    database: DatabaseConfig
    lanes: int = 2
    patience_s: float = PATIENCE_S
    stuck_s: float = 60.0
    limits: LaneLimits = field(default_factory=LaneLimits)


async def run_historian(config: HistorianConfig, health: Conditions, stop: asyncio.Event) -> None:
    """Store readings until `stop` is set; raises what made going on impossible, upon which the process must end.

    Raises
    ------
    FencedError
        Where another historian writes.
    LogVanishedError
        Where the log is not the one that was there at the start.
    DatabaseUnreachableError
        Where the database does not answer for two minutes.
    """
    incarnation = await ensure_topics(config.kafka)
    async with contextlib.AsyncExitStack() as stack:
        pool = await open_pool(config.database)
        stack.push_async_callback(pool.close)
        producer = await open_producer(config.kafka, "atlas-historian")
        stack.push_async_callback(producer.stop)
        known = await _load_marks(pool)
        marks = StoredMarks(producer, incarnation, known)
        of_plants = _by_plant(known)
        lanes = []
        for number in range(config.lanes):
            reader = await open_reader(config.kafka, f"atlas-historian-{number}")
            stack.push_async_callback(reader.stop)
            lanes.append(await _open_lane(config, number, reader, pool, marks, of_plants, health))
        health.set("kafka", True, f"reading log {incarnation}")
        _log.info("storing readings of log %s with %d lanes", incarnation, config.lanes)
        jobs = [asyncio.create_task(lane.run(stop), name=f"lane {lane.number}") for lane in lanes]
        jobs += [
            asyncio.create_task(_watch_lane(lane, health, config.stuck_s, config.limits.give_up_s)) for lane in lanes
        ]
        jobs += [asyncio.create_task(marks.run()), asyncio.create_task(watch_log(config.kafka, incarnation))]
        await _until_first(jobs, config.lanes)
        await marks.publish()


async def _open_lane(
    config: HistorianConfig,
    number: int,
    reader: AIOKafkaConsumer,
    pool: Pool,
    marks: StoredMarks,
    of_plants: dict[str, Marks],
    health: Conditions,
) -> Lane:
    incarnation = marks.incarnation
    own = [
        (topic.name, partition)
        for topic in (topics.READINGS, topics.SCORES)
        for partition in range(number, topic.partitions, config.lanes)
    ]
    conn = await open_writer(config.database)
    try:
        positions = await load_positions(conn, incarnation, own)
        await resume(reader, conn, incarnation, positions)
    finally:
        await conn.close()
    tables = KnownTables(SqlTableStore(pool), incarnation, config.patience_s)
    intake = Intake(tables, positions, _log_check(config.kafka, incarnation), of_plants)
    return Lane(number, reader, intake, config.database, incarnation, marks, health, config.limits)


def _log_check(kafka: KafkaConfig, incarnation: str) -> Callable[[], Awaitable[None]]:
    """What a gap in batch numbers asks: whether this is still the same log."""

    async def confirm() -> None:
        now = await read_incarnation(kafka)
        if now != incarnation:
            raise LogVanishedError(f"the log {incarnation} is gone; Kafka now holds {now}: starting anew")

    return confirm


async def _load_marks(pool: Pool) -> dict[MarkKey, int]:
    async with pool.connection() as conn:
        return await load_marks(conn, datetime.now(UTC))


def _by_plant(known: dict[MarkKey, int]) -> dict[str, Marks]:
    of_plants: dict[str, Marks] = {}
    for (plant, source, epoch), seq in known.items():
        of_plants.setdefault(plant, Marks()).advance(source, epoch, seq)
    return of_plants


async def _until_first(jobs: "list[asyncio.Task[Any]]", lanes: int) -> None:
    """Wait until all lanes have stopped or any job has failed, end the others and raise the failure."""
    running = set(jobs[:lanes])
    try:
        while running:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
            jobs = [job for job in jobs if job not in done]
            running -= done
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def _watch_lane(lane: Lane, health: Conditions, stuck_s: float, give_up_s: float) -> NoReturn:
    """Measure the lane's lag, and raise where Kafka stays away or the reader stands still though there is more."""
    partitions: list[TopicPartition] = sorted(lane.reader.assignment())
    answered = moved = time.monotonic()
    progress = lane.progress
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        now = time.monotonic()
        try:
            async with asyncio.timeout(2 * _LOOK_EVERY_S):
                ends = await lane.reader.end_offsets(partitions)
        except (KafkaError, TimeoutError) as error:
            health.set("kafka", False, f"does not answer: {error!r}")
            if now - answered > give_up_s:
                raise
            continue
        answered = now
        health.set("kafka", True, f"reading log {lane.incarnation}")
        positions = lane.intake.positions
        lag = sum(max(0, ends[p] - positions[p.topic, p.partition].next_offset) for p in partitions)
        metrics.LAG.labels(str(lane.number)).set(lag)
        if lag == 0 or lane.waiting or lane.busy_since is not None or lane.progress != progress:
            moved, progress = now, lane.progress
        elif now - moved > stuck_s:
            raise StuckReaderError(f"lane {lane.number} got nothing for {stuck_s:.0f} s though {lag} records wait")
