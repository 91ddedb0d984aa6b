"""The API's ends at Kafka, on a real broker: live states from the twin's topic, readings into the inbox."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from aiokafka import TopicPartition

from api.config import LiveConfig
from api.kafka_inbox import KafkaInbox, KafkaReadingLog
from api.live_state import LiveStates
from api.ports import InboxAwayError, RecordTooLargeError
from api.twin_feed import TwinFeed
from stream.envelope import TwinChange, encode, make_batch
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader
from stream.servers.tansu import TansuBroker
from stream.topics import INBOX, READINGS, TWIN, partition_of
from twin.atlas.tags import Tag, TagTable, TagTableContent

NUMBER = 5
TABLE = TagTable.of(
    TagTableContent(
        plant="mill",
        number=NUMBER,
        revision=1,
        tags=tuple(
            Tag(tag_id=n, name=f"TI-{n}", description="d", unit="degC", low=0.0, high=100.0) for n in range(1, 61)
        ),
    )
)


class Tables:
    async def read_tag_table(self, name: str) -> TagTable | None:
        return TABLE if name == TABLE.name else None


def change(incarnation: str, offset: int, value: float) -> bytes:
    tags = len(TABLE)
    return encode(
        TwinChange(
            plant="mill",
            incarnation=incarnation,
            offset=offset,
            n=0,
            log_time=offset + 1,
            tag_table=TABLE.name,
            full=False,
            positions=np.arange(tags, dtype="<i4").tobytes(),
            times=np.full(tags, offset + 1, dtype="<i8").tobytes(),
            values=np.full(tags, value, dtype="<f8").tobytes(),
            quality=np.zeros(tags, dtype="<u4").tobytes(),
            limits=bytes(tags),
            flags=bytes(tags),
        )
    )


@asynccontextmanager
async def following(config: KafkaConfig) -> AsyncIterator[tuple[TwinFeed, LiveStates]]:
    states = LiveStates(LiveConfig())
    feed = TwinFeed(config, states, Tables())
    task = asyncio.create_task(feed.run())
    try:
        yield feed, states
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(reached: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not reached():
            await asyncio.sleep(0.02)


async def write(config: KafkaConfig, send: "Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]]") -> None:
    producer = await open_producer(config, "test")
    try:

        async def one(raw: bytes) -> None:
            await producer.send_and_wait(TWIN.name, raw, partition=partition_of(NUMBER))

        await send(one)
    finally:
        await producer.stop()


async def test_live_state_is_built_from_what_is_kept_and_goes_on(scratch_kafka: TansuBroker) -> None:
    config = KafkaConfig(scratch_kafka.address)
    incarnation = await ensure_topics(config)

    async def before(send: Callable[[bytes], Awaitable[None]]) -> None:
        for offset in range(20):
            await send(change(incarnation, offset, float(offset)))
        await send(b"nonsense")
        await send(change("another log", 99, 99.0))

    await write(config, before)
    async with following(config) as (feed, states):
        await asyncio.wait_for(feed.caught_up.wait(), 30)
        live = states.open("mill")
        assert (live.offset, live.values[0], len(live.ring)) == (19, 19.0, 20)
        assert live.written[0] > 1_000_000_000_000_000
        subscription, missed = live.subscribe(f"{incarnation}:17")
        assert missed is not None
        assert [one.offset for one in missed] == [18, 19]

        async def after(send: Callable[[bytes], Awaitable[None]]) -> None:
            for offset in (19, 20, 20):
                await send(change(incarnation, offset, float(offset)))

        await write(config, after)
        assert await subscription.wait(10)
        assert subscription.take().count(b"event: change") == 1
        assert live.offset == 20


async def test_log_may_vanish_under_the_live_states(scratch_kafka: TansuBroker) -> None:
    config = KafkaConfig(scratch_kafka.address)
    incarnation = await ensure_topics(config)

    async def first(send: Callable[[bytes], Awaitable[None]]) -> None:
        await send(change(incarnation, 500, 1.0))

    await write(config, first)
    async with following(config) as (_, states):
        await until(lambda: states.find("mill") is not None)
        live = states.open("mill")
        scratch_kafka.kill()
        scratch_kafka.start()
        await until(lambda: states.incarnation not in ("", incarnation), 60)
        assert not live.known

        async def second(send: Callable[[bytes], Awaitable[None]]) -> None:
            await send(change(states.incarnation, 0, 2.0))

        await write(config, second)
        await until(lambda: live.known)
        assert (live.offset, live.values[0]) == (0, 2.0)


async def test_reading_is_accepted_once_the_broker_has_it(scratch_kafka: TansuBroker) -> None:
    config = KafkaConfig(scratch_kafka.address)
    await ensure_topics(config)
    inbox = KafkaInbox(config, 5.0)
    await inbox.put(NUMBER + 64, json.dumps({"plant": "mill"}).encode())
    with pytest.raises(RecordTooLargeError):
        await inbox.put(NUMBER, b"x" * 1_500_000)
    await inbox.put(NUMBER, b"after")
    await inbox.close()
    reader = await open_reader(config, "test")
    partition = TopicPartition(INBOX.name, NUMBER)
    reader.assign([partition])
    reader.seek(partition, 0)
    async with asyncio.timeout(10):
        found = [(await reader.getone(partition)).value for _ in range(2)]
    await reader.stop()
    assert found == [b'{"plant": "mill"}', b"after"]


async def test_inbox_says_that_kafka_is_away_and_takes_readings_once_it_is_back(scratch_kafka: TansuBroker) -> None:
    config = KafkaConfig(scratch_kafka.address, request_timeout_ms=1_000)
    await ensure_topics(config)
    inbox = KafkaInbox(config, 2.0)
    await inbox.put(NUMBER, b"one")
    scratch_kafka.kill()
    with pytest.raises(InboxAwayError, match="send it again"):
        await inbox.put(NUMBER, b"two")
    scratch_kafka.start()
    await ensure_topics(config)
    async with asyncio.timeout(30):
        while True:
            try:
                await inbox.put(NUMBER, b"three")
                break
            except InboxAwayError:
                await asyncio.sleep(0.2)
    await inbox.close()


async def test_batch_is_read_back_for_its_trace(scratch_kafka: TansuBroker) -> None:
    config = KafkaConfig(scratch_kafka.address)
    await ensure_topics(config)
    producer = await open_producer(config, "test")
    batch = make_batch(
        plant="mill",
        source="opcua",
        epoch=1,
        seq=0,
        tag_table=TABLE.name,
        origin="live",
        tag_ids=np.array([1], dtype=np.int32),
        times=np.array([1], dtype=np.int64),
        values=np.array([1.0]),
        quality=np.array([0], dtype=np.uint32),
        received=7,
    )
    for raw in (b"nonsense", encode(batch)):
        await producer.send_and_wait(READINGS.name, raw, partition=partition_of(NUMBER))
    await producer.stop()
    log = KafkaReadingLog(config)
    found = await log.read_batch(NUMBER, 1)
    assert found is not None
    assert (found.batch.received, found.batch.source) == (7, "opcua")
    assert found.log_time > 1_000_000_000_000_000
    assert await log.read_batch(NUMBER, 0) is None
    assert await log.read_batch(NUMBER, 1) is not None
    assert await log.read_batch(NUMBER, 77) is None
    await log.close()
