"""Whether the live twins lag, so that scheduled jobs must wait (rule shed-in-order).

The lag is the age of the oldest reading that no worker has worked off yet: that of the first record at or above the
position that the workers' group has committed. What is never committed, as before the first worker, is no lag.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Final, NoReturn, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Gauge

from stream import topics
from stream.kafka import KafkaConfig

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0
GROUP: Final = "atlas-worker"

LAG: Final = Gauge("atlas_runner_worker_lag_seconds", "How far the live twins lag, as the runner sees it")


class Conditions(Protocol):
    """What the runner tells of itself."""

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds."""


class WorkerLag:
    """Looks at the workers' group every few seconds; `lagging` tells what it saw last."""

    def __init__(self, kafka: KafkaConfig, most_s: float, conditions: Conditions) -> None:
        self._kafka = kafka
        self._most_s = most_s
        self._conditions = conditions
        self._lag_s = 0.0

    def lagging(self) -> bool:
        """Whether the twins lag by more than they may."""
        return self._lag_s > self._most_s

    async def watch(self) -> NoReturn:
        """Look for ever. A broker that does not answer proves nothing: what was seen last holds."""
        while True:
            try:
                await self._look_on()
            except (KafkaError, OSError, TimeoutError) as error:
                _log.warning("how far the live twins lag is not known: %s", error)
                await asyncio.sleep(LOOK_EVERY_S)

    async def _look_on(self) -> NoReturn:
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._kafka.bootstrap,
            client_id="atlas-runner-lag",
            group_id=GROUP,  # To ask for its positions only: partitions are assigned, so no member is made.
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=self._kafka.request_timeout_ms,
        )
        try:
            await reader.start()
            partitions = [TopicPartition(topics.READINGS.name, n) for n in range(topics.PARTITIONS)]
            reader.assign(partitions)
            reader.pause(*partitions)
            while True:
                self._tell(await lag_s(reader, partitions, time.time()))
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await reader.stop()

    def _tell(self, seconds: float) -> None:
        self._lag_s = seconds
        LAG.set(seconds)
        waits = f"scheduled jobs wait: the live twins lag by {seconds:.0f} s" if self.lagging() else ""
        self._conditions.set("live twins", True, waits)


async def lag_s(reader: AIOKafkaConsumer, partitions: list[TopicPartition], now: float) -> float:
    """The age in seconds at `now` of the oldest record that is not worked off; 0 where all are."""
    ends: Mapping[TopicPartition, int] = await reader.end_offsets(partitions)
    behind: dict[TopicPartition, int] = {}
    for partition in partitions:
        done = await reader.committed(partition) if ends[partition] else None
        if done is not None and done < ends[partition]:
            behind[partition] = done
    ages = [await _age_s(reader, partition, offset, now) for partition, offset in behind.items()]
    return max(ages, default=0.0)


async def _age_s(reader: AIOKafkaConsumer, partition: TopicPartition, offset: int, now: float) -> float:
    reader.seek(partition, offset)
    reader.resume(partition)
    try:
        found: dict[Any, Any] = await reader.getmany(partition, timeout_ms=1000, max_records=1)
    finally:
        reader.pause(partition)
    records = found.get(partition)
    return max(0.0, now - records[0].timestamp / 1000) if records else 0.0
