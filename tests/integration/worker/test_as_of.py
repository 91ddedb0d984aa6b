"""Looking at the past of a plant: the twin that was, from whichever snapshot, and no trace left."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg
import pytest
from aiokafka import TopicPartition

from stream import topics
from stream.as_of import PlantNotKnownThenError, twin_as_of
from stream.envelope import Control, encode, make_batch
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader
from stream.recovery import LogRecord, TwinsOfPartition, read_range
from stream.scan import snapshot
from stream.scan.replay import Moment
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig, Pool, open_pool
from stream.store.migrations import upgrade
from stream.store.worker_store import SqlWorkerStore
from stream.tag_tables import TagTables
from twin.atlas.prices import Price, PriceBook
from twin.atlas.tags import Tag, TagTable, TagTableContent

NUMBER = 3
PLANT = "kiln"
TABLE = TagTable.of(
    TagTableContent(
        plant=PLANT,
        number=NUMBER,
        revision=1,
        tags=(
            Tag(tag_id=71, name="TI-1.PV", description="Kiln", unit="degC", low=0, high=100, source="plc"),
            Tag(tag_id=72, name="UY-1.PV", description="Twice", unit="degC", low=0, high=200, kind="derived",
                expression="2 * [TI-1.PV]"),
        ),
    )
)  # fmt: skip
PRICES = PriceBook([Price.of("lime", "120 EUR/t")], 1)


@pytest.fixture(params=["embedded", "real"])
def kafka(request: pytest.FixtureRequest) -> KafkaConfig:
    name = "scratch_kafka" if request.param == "embedded" else "real_scratch_kafka"
    server = request.getfixturevalue(name)
    return KafkaConfig(server.address if isinstance(server, TansuBroker) else server.bootstrap)


@pytest.fixture
def dsn(database_dsn: str) -> str:
    upgrade(database_dsn)
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE snapshot, tag_table_refusal, last_reading, stored_mark")
        connection.execute(
            "INSERT INTO tag_table (name, plant, content, created_at) VALUES (%s, %s, %s, now())"
            " ON CONFLICT DO NOTHING",
            [TABLE.name, PLANT, TABLE.encoded],
        )
        connection.execute(
            "INSERT INTO plant (plant, number, name, revision, tag_table) VALUES (%s, %s, 'Kiln', 1, %s)"
            " ON CONFLICT DO NOTHING",
            [PLANT, NUMBER, TABLE.name],
        )
    return database_dsn


@contextmanager
def worker(kafka: KafkaConfig, dsn: str, log: Path) -> Iterator[None]:
    command = [
        sys.executable,
        "-W",
        "ignore",
        str(Path(__file__).with_name("run_worker.py")),
        kafka.bootstrap,
        dsn,
        "1",
    ]
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def batch(seq: int, table: str = TABLE.name) -> bytes:
    return encode(
        make_batch(
            plant=PLANT, source="plc", epoch=1, seq=seq, tag_table=table, origin="live",
            tag_ids=np.array([71], np.int32), times=np.array([time.time_ns() // 1000]),
            values=np.array([20.0 + seq]), quality=np.zeros(1, np.uint32),
        )
    )  # fmt: skip


async def send(kafka: KafkaConfig, *records: bytes, pause_s: float = 0.0) -> None:
    producer = await open_producer(kafka, "test")
    for record in records:
        await producer.send_and_wait(topics.READINGS.name, record, partition=NUMBER)
        await asyncio.sleep(pause_s)
    await producer.stop()


async def log_of(kafka: KafkaConfig) -> list[LogRecord]:
    reader, at = await open_reader(kafka, "test"), TopicPartition(topics.READINGS.name, NUMBER)
    try:
        end = (await reader.end_offsets([at]))[at]
        return [record async for record in read_range(reader, NUMBER, 0, end)]
    finally:
        await reader.stop()


async def kept(pool: Pool) -> tuple[int, int]:
    """Snapshots and refusals in the database."""
    async with pool.connection() as conn:
        query = "SELECT (SELECT count(*) FROM snapshot), (SELECT count(*) FROM tag_table_refusal)"
        row = await (await conn.execute(query)).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def test_snapshot_and_replay_the_twin_as_of_any_past_moment_is_the_twin_that_was(
    kafka: KafkaConfig, dsn: str, tmp_path: Path
) -> None:
    incarnation = await ensure_topics(kafka)
    prices = Control(plant=PLANT, identity="p1", action="prices", content=PRICES.as_content())
    pool = await open_pool(DatabaseConfig(dsn))
    try:
        with worker(kafka, dsn, tmp_path / "worker.log"):
            await send(kafka, *(batch(seq) for seq in range(12)), encode(prices), pause_s=0.4)
            async with asyncio.timeout(30):
                while (await kept(pool))[0] < 3:
                    await asyncio.sleep(0.2)
        await send(kafka, batch(12), batch(13, "never-stored"))
        log = await log_of(kafka)
        before = await kept(pool)
        store = SqlWorkerStore(pool)
        direct = TwinsOfPartition(NUMBER, incarnation, TagTables(store, incarnation))
        for record in log[:-1]:
            await direct.take(record)
            then = snapshot.save(direct.twins[PLANT])
            found = await twin_as_of(kafka, store, PLANT, NUMBER, Moment(record.offset))
            assert snapshot.save(found) == then
            if record.log_time < log[record.offset + 1].log_time:
                found = await twin_as_of(kafka, store, PLANT, NUMBER, Moment(log_time=record.log_time))
                assert snapshot.save(found) == then
        newest = await twin_as_of(kafka, store, PLANT, NUMBER, Moment())
        assert newest.prices == PRICES
        assert newest.counts.refused == 1
        assert await kept(pool) == before
        with pytest.raises(PlantNotKnownThenError):
            await twin_as_of(kafka, store, PLANT, NUMBER, Moment(log_time=log[0].log_time - 1))
    finally:
        await pool.close()
