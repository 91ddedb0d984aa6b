"""The load of the naive peer: the same readings, one JSON event each."""

import asyncio

import orjson
from aiokafka import TopicPartition

from stream.bench.naive_worker import CHANGES, PARTITIONS, READINGS
from stream.bench.plants import BenchPlant
from stream.bench.values import SECOND_US, ScanSource
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader
from stream.topics import Topic

_HOUR_MS = 3_600_000


async def write_events(kafka: KafkaConfig, plant: BenchPlant, events: int, start_us: int) -> int:
    """Make the peer's topics and write at least so many events, in whole scans; returns how many."""
    await ensure_topics(kafka, tuple(Topic(name, PARTITIONS, _HOUR_MS) for name in (READINGS, CHANGES)))
    source = ScanSource.of(plant, epoch=0)
    producer = await open_producer(kafka, "atlas-bench")
    written = 0
    try:
        while written < events:
            tag_ids, times, values, quality = source.next(start_us + source.seq * SECOND_US).arrays()
            rows = zip(tag_ids.tolist(), times.tolist(), values.tolist(), quality.tolist(), strict=True)
            sent = [
                await producer.send(
                    READINGS,
                    orjson.dumps(
                        {"plant": plant.id, "tag": str(tag), "time_us": time, "value": value, "quality": status}
                    ),
                    partition=tag % PARTITIONS,
                )
                for tag, time, value, status in rows
            ]
            await asyncio.gather(*sent)
            written += len(sent)
    finally:
        await producer.stop()
    return written


async def changes_said(kafka: KafkaConfig) -> int:
    """Changes that the peer has written."""
    reader = await open_reader(kafka, "atlas-bench")
    try:
        ends = await reader.end_offsets([TopicPartition(CHANGES, partition) for partition in range(PARTITIONS)])
    finally:
        await reader.stop()
    return sum(ends.values())
