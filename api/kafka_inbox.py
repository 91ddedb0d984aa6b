"""Handing readings to Kafka, and reading a batch back from it."""

import asyncio
import logging
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from api.ports import InboxAwayError, LoggedBatch, RecordTooLargeError
from stream.envelope import MalformedRecordError, ReadingBatch, decode
from stream.kafka import KafkaConfig, open_producer, open_reader
from stream.topics import INBOX, READINGS, partition_of

_log = logging.getLogger(__name__)
_CLOSING_S: Final = 3.0
_AGAIN: Final = "send it again; repeating does no harm"


class KafkaInbox:
    """`atlas.inbox` behind `api.ports.Inbox`; the producer is opened when first needed and again after trouble."""

    def __init__(self, config: KafkaConfig, acknowledgement_s: float) -> None:
        self._config = config
        self._acknowledgement_s = acknowledgement_s
        self._opening = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._retired: set[asyncio.Task[None]] = set()

    async def put(self, plant_number: int, content: bytes) -> None:
        """Hand in one record; see `api.ports.Inbox`."""
        try:
            async with asyncio.timeout(self._acknowledgement_s):
                producer = await self._open()
                await self._send(producer, partition_of(plant_number), content)
        except MessageSizeTooLargeError as error:
            raise RecordTooLargeError(f"a record of {len(content)} bytes is more than the broker takes") from error
        except TimeoutError as error:
            self._retire()
            message = f"Kafka did not acknowledge within {self._acknowledgement_s:g} s"
            raise InboxAwayError(message, remedy=_AGAIN) from error
        except (KafkaError, OSError) as error:
            self._retire()
            raise InboxAwayError("Kafka does not take the readings", remedy=_AGAIN) from error

    async def close(self) -> None:
        """Close the producer; what it still held is given up, since nobody was told that it arrived."""
        self._retire()
        if self._retired:
            await asyncio.wait(self._retired, timeout=_CLOSING_S)

    def _retire(self) -> None:
        """Stop the producer in the background, because it first waits for what it holds to arrive or expire."""
        producer, self._producer = self._producer, None
        if producer is not None:
            task = asyncio.create_task(_stop(producer), name="atlas-api-inbox-stop")
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    async def _send(self, producer: AIOKafkaProducer, partition: int, content: bytes) -> None:
        # The client only asserts this; it fails where the topic was made anew with another layout.
        if partition not in await producer.partitions_for(INBOX.name):
            raise InboxAwayError(f"Kafka has no partition {partition} for readings", remedy=_AGAIN)
        await producer.send_and_wait(INBOX.name, content, partition=partition)

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                self._producer = await open_producer(self._config, "atlas-api-inbox")
            return self._producer


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        await producer.stop()
    except (KafkaError, OSError) as error:
        _log.warning("closing the inbox's producer: %s", error)


class KafkaReadingLog:
    """`atlas.readings` behind `api.ports.ReadingLog`; one reader, used by one question at a time."""

    def __init__(self, config: KafkaConfig, patience_s: float = 2.0) -> None:
        self._config = config
        self._patience_s = patience_s
        self._one = asyncio.Lock()
        self._reader: AIOKafkaConsumer | None = None

    async def read_batch(self, plant_number: int, offset: int) -> LoggedBatch | None:
        """The batch at an offset; see `api.ports.ReadingLog`."""
        try:
            async with asyncio.timeout(self._patience_s), self._one:
                return await self._read(TopicPartition(READINGS.name, partition_of(plant_number)), offset)
        except (KafkaError, TimeoutError, OSError, MalformedRecordError) as error:
            _log.info("record %d of plant number %d cannot be read back: %s", offset, plant_number, error)
            await self.close()
            return None

    async def close(self) -> None:
        """Close the reader."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.stop()

    async def _read(self, partition: TopicPartition, offset: int) -> LoggedBatch | None:
        if self._reader is None:
            self._reader = await open_reader(self._config, "atlas-api-trace")
        self._reader.assign([partition])
        self._reader.seek(partition, offset)
        record = await self._reader.getone(partition)
        # The reader would go on fetching the partition in the background otherwise.
        self._reader.pause(partition)
        if record.offset != offset:
            return None
        batch = decode(record.value or b"")
        return LoggedBatch(batch, record.timestamp * 1000) if isinstance(batch, ReadingBatch) else None
