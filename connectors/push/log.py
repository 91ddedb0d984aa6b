"""The inbox as the push connector sees it: a port, and Kafka behind it."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, NoReturn, Protocol

from connectors.log import KafkaLog
from stream.kafka import (  # type: ignore[attr-defined]  # aiokafka's home is stream.kafka; its names come from there
    AIOKafkaConsumer,
    TopicPartition,
    open_reader,
)
from stream.topics import INBOX

_POLL_MS: Final = 500
_MOST_RECORDS: Final = 100


class InboxRecord(NamedTuple):
    """A record of the inbox; `value` as it was sent."""

    offset: int
    value: bytes


class InboxReader(Protocol):
    """Reads all partitions of the inbox, each from where it was sought to."""

    async def bounds(self) -> Mapping[int, tuple[int, int]]:
        """The first offset kept and the one behind the last, by partition."""
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Go on there."""
        ...

    def pause(self, partition: int) -> None:
        """Fetch no more of this partition until `resume`."""
        ...

    def resume(self, partition: int) -> None:
        """Fetch this partition again."""
        ...

    async def fetch(self) -> Mapping[int, Sequence[InboxRecord]]:
        """The next records by partition, perhaps none; raises anything where there is trouble."""
        ...

    async def stop(self) -> None:
        """Close the reader."""
        ...


class InboxLog(Protocol):
    """What the push connector needs of Kafka."""

    async def learn(self) -> str:
        """Make sure that the topics exist; the log's incarnation."""
        ...

    async def watch(self, incarnation: str) -> NoReturn:
        """Raise `stream.kafka.LogVanishedError` once the log has another incarnation."""
        ...

    async def open_inbox(self) -> InboxReader:
        """A new reader."""
        ...


class KafkaInboxReader:
    """`InboxReader` over aiokafka; every call has a time-out of its own, because a stuck client never returns."""

    def __init__(self, client: AIOKafkaConsumer, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._partitions = [TopicPartition(INBOX.name, number) for number in range(INBOX.partitions)]
        client.assign(self._partitions)

    async def bounds(self) -> Mapping[int, tuple[int, int]]:
        """See `InboxReader`."""
        async with asyncio.timeout(self._timeout_s):
            begins = await self._client.beginning_offsets(self._partitions)
            ends = await self._client.end_offsets(self._partitions)
        return {place.partition: (begins[place], ends[place]) for place in self._partitions}

    def seek(self, partition: int, offset: int) -> None:
        """See `InboxReader`."""
        self._client.seek(self._partitions[partition], offset)

    def pause(self, partition: int) -> None:
        """See `InboxReader`."""
        self._client.pause(self._partitions[partition])

    def resume(self, partition: int) -> None:
        """See `InboxReader`."""
        self._client.resume(self._partitions[partition])

    async def fetch(self) -> Mapping[int, Sequence[InboxRecord]]:
        """See `InboxReader`."""
        async with asyncio.timeout(self._timeout_s):
            got = await self._client.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
        return {
            place.partition: [InboxRecord(record.offset, record.value or b"") for record in records]
            for place, records in got.items()
        }

    async def stop(self) -> None:
        """See `InboxReader`."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self._timeout_s):
                await self._client.stop()


class KafkaInboxLog(KafkaLog):
    """`InboxLog` over Kafka."""

    async def open_inbox(self) -> InboxReader:
        """See `InboxLog`."""
        async with asyncio.timeout(self._timeout_s):
            return KafkaInboxReader(await open_reader(self._config, "atlas-connector-inbox"), self._timeout_s)
