"""A backlog: scans that wait in Kafka, as if nobody had read for a while."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from stream.bench.plants import BenchPlant
from stream.bench.values import SECOND_US, ScanSource
from stream.envelope import encode
from stream.kafka import KafkaConfig, ensure_topics, open_producer
from stream.topics import ALL, READINGS

_IN_FLIGHT: Final = 64


@dataclass(frozen=True, slots=True)
class Backlog:
    """What was written: by partition how many records, and the scans, from `start_us` on, one a second."""

    records: dict[int, int]
    values: int
    start_us: int
    scans: int


async def make_log(kafka: KafkaConfig) -> None:
    """Make the topics, with the record's time given by its sender.

    The broker stamps what arrives in normal use. Here a minute's scans are written within milliseconds and must bear
    the times at which they would have come, because the twin's clock is the log's (rule pure-twin): with the broker's
    own stamps hardly any scan would close, and the worker would look faster than it is.
    """
    config = {**READINGS.config, "message.timestamp.type": "CreateTime"}
    await ensure_topics(kafka, tuple(replace(topic, config=config) if topic is READINGS else topic for topic in ALL))


async def write_backlog(kafka: KafkaConfig, plants: Sequence[BenchPlant], scans: int, start_us: int) -> Backlog:
    """Write so many scans of each plant, one a second from `start_us` on; returns once Kafka has them all."""
    sources = [ScanSource.of(plant, epoch=1) for plant in plants]
    records = dict.fromkeys((plant.partition for plant in plants), 0)
    sent: deque[asyncio.Future[Any]] = deque()
    producer = await open_producer(kafka, "atlas-bench")
    try:
        for scan in range(scans):
            time_us = start_us + scan * SECOND_US
            for source in sources:
                partition = source.plant.partition
                value = encode(source.next(time_us))
                sent.append(
                    await producer.send(READINGS.name, value, partition=partition, timestamp_ms=time_us // 1000)
                )
                records[partition] += 1
            while len(sent) > _IN_FLIGHT:
                await sent.popleft()
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return Backlog(records, scans * sum(len(plant.tag_ids) for plant in plants), start_us, scans)
