"""Malformed records between good batches, against worker and historian as they run: letters, and no other harm."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError

from stream.envelope import Control, ReadingBatch, RefusedRecord, encode, make_batch
from stream.kafka import KafkaConfig
from stream.keeper.letters import release_letters
from stream.store.database import DatabaseConfig, connect
from stream.topics import READINGS, partition_of
from twin.atlas.tags import TagTable

_LARGEST = 16_000_000


def readings_of(batch: ReadingBatch) -> dict[tuple[int, int], float]:
    """Values by (tag, time)."""
    tag_ids, times, values, _ = batch.arrays()
    return dict(zip(zip(tag_ids.tolist(), times.tolist(), strict=True), values.tolist(), strict=True))


class Field:
    """Sends a plant's batches into `atlas.readings` as a connector does, and anything else between them."""

    def __init__(self, producer: AIOKafkaProducer, table: TagTable) -> None:
        self.producer, self.table, self.seq = producer, table, 0
        self.partition = partition_of(table.content.number)
        self.start = time.time_ns() // 1000 - 60_000_000
        self.expected: dict[tuple[int, int], float] = {}

    def batch(self, value: float = 50.0, n: int = 2, **changes: Any) -> ReadingBatch:
        """The next good batch, or that with some changes; `n` readings of the first tags."""
        at = self.start + self.seq * 100_000
        made = make_batch(
            plant=self.table.plant, source="plc", epoch=4, seq=self.seq, tag_table=self.table.name, origin="live",
            tag_ids=self.table.tag_ids[np.arange(n) % 2], times=at + np.arange(n, dtype=np.int64) // 2,
            values=np.full(n, value), quality=np.zeros(n, np.uint32),
        )  # fmt: skip
        return msgspec.structs.replace(made, **changes)

    async def send(self, raw: bytes | None) -> None:
        key = None if raw else b"tombstone"  # The client takes no record that is empty altogether.
        async with asyncio.timeout(60):
            while True:  # A broker applies a changed limit some time after it has acknowledged it.
                with contextlib.suppress(MessageSizeTooLargeError):
                    await self.producer.send_and_wait(READINGS.name, raw, key, partition=self.partition)
                    return
                await asyncio.sleep(0.5)

    async def good(self, value: float = 50.0) -> None:
        batch = self.batch(value)
        self.expected |= readings_of(batch)
        await self.send(encode(batch))
        self.seq += 1


def malformed(field: Field, other: TagTable) -> list[tuple[bytes | None, str]]:
    """Records that are no good, each with what its letter must say; numbers of their own where they have any."""
    rng = np.random.default_rng(5)
    good = encode(field.batch())
    times, values = field.batch().arrays()[1:3]
    refused = RefusedRecord(
        plant="", source="push", epoch=1, seq=2, topic="atlas.inbox", partition=2**40, offset=1, incarnation="x",
        claims="", reason="", readings=0, body=b"", body_bytes=0,
    )  # fmt: skip

    def batch(**changes: Any) -> bytes:
        return encode(field.batch(epoch=90, seq=0, **changes))

    epochs = itertools.count(100)

    def reading(**changes: Any) -> bytes:
        return encode(field.batch(epoch=next(epochs), seq=0, **changes))

    return [
        (None, "unreadable record of 0 bytes"),
        (b"", "unreadable record of 0 bytes"),
        (rng.bytes(500), "unreadable record of 500 bytes"),
        (rng.bytes(900_000), "unreadable record of 900000 bytes"),
        (good[:-40], "unreadable record"),
        (good.replace(b"\xa1v\x01", b"\xa1v\x63", 1), "version 99; this reader knows"),
        (batch(values=b"\0" * 8), "buffers hold"),
        (batch(plant="kiln"), "uses tag table"),
        (batch(plant="kiln", tag_table=other.name), "belongs into partition"),
        (batch(source="a\x00b"), "without NUL"),
        (batch(tag_table="\x00"), "without NUL"),
        (encode(field.batch(epoch=2**64 - 1)), "epoch 18446744073709551615"),
        (encode(field.batch(epoch=91, seq=2**63)), "seq 9223372036854775808"),
        (encode(refused), "partition 1099511627776"),
        (reading(values=np.full_like(values, np.nan).tobytes()), "is not a finite number"),
        (reading(times=np.zeros_like(times).tobytes()), "before the plant's history_from"),
        (reading(times=np.full_like(times, 4_102_444_800_000_000).tobytes()), "more than a minute ahead"),
        (reading(tag_ids=np.array([77, 78], "<i4").tobytes()), "tag number 77 is not in tag table"),
        (encode(field.batch(n=420_000, epoch=92, seq=0)), "readers take 1000000"),
        (rng.bytes(10_000_000), "record of 10000000 bytes; readers take 1000000"),
    ]


async def let_in(kafka: KafkaConfig) -> None:
    """Have the broker take what is larger than our own limit."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        limit = {"max.message.bytes": str(_LARGEST), "message.timestamp.type": "LogAppendTime"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, READINGS.name, limit)])
    finally:
        await admin.close()


@contextlib.asynccontextmanager
async def large_producer(kafka: KafkaConfig) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all", max_request_size=_LARGEST)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@pytest.mark.parametrize("broker", ["embedded", "real"], indirect=True)
async def test_bad_row_not_dead_sink_malformed_records_become_letters_and_harm_neither_neighbours_nor_twin(
    site: Any, mill: TagTable, kiln: TagTable, request: pytest.FixtureRequest
) -> None:
    if "real" in request.node.callspec.id:
        await let_in(site.kafka)
    worker, historian = site.start("worker"), site.start("historian")
    async with large_producer(site.kafka) as producer:
        field = Field(producer, mill)
        bad = malformed(field, kiln)
        await field.good()
        for raw, _ in bad:
            await field.send(raw)
            await field.good()
        # Names no plant and no table, which the worker would look up.
        content = {"tag_table": "\x00"}
        await field.send(encode(Control(plant="mill\x00", identity="x", action="revise", content=content)))
        await field.good(61.0)

    async def stored() -> bool:
        return await site.rows() == field.expected

    await site.until(stored, "good batches stored")
    await _check_letters(site, bad)
    await _check_twin(site, field)
    assert (worker.poll(), historian.poll()) == (None, None)


async def _check_letters(site: Any, bad: list[tuple[bytes | None, str]]) -> None:
    letters = await site.ask(
        'SELECT reason, octet_length(body), body_bytes, releasable FROM dead_letter ORDER BY "offset", n'
    )
    assert len(letters) == len(bad)
    for (reason, size, whole, releasable), (raw, expected) in zip(letters, bad, strict=True):
        assert expected in reason
        assert size <= 65_536
        assert releasable or (size, whole) == (min(65_536, len(raw or b"")), len(raw or b""))


async def _check_twin(site: Any, field: Field) -> None:
    """The worker's twin equals a fresh replay, and holds what a twin of the good batches alone would."""
    end = len(await site.readings_log(field.partition))
    saved = await site.snapshot_from("mill", end - 1)
    state, twin = await site.replayed("mill", field.partition, saved.offset)
    assert saved.state == state
    assert twin.live.values[:2].tolist() == [61.0, 61.0]
    newest = max(time for _, time in field.expected)
    assert twin.live.times[:2].tolist() == [newest, newest]
    # Rows, and of each of the four batches with bad readings two that were quarantined.
    assert twin.counts.readings == len(field.expected)
    assert twin.counts.quarantined == 4 * 2
    assert twin.clock < time.time_ns() // 1000 + 60_000_000


async def test_tag_tables_an_unknown_table_pauses_its_partition_is_refused_alike_and_released(
    site: Any, mill: TagTable
) -> None:
    revised = TagTable.of(msgspec.structs.replace(mill.content, revision=2))
    for name in ("worker", "historian"):
        site.start(name)
    async with large_producer(site.kafka) as producer:
        field = Field(producer, mill)
        await field.good()
        begun = time.monotonic()
        late = field.batch(70.0, epoch=8, seq=0, tag_table=revised.name)
        field.start += 100_000
        await field.send(encode(late))
        await field.good(51.0)

        async def stored() -> bool:
            return await site.rows() == field.expected

        await site.until(stored, "the batch behind the unknown table stored")
        assert time.monotonic() - begun >= 2.0
        assert await site.ask("SELECT count(*) FROM tag_table_refusal") == [(1,)]
        await _release(site, producer, revised)
        field.expected |= readings_of(late)
        await site.until(stored, "the released batch stored")
    end = len(await site.readings_log(field.partition))
    saved = await site.snapshot_from("mill", end - 1)
    state, twin = await site.replayed("mill", field.partition, saved.offset)
    assert saved.state == state
    assert twin.counts.refused == 1
    assert twin.live.values[0] == 51.0


async def _release(site: Any, producer: AIOKafkaProducer, table: TagTable) -> None:
    """Store the table that was lacking, and release the letter that says so."""
    conn = await connect(DatabaseConfig(site.dsn), autocommit=True)
    try:
        ((letter, reason),) = await site.ask("SELECT id, reason FROM dead_letter WHERE releasable")
        assert reason.startswith(f"tag table {table.name} is not stored; store the plant's revision")
        await conn.execute(
            "INSERT INTO tag_table (name, plant, content, created_at) VALUES (%s, 'mill', %s, now())",
            [table.name, table.encoded],
        )
        assert await release_letters(conn, producer, [letter], datetime.now(UTC), lambda: 99) == 1
    finally:
        await conn.close()
