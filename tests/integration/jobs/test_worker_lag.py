"""How far the live twins lag, as a runner sees it: the age of the oldest record that the workers have not committed."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream import topics
from stream.jobs import worker_lag
from stream.kafka import KafkaConfig, ensure_topics, open_producer

AT_SEVEN = TopicPartition(topics.READINGS.name, 7)


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.real)])
async def kafka(request: pytest.FixtureRequest) -> KafkaConfig:
    real = request.param == "real"
    broker = request.getfixturevalue("real_scratch_kafka" if real else "scratch_kafka")
    config = KafkaConfig(broker.bootstrap if real else broker.address)
    await ensure_topics(config)
    return config


async def test_the_lag_is_the_age_of_the_oldest_record_that_is_not_worked_off(kafka: KafkaConfig) -> None:
    producer = await open_producer(kafka, "test")
    group = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap, group_id=worker_lag.GROUP, enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip
    await group.start()
    partitions = [TopicPartition(topics.READINGS.name, n) for n in (6, 7)]
    group.assign(partitions)
    try:
        sent = [await producer.send_and_wait(topics.READINGS.name, b"record", partition=7) for _ in range(3)]
        now = sent[1].timestamp / 1000 + 30
        assert await worker_lag.lag_s(group, partitions, now) == 0, "nobody has worked anything off yet"
        await group.commit({AT_SEVEN: 1})
        assert await worker_lag.lag_s(group, partitions, now) == pytest.approx(30)
        await group.commit({AT_SEVEN: 3})
        assert await worker_lag.lag_s(group, partitions, now) == 0
    finally:
        await group.stop()
        await producer.stop()


async def test_a_runner_looks_without_joining_the_workers(kafka: KafkaConfig) -> None:
    told: list[tuple[str, bool, str]] = []

    class Conditions:
        def set(self, condition: str, ok: bool, detail: str = "") -> None:
            told.append((condition, ok, detail))

    lag = worker_lag.WorkerLag(kafka, 5.0, Conditions())
    watching = asyncio.create_task(lag.watch())
    deadline = time.monotonic() + 60
    while not told:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert told[0] == ("live twins", True, "")
    assert not lag.lagging()
