"""What policies call for becomes jobs, each once, however often it is said (rule named-outputs)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from stream import topics
from stream.envelope import TriggerCalled, encode
from stream.health import Health
from stream.kafka import KafkaConfig, ensure_topics, open_producer
from stream.keeper import KeeperConfig, run_keeper
from stream.store.database import DatabaseConfig
from stream.store.migrations import upgrade


def called(offset: int, n: int = 1) -> TriggerCalled:
    return TriggerCalled(
        plant="mill",
        incarnation="0f34",
        offset=offset,
        n=n,
        scan_time=1_764_000_000_000_000,
        policy="keep-cool",
        trigger="hot",
        calls="simulation",
        reason="Oven is 301 degC, above 300 degC",
    )


@dataclass
class Site:
    config: KeeperConfig
    producer: AIOKafkaProducer

    async def say(self, *messages: bytes) -> None:
        for message in messages:
            await self.producer.send_and_wait(topics.REQUESTS.name, message, partition=7)

    def jobs(self) -> list[tuple[str, str]]:
        with psycopg.connect(self.config.database.dsn) as connection:
            return connection.execute("SELECT identity, kind FROM job ORDER BY id").fetchall()

    async def keep_until(self, jobs: int) -> None:
        """A keeper that runs until there are so many jobs, and a little longer."""
        stop = asyncio.Event()
        keeper = asyncio.create_task(run_keeper(self.config, Health("keeper"), stop))
        deadline = time.monotonic() + 60
        while len(self.jobs()) < jobs:
            assert time.monotonic() < deadline
            assert not keeper.done(), keeper.exception()
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        stop.set()
        await keeper


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.real)])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    real = request.param == "real"
    broker = request.getfixturevalue("real_scratch_kafka" if real else "scratch_kafka")
    dsn: str = request.getfixturevalue("real_database_dsn" if real else "database_dsn")
    upgrade(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE job, job_progress, procrastinate_jobs CASCADE")
    kafka = KafkaConfig(broker.bootstrap if real else broker.address)
    await ensure_topics(kafka)
    producer = await open_producer(kafka, "test")
    yield Site(KeeperConfig(kafka, DatabaseConfig(dsn), relay_every_s=0.05), producer)
    await producer.stop()


async def test_named_outputs_a_request_is_a_job_once_however_often_it_is_said(site: Site) -> None:
    await site.say(encode(called(41)), b"no request", encode(called(41)), encode(called(42)))
    await site.keep_until(2)
    expected = [("request/mill/0f34/41/1", "what-if"), ("request/mill/0f34/42/1", "what-if")]
    assert site.jobs() == expected
    await site.say(encode(called(42)), encode(called(43)))
    await site.keep_until(3)
    assert site.jobs() == [*expected, ("request/mill/0f34/43/1", "what-if")]
