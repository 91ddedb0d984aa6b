"""Sends the twins' outputs in order with a bounded number unacknowledged; a failed send ends the process.

A send that failed cannot be mended in place: what came after it may already be in the log. So the process ends, and
its successor says the last records' outputs again; consumers ignore what they have seen (rule named-outputs).
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaProducer

from stream import topics
from stream.envelope import DerivedScan, TriggerCalled, TwinChange, encode
from stream.scan.plant_twin import Output

MAX_IN_FLIGHT: Final = 256


@dataclass
class OutputSender:
    """The worker's only way to `atlas.twin`, `atlas.scores` and `atlas.requests`."""

    producer: AIOKafkaProducer
    _pending: deque["asyncio.Future[object]"] = field(default_factory=deque)

    async def send(self, outputs: list[Output], partition: int) -> None:
        """Hand outputs to the producer; waits while too many are unacknowledged. Raises what the producer raised."""
        for output in outputs:
            match output:
                case TwinChange():
                    topic = topics.TWIN
                case DerivedScan():
                    topic = topics.SCORES
                case TriggerCalled():
                    topic = topics.REQUESTS
            self._pending.append(await self.producer.send(topic.name, encode(output), partition=partition))
        while self._pending and (len(self._pending) > MAX_IN_FLIGHT or self._pending[0].done()):
            await self._pending.popleft()

    async def flush(self) -> None:
        """Wait until every output handed over is acknowledged; raises what the producer raised."""
        while self._pending:
            await self._pending.popleft()
