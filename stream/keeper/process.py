"""The keeper's process: its duties, each on its own beat and connection, none of which can hold up another."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge

from stream.kafka import KafkaConfig, ensure_topics, open_producer, watch_log
from stream.keeper.letters import publish_letters
from stream.keeper.relay import relay_events
from stream.keeper.requests import RequestReader
from stream.store.database import Connection, DatabaseConfig, connect, open_pool
from stream.store.errors import DatabaseUnreachableError
from stream.store.faults import is_servers_fault
from stream.store.outbox import claim_relay
from stream.store.retention import RetentionConfig, retain
from stream.store.rollups import ROLLUP_LOCK, roll_up, waiting_ranges
from stream.store.snapshots import prune_snapshots

_log = logging.getLogger(__name__)

EVENTS_SENT: Final = Counter("atlas_keeper_events_sent_total", "Outbox events sent to Kafka")
LETTERS_SENT: Final = Counter("atlas_keeper_letters_sent_total", "Dead letters published to Kafka")
REQUESTS_READ: Final = Counter("atlas_keeper_requests_total", "Requests of policies read, repeated ones included")
RANGES_DONE: Final = Counter("atlas_keeper_dirty_ranges_total", "Dirty ranges worked off")
RANGES_WAITING: Final = Gauge("atlas_keeper_dirty_ranges_waiting", "Dirty ranges that wait, those still open included")
DROPPED: Final = Counter("atlas_keeper_dropped_total", "Rows and chunks that retention dropped")

_SETTLED: Final = timedelta(seconds=5)
"""How long after its end a minute is first rolled up; what comes later is rolled up again."""


class Conditions(Protocol):
    """What the keeper tells of itself; `stream.health.Health` is one."""

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds."""


@dataclass(frozen=True, slots=True)
class KeeperConfig:
    """How the keeper runs; beats in seconds."""

    kafka: KafkaConfig
    database: DatabaseConfig
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    relay_every_s: float = 0.25
    roll_up_every_s: float = 2.0
    clear_every_s: float = 300.0
    give_up_s: float = 120.0


Duty = Callable[[Connection], Awaitable[bool]]
"""One pass of a duty; says whether there is more to do at once."""


async def run_keeper(config: KeeperConfig, health: Conditions, stop: asyncio.Event) -> None:
    """Keep until `stop` is set; raises what made going on impossible, upon which the process must end.

    Raises
    ------
    LogVanishedError
        Where Kafka's log is not the one that was there at the start.
    DatabaseUnreachableError
        Where the database does not answer for two minutes.
    """
    incarnation = await ensure_topics(config.kafka)
    producer = await open_producer(config.kafka, "atlas-keeper")
    reader = RequestReader(config.kafka)
    jobs: list[asyncio.Task[Any]] = []
    try:
        health.set("kafka", True, f"log {incarnation}")
        for name, duty, every_s in _duties(config, producer, reader):
            jobs.append(asyncio.create_task(_keep_up(name, duty, every_s, config, health), name=name))
        jobs.append(asyncio.create_task(watch_log(config.kafka, incarnation)))
        jobs.append(asyncio.create_task(stop.wait()))
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for ended in done:
            ended.result()
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await reader.close()
        await producer.stop()


def _duties(config: KeeperConfig, producer: AIOKafkaProducer, reader: RequestReader) -> list[tuple[str, Duty, float]]:
    async def relay(conn: Connection) -> bool:
        if not await claim_relay(conn):
            return False
        sent = await relay_events(conn, producer, datetime.now(UTC))
        letters = await publish_letters(conn, producer, datetime.now(UTC))
        EVENTS_SENT.inc(sent)
        LETTERS_SENT.inc(letters)
        return sent + letters > 0

    async def rollups(conn: Connection) -> bool:
        if not await _claim(conn, ROLLUP_LOCK):
            return False
        now = datetime.now(UTC)
        done = await roll_up(conn, now - _SETTLED, now - config.retention.readings)
        RANGES_DONE.inc(done)
        RANGES_WAITING.set(await waiting_ranges(conn))
        return done > 0

    async def clear(conn: Connection) -> bool:
        if not await _claim(conn, ROLLUP_LOCK + 0x100):
            return False
        dropped = await retain(conn, config.retention, datetime.now(UTC))
        DROPPED.inc(dropped.chunks + dropped.readings + dropped.others)
        pool = await open_pool(config.database)
        async with pool:
            await prune_snapshots(pool)
        return False

    async def requests(conn: Connection) -> bool:
        read = await reader.take(conn)
        REQUESTS_READ.inc(read)
        return read > 0

    return [
        ("relay", relay, config.relay_every_s),
        ("requests", requests, config.relay_every_s),
        ("rollups", rollups, config.roll_up_every_s),
        ("retention", clear, config.clear_every_s),
    ]


async def _claim(conn: Connection, lock: int) -> bool:
    """Take a duty's lock for the connection's life; of several keepers one does each duty, the others stand by."""
    row = await (await conn.execute("SELECT pg_try_advisory_lock(%s)", [lock])).fetchone()
    return bool(row and row[0])


async def _keep_up(name: str, duty: Duty, every_s: float, config: KeeperConfig, health: Conditions) -> None:
    """Do a duty for ever; a server's fault is waited out with jitter, for `give_up_s` at most."""
    trouble_since: float | None = None
    pause_s = 0.1
    conn: Connection | None = None
    try:
        while True:
            try:
                conn = conn or await connect(config.database, autocommit=True)
                more = await duty(conn)
            except Exception as error:
                if not (is_servers_fault(error) or isinstance(error, DatabaseUnreachableError | KafkaError)):
                    raise
                await _close(conn)
                conn = None
                trouble_since = trouble_since or time.monotonic()
                health.set(name, False, f"{type(error).__name__}: {error}")
                _log.warning("%s: %s; trying again", name, error)
                if time.monotonic() - trouble_since > config.give_up_s:
                    raise
                await asyncio.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311  # jitter, no secret
                pause_s = min(5.0, pause_s * 2)
                continue
            trouble_since, pause_s = None, 0.1
            health.set(name, True)
            await asyncio.sleep(0 if more else every_s)
    finally:
        await _close(conn)


async def _close(conn: Connection | None) -> None:
    if conn is not None:
        await conn.close()
