"""The log as the drain sees it: a port, and Kafka behind it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import NoReturn, Protocol

from stream.envelope import LOG_HEADER, MalformedRecordError, StoredMark, decode_stored
from stream.kafka import (  # type: ignore[attr-defined]  # aiokafka's home is stream.kafka; its names come from there
    KafkaConfig,
    TopicPartition,
    ensure_topics,
    open_producer,
    open_reader,
    watch_log,
)
from stream.topics import READINGS, STORED

_MARKS_LOOKED_BACK = 2_000


class Producer(Protocol):
    """A client that sends to one partition after the other and can be thrown away."""

    async def send(self, partition: int, value: bytes, incarnation: str) -> int:
        """Send to `atlas.readings`; the record's offset once it is acknowledged. Raises anything on failure."""
        ...

    async def stop(self) -> None:
        """Close the client."""
        ...


class Log(Protocol):
    """What the drain needs of Kafka."""

    async def learn(self) -> str:
        """Make sure that the topics exist; the log's incarnation."""
        ...

    async def watch(self, incarnation: str) -> NoReturn:
        """Raise `stream.kafka.LogVanishedError` once the log has another incarnation."""
        ...

    async def open_producer(self) -> Producer:
        """A new client."""
        ...

    def marks(self) -> AsyncIterator[Sequence[StoredMark]]:
        """Stored marks as they are announced, from a while back on; an empty sequence when none are left to read."""
        ...


class KafkaProducer:
    """`Producer` over aiokafka; every call has a time-out of its own, because a stuck client never returns."""

    def __init__(self, client: "object", timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s

    async def send(self, partition: int, value: bytes, incarnation: str) -> int:
        """See `Producer`."""
        headers = [(LOG_HEADER, incarnation.encode())]
        async with asyncio.timeout(self._timeout_s):
            sent = await self._client.send_and_wait(  # type: ignore[attr-defined]
                READINGS.name, value, partition=partition, headers=headers
            )
        return int(sent.offset)

    async def stop(self) -> None:
        """See `Producer`."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self._timeout_s):
                await self._client.stop()  # type: ignore[attr-defined]


class KafkaLog:
    """`Log` over Kafka."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._timeout_s = 2 * config.request_timeout_ms / 1000

    async def learn(self) -> str:
        """See `Log`."""
        async with asyncio.timeout(3 * self._timeout_s):
            return await ensure_topics(self._config)

    async def watch(self, incarnation: str) -> NoReturn:
        """See `Log`."""
        await watch_log(self._config, incarnation)

    async def open_producer(self) -> Producer:
        """See `Log`."""
        async with asyncio.timeout(self._timeout_s):
            return KafkaProducer(await open_producer(self._config, "atlas-connector"), self._timeout_s)

    async def marks(self) -> AsyncIterator[Sequence[StoredMark]]:
        """See `Log`."""
        partition = TopicPartition(STORED.name, 0)
        async with asyncio.timeout(self._timeout_s):
            reader = await open_reader(self._config, "atlas-connector-marks")
        try:
            reader.assign([partition])
            async with asyncio.timeout(self._timeout_s):
                begin = (await reader.beginning_offsets([partition]))[partition]
                end = (await reader.end_offsets([partition]))[partition]
            # The historian announces every mark again and again, so that the newest records say all there is.
            reader.seek(partition, max(begin, end - _MARKS_LOOKED_BACK))
            while True:
                async with asyncio.timeout(self._timeout_s):
                    got = await reader.getmany(partition, timeout_ms=500, max_records=500)
                yield _decoded([record.value for record in got.get(partition, [])])
        finally:
            with contextlib.suppress(Exception):
                await reader.stop()


def _decoded(values: list[bytes]) -> list[StoredMark]:
    marks = []
    for value in values:
        with contextlib.suppress(
            MalformedRecordError
        ):  # Only the historian writes here; what isn't a mark says nothing.
            marks.append(decode_stored(value))
    return marks
