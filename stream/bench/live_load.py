"""A live load: each plant sends a scan a second, the plants spread evenly over it."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer

from stream.bench.plants import BenchPlant
from stream.bench.values import ScanSource
from stream.envelope import encode
from stream.kafka import KafkaConfig, open_producer
from stream.topics import READINGS


@dataclass
class LiveLoad:
    """Run `run` as a task.

    `received` tells when each scan was received: by plant and the readings' time (microseconds UTC), in seconds of
    `time.perf_counter`. Whoever sees the scan come out takes the entry away.
    """

    kafka: KafkaConfig
    plants: Sequence[BenchPlant]
    epoch: int = 2
    period_s: float = 1.0
    received: dict[tuple[str, int], float] = field(default_factory=dict)

    async def run(self) -> None:
        """Send until cancelled; raises what the producer raised."""
        producer = await open_producer(self.kafka, "atlas-bench")
        begin = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                for n, plant in enumerate(self.plants):
                    phase = n * self.period_s / len(self.plants)
                    group.create_task(self._send(producer, ScanSource.of(plant, self.epoch), begin + phase))
        finally:
            await producer.stop()

    async def _send(self, producer: AIOKafkaProducer, source: ScanSource, due: float) -> None:
        while True:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            time_us = time.time_ns() // 1000
            self.received[source.plant.id, time_us] = time.perf_counter()
            value = encode(source.next(time_us))
            await producer.send_and_wait(
                READINGS.name, value, partition=source.plant.partition, timestamp_ms=time_us // 1000
            )
            due += self.period_s
