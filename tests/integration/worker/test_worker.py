"""The worker on a real log: killed, restarted, given an empty log; its twins stay a function of their partition."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import psycopg
import pytest
from aiokafka import TopicPartition

from stream import topics
from stream.envelope import Tick, TwinChange, decode, decode_change, encode, make_batch
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader
from stream.recovery import TwinsOfPartition, read_range, rebuild
from stream.scan import snapshot
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig, Pool, open_pool
from stream.store.migrations import upgrade
from stream.store.snapshots import StoredSnapshot, newest_snapshot
from stream.store.worker_store import SqlWorkerStore
from stream.tag_tables import TagTables
from twin.atlas.tags import Limits, Tag, TagTable, TagTableContent

NUMBER = 3
TABLE = TagTable.of(
    TagTableContent(
        plant="mill",
        number=NUMBER,
        revision=1,
        tags=(
            Tag(tag_id=1, name="TI-1.PV", description="Oven", unit="degC", low=0, high=100, source="opcua",
                limits=Limits(high=80, deadband=1), stale_after_s=3),
            Tag(tag_id=2, name="TI-2.PV", description="Room", unit="degC", low=0, high=100, source="opcua"),
            Tag(tag_id=3, name="TDI-3.PV", description="Difference", unit="delta_degC", low=-100, high=100,
                kind="derived", expression="[TI-1.PV] - [TI-2.PV]"),
        ),
    )
)  # fmt: skip


@pytest.fixture(params=["embedded", "real"])
def broker(request: pytest.FixtureRequest) -> str:
    name = "scratch_kafka" if request.param == "embedded" else "real_scratch_kafka"
    server = request.getfixturevalue(name)
    return server.address if isinstance(server, TansuBroker) else server.bootstrap


@pytest.fixture
def dsn(database_dsn: str) -> str:
    upgrade(database_dsn)
    with psycopg.connect(database_dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE snapshot, tag_table_refusal, last_reading, stored_mark")
        connection.execute(
            "INSERT INTO tag_table (name, plant, content, created_at) VALUES (%s, 'mill', %s, now())"
            " ON CONFLICT DO NOTHING",
            [TABLE.name, TABLE.encoded],
        )
        connection.execute(
            "INSERT INTO plant (plant, number, name, revision, tag_table) VALUES ('mill', %s, 'Mill', 1, %s)"
            " ON CONFLICT DO NOTHING",
            [NUMBER, TABLE.name],
        )
        connection.execute(
            "INSERT INTO plant_revision (plant, revision, definition, tag_table, created_at)"
            " VALUES ('mill', 1, '', %s, now()) ON CONFLICT DO NOTHING",
            [TABLE.name],
        )
    return database_dsn


@contextmanager
def worker(kafka: str, dsn: str, log: Path, snapshot_every_s: float = 300.0) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("run_worker.py")), kafka, dsn]
    with log.open("ab") as out:
        process = subprocess.Popen([*command, str(snapshot_every_s)], stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Plant:
    """Sends batches as a connector would, one in flight, and reads what the worker says."""

    def __init__(self, kafka: KafkaConfig, incarnation: str) -> None:
        self.kafka, self.incarnation, self.seq = kafka, incarnation, 0
        self.at = TopicPartition(topics.READINGS.name, NUMBER)

    async def send(self, *values: float, plant: str = "mill", table: str = TABLE.name) -> None:
        producer = await open_producer(self.kafka, "test")
        try:
            for value in values:
                now = time.time_ns() // 1000
                batch = make_batch(
                    plant=plant, source="opcua", epoch=1, seq=self.seq, tag_table=table, origin="live",
                    tag_ids=np.array([1, 2], np.int32), times=np.array([now, now]),
                    values=np.array([value, 20.0]), quality=np.zeros(2, np.uint32),
                )  # fmt: skip
                await producer.send_and_wait(topics.READINGS.name, encode(batch), partition=NUMBER)
                self.seq += 1
        finally:
            await producer.stop()

    def batch(self, seq: int, value: float, tag: int) -> bytes:
        """A batch of one tag's reading of now."""
        now = np.array([time.time_ns() // 1000])
        return encode(
            make_batch(
                plant="mill", source="opcua", epoch=1, seq=seq, tag_table=TABLE.name, origin="live",
                tag_ids=np.array([tag], np.int32), times=now, values=np.array([value]), quality=np.zeros(1, np.uint32),
            )
        )  # fmt: skip

    async def raw(self, value: bytes) -> None:
        producer = await open_producer(self.kafka, "test")
        await producer.send_and_wait(topics.READINGS.name, value, partition=NUMBER)
        await producer.stop()

    async def changes(self, until: Callable[[TwinChange], bool], timeout_s: float = 40.0) -> list[TwinChange]:
        """All changes said so far and from now on, up to the first that satisfies `until`."""
        reader = await open_reader(self.kafka, "test")
        at = TopicPartition(topics.TWIN.name, NUMBER)
        reader.assign([at])
        reader.seek(at, (await reader.beginning_offsets([at]))[at])
        said: list[TwinChange] = []
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for record in (await reader.getmany(at, timeout_ms=300)).get(at, []):
                        said.append(decode_change(record.value))
                        if until(said[-1]):
                            return said
        finally:
            await reader.stop()

    async def replayed(self, dsn: str, position: int, *, begun: bool = False) -> bytes:
        """The state of a fresh twin after the record at `position`; `begun` with what the log began with."""
        pool = await open_pool(DatabaseConfig(dsn))
        reader = await open_reader(self.kafka, "replay")
        try:
            tables = TagTables(SqlWorkerStore(pool), self.incarnation, patience_s=0.1)
            fresh = TwinsOfPartition(NUMBER, self.incarnation, tables)
            if begun:
                await fresh.restore(["mill"], First(pool, self.incarnation))
            twins = await rebuild(reader, fresh, position)
            return snapshot.save(twins.twins["mill"])
        finally:
            await reader.stop()
            await pool.close()


class First:
    """The snapshot that a log began with."""

    def __init__(self, pool: Pool, incarnation: str) -> None:
        self._pool, self._incarnation = pool, incarnation

    async def newest_snapshot(self, plant: str) -> StoredSnapshot:
        query = 'SELECT log_time, state FROM snapshot WHERE plant = %s AND incarnation = %s AND "offset" = -1'
        async with self._pool.connection() as conn:
            found = await (await conn.execute(query, [plant, self._incarnation])).fetchone()
        assert found is not None
        return StoredSnapshot(plant, self._incarnation, -1, found[0], bytes(found[1]))


@pytest.fixture
async def plant(broker: str, dsn: str) -> Plant:
    kafka = KafkaConfig(broker)
    return Plant(kafka, await ensure_topics(kafka))


def value_of(change: TwinChange, tag: int = 0) -> float | None:
    positions = np.frombuffer(change.positions, "<i4").tolist()
    return float(np.frombuffer(change.values, "<f8")[positions.index(tag)]) if tag in positions else None


async def saved(dsn: str, at_least: int = 0) -> tuple[int, bytes]:
    pool = await open_pool(DatabaseConfig(dsn))
    try:
        async with asyncio.timeout(20):
            while True:
                found = await newest_snapshot(pool, "mill")
                if found is not None and found.offset >= at_least:
                    return found.offset, found.state
                await asyncio.sleep(0.1)
    finally:
        await pool.close()


async def test_snapshot_and_replay_a_killed_worker_goes_on_and_equals_a_fresh_replay_bit_for_bit(
    broker: str, dsn: str, plant: Plant, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with worker(broker, dsn, log, snapshot_every_s=1.0) as first:
        await plant.send(30.0, 85.0, 79.5)
        await plant.changes(lambda c: value_of(c) == 79.5)
        await saved(dsn)
        first.kill()
        first.wait()
    await plant.send(60.0, 61.0)
    with worker(broker, dsn, log, snapshot_every_s=1.0) as second:
        await plant.send(62.0)
        said = await plant.changes(lambda c: value_of(c) == 62.0)
        second.terminate()
        assert second.wait(timeout=30) == 0, log.read_text()
    offset, state = await saved(dsn, at_least=said[-1].offset)
    assert state == await plant.replayed(dsn, offset)
    # Whatever was said twice was said alike: one content per identity.
    by_identity: dict[tuple[int, int], TwinChange] = {}
    for change in said:
        assert by_identity.setdefault((change.offset, change.n), change) == change
    values = [value_of(c) for c in sorted(by_identity.values(), key=lambda c: c.offset) if not c.full]
    assert [v for v in values if v in (60.0, 61.0, 62.0)] == [60.0, 61.0, 62.0]


async def test_pure_twin_a_silent_partition_is_ticked_so_that_values_grow_stale(
    broker: str, dsn: str, plant: Plant, tmp_path: Path
) -> None:
    with worker(broker, dsn, tmp_path / "worker.log"):
        await plant.send(30.0)
        said = await plant.changes(lambda c: c.offset >= 5)
        assert any(np.frombuffer(c.flags, np.uint8).any() for c in said)
        reader = await open_reader(plant.kafka, "test")
        records = [r async for r in read_range(reader, NUMBER, 0, said[-1].offset + 1)]
        await reader.stop()
    ticks = [r for r in records if isinstance(decode(r.value), Tick)]
    spacing = np.diff([t.log_time for t in ticks[1:]]) / 1e6
    assert len(ticks) >= 3
    assert spacing.max() < 3.0


async def test_bad_record_and_unknown_tag_table_hold_up_nobody(
    broker: str, dsn: str, plant: Plant, tmp_path: Path
) -> None:
    with worker(broker, dsn, tmp_path / "worker.log") as process:
        await plant.raw(b"\xc1 rubbish")
        await plant.raw(b"")
        await plant.send(10.0, plant="elsewhere")
        plant.seq = 0
        await plant.send(33.0)
        await plant.changes(lambda c: value_of(c) == 33.0)
        assert process.poll() is None


async def test_log_may_vanish_what_was_stored_since_the_snapshot_is_not_forgotten(
    scratch_kafka: TansuBroker, dsn: str, tmp_path: Path
) -> None:
    log, kafka = tmp_path / "worker.log", KafkaConfig(scratch_kafka.address)
    first_log = Plant(kafka, await ensure_topics(kafka))
    with worker(kafka.bootstrap, dsn, log) as first:
        await first_log.send(30.0)
        await saved(dsn)
        stored_since(dsn, tag=1, value=77.0, seq=5)
        first.kill()
    scratch_kafka.kill()
    scratch_kafka.start()
    second_log = Plant(kafka, await ensure_topics(kafka))
    with worker(kafka.bootstrap, dsn, log) as second:
        # All up to number 5 is stored, so the connector would send from 6 on; what it repeats is dropped.
        await second_log.raw(second_log.batch(5, 99.0, tag=1))
        await second_log.raw(second_log.batch(6, 21.0, tag=2))
        said = await second_log.changes(lambda c: value_of(c, 1) == 21.0)
        second.terminate()
        assert second.wait(timeout=30) == 0, log.read_text()
    assert {value for c in said if (value := value_of(c)) is not None} == {77.0}
    offset, state = await saved(dsn, at_least=said[-1].offset)
    assert state == await second_log.replayed(dsn, offset, begun=True)


def stored_since(dsn: str, tag: int, value: float, seq: int) -> None:
    """What the historian stored after the newest snapshot: a reading of now, and the mark of its batch."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO tag (tag_id, plant, name, unit) VALUES (%s, 'mill', 'TI', 'degC') ON CONFLICT DO NOTHING",
            [tag],
        )
        connection.execute(
            "INSERT INTO last_reading (tag_id, ts, value, quality) VALUES (%s, now(), %s, 0)", [tag, value]
        )
        connection.execute(
            "INSERT INTO stored_mark (plant, source, epoch, seq, stored_at) VALUES ('mill', 'opcua', 1, %s, now())",
            [seq],
        )


async def test_log_may_vanish_the_worker_ends_and_its_successor_goes_on_in_the_new_log(
    scratch_kafka: TansuBroker, dsn: str, tmp_path: Path
) -> None:
    log, kafka = tmp_path / "worker.log", KafkaConfig(scratch_kafka.address)
    first_log = Plant(kafka, await ensure_topics(kafka))
    with ExitStack() as running:
        first = running.enter_context(worker(kafka.bootstrap, dsn, log, snapshot_every_s=0.5))
        await first_log.send(30.0, 31.0)
        await first_log.changes(lambda c: value_of(c) == 31.0)
        await saved(dsn, at_least=1)
        scratch_kafka.kill()
        scratch_kafka.start()
        assert kafka.bootstrap == scratch_kafka.address
        second_log = Plant(kafka, await ensure_topics(kafka))
        assert second_log.incarnation != first_log.incarnation
        assert await asyncio.to_thread(first.wait, 30) != 0
        running.enter_context(worker(kafka.bootstrap, dsn, log, snapshot_every_s=0.5))
        second_log.seq = 1  # the connector sends again what was not stored, then goes on
        await second_log.send(99.0, 32.0)
        said = await second_log.changes(lambda c: value_of(c) == 32.0)
    assert 99.0 not in [value_of(c) for c in said]
    assert {c.incarnation for c in said} == {second_log.incarnation}
