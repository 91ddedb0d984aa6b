"""What must hold of log and twins: order is kept, and a twin is, bit for bit, what a replay of its partition gives."""

import asyncio
import contextlib
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream import topics
from stream.envelope import ReadingBatch, TwinChange, decode, decode_change, decode_derived, encode
from stream.kafka import open_reader, read_incarnation
from stream.new_log import BEFORE_ALL
from stream.recovery import TwinsOfPartition, read_range
from stream.scan import snapshot
from stream.scan.marks import Marks, Verdict
from stream.store.database import DatabaseConfig, Pool, open_pool
from stream.store.snapshots import StoredSnapshot, newest_snapshot
from stream.store.worker_store import SqlWorkerStore
from stream.tag_tables import TagTables
from tests.chaos.live_system import LiveSystem


async def check_log_and_twins(system: LiveSystem) -> None:
    incarnation = await read_incarnation(system.kafka)
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(await open_pool(DatabaseConfig(system.dsn)))
        reader = await open_reader(system.kafka, "chaos")
        stack.push_async_callback(reader.stop)
        for plant in system.ledgers:
            partition = await asyncio.to_thread(system.partition, plant)
            place = TopicPartition(topics.READINGS.name, partition)
            end = (await reader.end_offsets([place]))[place]
            await check_order(reader, partition, incarnation, end)
            said = await said_until(reader, partition, incarnation, end)
            replayed = await replay(reader, pool, plant, partition, incarnation, end)
            told = await outputs_of(replayed)
            assert said.keys() == told.keys(), f"{plant}: {sorted(said.keys() ^ told.keys())[:5]} of {len(told)}"
            differing = [identity for identity, texts in said.items() if texts != {told[identity]}]
            assert not differing, f"{plant}: {len(differing)} of {len(told)} outputs differ from the replay's"


async def check_order(reader: AIOKafkaConsumer, partition: int, incarnation: str, end: int) -> None:
    """What readers take: numbers without gaps, one process after the other, and a tag's live times never fall."""
    marks, runs = Marks(), []
    newest: dict[int, int] = {}
    async for record in read_range(reader, partition, 0, end):
        batch = decode(record.value)
        if not isinstance(batch, ReadingBatch) or record.log not in ("", incarnation):
            continue
        verdict = marks.judge(batch.source, batch.epoch, batch.seq)
        if verdict is Verdict.REPEATED:
            continue
        known = (batch.source, batch.epoch) in marks.seen
        # In a log that began anew, a process's first batch is the one after its stored mark.
        assert verdict is Verdict.NEXT or not known, f"{batch.source} {batch.epoch}: a gap before {batch.seq}"
        marks.advance(batch.source, batch.epoch, batch.seq)
        runs.append(batch.epoch)
        if batch.origin == "live":
            tags, times, _, _ = batch.arrays()
            for tag, at in zip(tags.tolist(), times.tolist(), strict=True):
                assert at >= newest.get(tag, 0), f"tag {tag}: {at} came after {newest[tag]}"
                newest[tag] = at
    epochs = [epoch for epoch, _ in itertools.groupby(runs)]
    assert epochs
    assert len(epochs) == len(set(epochs)), "batches of one process lie between those of another"


Identity = tuple[str, int, int]
"""Topic, offset and number of an output; plant and log are the partition's."""


async def said_until(
    reader: AIOKafkaConsumer, partition: int, incarnation: str, end: int, timeout_s: float = 90.0
) -> dict[Identity, set[bytes]]:
    """All that the worker has said of the records before `end`, waiting until it has spoken of the last of them."""
    said: defaultdict[Identity, set[bytes]] = defaultdict(set)
    places = {TopicPartition(topic.name, partition): 0 for topic in (topics.TWIN, topics.SCORES)}
    reached = -1
    async with asyncio.timeout(timeout_s):
        while reached < end - 1:
            ends = await reader.end_offsets(list(places))
            for place, first in places.items():
                read = decode_change if place.topic == topics.TWIN.name else decode_derived
                async for record in read_range(reader, partition, first, ends[place], place.topic):
                    output = read(record.value)
                    if output.incarnation == incarnation and output.offset < end:
                        said[place.topic, output.offset, output.n].add(record.value)
                        reached = max(reached, output.offset)
                places[place] = ends[place]
            await asyncio.sleep(0.2)
    return dict(said)


class FirstOfLog:
    """The state that a plant's twin began this log with, where it knew another one before."""

    def __init__(self, pool: Pool, incarnation: str) -> None:
        self._pool, self._incarnation = pool, incarnation

    async def newest_snapshot(self, plant: str) -> StoredSnapshot | None:
        query = """
            SELECT plant, incarnation, "offset", log_time, state FROM snapshot
             WHERE plant = %s AND incarnation = %s AND "offset" = %s
        """
        async with self._pool.connection() as conn:
            row = await (await conn.execute(query, [plant, self._incarnation, BEFORE_ALL])).fetchone()
        return None if row is None else StoredSnapshot(*row[:4], bytes(row[4]))


Taken = AsyncIterator[tuple[TwinsOfPartition, list[Any]]]


async def replay(reader: AIOKafkaConsumer, pool: Pool, plant: str, partition: int, incarnation: str, end: int) -> Taken:
    """A fresh twin record by record, with what it says of each."""
    tables = TagTables(SqlWorkerStore(pool), incarnation, patience_s=0.1)
    twins = TwinsOfPartition(partition, incarnation, tables)
    await twins.restore([plant], FirstOfLog(pool, incarnation))

    async def records() -> Taken:
        async for record in read_range(reader, partition, twins.next_offset, end):
            yield twins, [output for _, outputs in await twins.take(record) for output in outputs]

    return records()


async def outputs_of(taken: Taken) -> dict[Identity, bytes]:
    told = {}
    async for _, outputs in taken:
        for output in outputs:
            topic = topics.TWIN if isinstance(output, TwinChange) else topics.SCORES
            told[topic.name, output.offset, output.n] = encode(output)
    return told


async def check_snapshots(system: LiveSystem) -> None:
    """Each plant's newest snapshot is, bit for bit, the state of a fresh replay up to its position."""
    incarnation = await read_incarnation(system.kafka)
    reader = await open_reader(system.kafka, "chaos")
    try:
        async with await open_pool(DatabaseConfig(system.dsn)) as pool:
            for plant in system.ledgers:
                saved = await newest_snapshot(pool, plant)
                assert saved is not None, f"{plant} has no snapshot"
                assert saved.incarnation == incarnation
                partition = await asyncio.to_thread(system.partition, plant)
                taken = await replay(reader, pool, plant, partition, incarnation, saved.offset + 1)
                *_, (twins, _) = [step async for step in taken]
                assert snapshot.save(twins.twins[plant]) == saved.state, f"{plant}: the twin is not its replay's"
    finally:
        await reader.stop()
