"""An inbox in memory, for tests: it can be away, wiped, and made anew like Kafka's."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from connectors.push.log import InboxReader, InboxRecord
from stream.kafka import LogVanishedError
from stream.topics import INBOX

_PAUSE_S: Final = 0.01
_MOST_RECORDS: Final = 100


class InMemoryInbox:
    """`connectors.push.log.InboxLog` over lists; `away` makes every call fail, as when no broker answers."""

    def __init__(self, incarnation: str = "memory") -> None:
        self.incarnation = incarnation
        self.away = False
        self._records: dict[int, list[bytes]] = {}

    def produce(self, partition: int, value: bytes) -> int:
        """Append a record and return its offset."""
        records = self._records.setdefault(partition, [])
        records.append(value)
        return len(records) - 1

    def wipe(self, incarnation: str) -> None:
        """Forget all records; the log is called `incarnation` from now on, perhaps as before."""
        self.incarnation = incarnation
        self._records = {}

    def records(self, partition: int) -> Sequence[bytes]:
        """What the partition holds; raises `ConnectionError` while the inbox is away."""
        if self.away:
            raise ConnectionError("nobody answers")
        return self._records.get(partition, [])

    async def learn(self) -> str:
        """See `InboxLog`."""
        self.records(0)
        return self.incarnation

    async def watch(self, incarnation: str) -> NoReturn:
        """See `InboxLog`."""
        while True:
            await asyncio.sleep(_PAUSE_S)
            if self.incarnation != incarnation:
                raise LogVanishedError(f"the log {incarnation} is gone; {self.incarnation} is there now")

    async def open_inbox(self) -> InboxReader:
        """See `InboxLog`."""
        self.records(0)
        return _Reader(self)


class _Reader:
    def __init__(self, inbox: InMemoryInbox) -> None:
        self._inbox = inbox
        self._next: dict[int, int] = {}
        self._paused: set[int] = set()

    async def bounds(self) -> Mapping[int, tuple[int, int]]:
        return {partition: (0, len(self._inbox.records(partition))) for partition in range(INBOX.partitions)}

    def seek(self, partition: int, offset: int) -> None:
        self._next[partition] = offset

    def pause(self, partition: int) -> None:
        self._paused.add(partition)

    def resume(self, partition: int) -> None:
        self._paused.discard(partition)

    async def fetch(self) -> Mapping[int, Sequence[InboxRecord]]:
        await asyncio.sleep(_PAUSE_S)
        found: dict[int, Sequence[InboxRecord]] = {}
        for partition, begin in self._next.items():
            records = self._inbox.records(partition)
            if begin > len(records):
                raise LookupError(f"no offset {begin} in partition {partition} of {len(records)} records")
            if partition not in self._paused and begin < len(records):
                part = records[begin : begin + _MOST_RECORDS]
                found[partition] = [InboxRecord(begin + n, value) for n, value in enumerate(part)]
                self._next[partition] = begin + len(part)
        return found

    async def stop(self) -> None:
        pass
