"""The native real servers: Apache Kafka and TimescaleDB as processes of this machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from stream.servers.kafka_probe import brokers_known
from stream.servers.native import NativeKafka
from stream.servers.port import Servers
from stream.servers.ports import split_address
from stream.servers.postgres import PostgresServer


async def _make_topic(bootstrap: str, name: str, copies: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, copies)])
    finally:
        await admin.close()


async def _topics(bootstrap: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return list(await admin.list_topics())
    finally:
        await admin.close()


async def _read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await asyncio.wait_for(consumer.getone(), 60)).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_messages_outlast_kill_9_of_the_broker(real_scratch_kafka: NativeKafka) -> None:
    bootstrap, (broker,) = real_scratch_kafka.bootstrap, real_scratch_kafka.brokers
    await _make_topic(bootstrap, "kept", 1)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait("kept", b"before", partition=0)
        await asyncio.to_thread(broker.kill)
        assert not broker.is_running()
        await asyncio.to_thread(broker.start)
        await producer.send_and_wait("kept", b"after", partition=0)
    finally:
        await producer.stop()
    assert real_scratch_kafka.bootstrap == bootstrap
    assert await _read(bootstrap, "kept", 2) == [b"before", b"after"]


async def test_a_wiped_broker_comes_back_empty_and_makes_no_topic_unasked(real_scratch_kafka: NativeKafka) -> None:
    bootstrap, (broker,) = real_scratch_kafka.bootstrap, real_scratch_kafka.brokers
    await _make_topic(bootstrap, "lost", 1)
    await asyncio.to_thread(broker.wipe)
    await asyncio.to_thread(broker.start)
    consumer = AIOKafkaConsumer("lost", bootstrap_servers=bootstrap)
    try:
        with pytest.raises(UnknownTopicOrPartitionError):
            await consumer.start()
    finally:
        await consumer.stop()
    assert "lost" not in await _topics(bootstrap)


async def test_three_brokers_keep_every_message_when_the_leader_is_killed(real_scratch_cluster: NativeKafka) -> None:
    cluster = real_scratch_cluster
    await _make_topic(cluster.bootstrap, "kept", 3)
    producer = AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        first = await producer.send_and_wait("kept", b"0", partition=0)
        leader = cluster.brokers[producer.client.cluster.leader_for_partition(first.topic_partition) - 1]
        await asyncio.to_thread(leader.kill)
        for number in range(1, 20):
            await producer.send_and_wait("kept", str(number).encode(), partition=0)
    finally:
        await producer.stop()
    assert [int(value) for value in await _read(cluster.bootstrap, "kept", 20)] == list(range(20))


def test_the_cluster_resumes_on_the_same_ports(real_scratch_kafka: NativeKafka) -> None:
    bootstrap = real_scratch_kafka.bootstrap
    real_scratch_kafka.stop()
    assert not real_scratch_kafka.is_running()
    again = NativeKafka(real_scratch_kafka.folder, real_scratch_kafka.cache)
    assert again.start() == bootstrap
    assert brokers_known(*split_address(bootstrap, "bootstrap")) == 1


def test_hypertable_rows_outlast_kill_9(real_scratch_database: PostgresServer) -> None:
    address = real_scratch_database.url
    with psycopg.connect(address) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE TABLE reading (ts timestamptz NOT NULL, value float8)")
        connection.execute("SELECT create_hypertable('reading', 'ts')")
        connection.execute("INSERT INTO reading VALUES ('2026-01-01Z', 1.5)")
    real_scratch_database.kill()
    real_scratch_database.start()
    assert real_scratch_database.url == address
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT value FROM reading").fetchone() == (1.5,)
        assert connection.execute("SHOW timescaledb.telemetry_level").fetchone() == ("off",)


def test_the_database_leaves_no_mount_on_this_machine(real_scratch_database: PostgresServer) -> None:
    mounts = Path("/proc/self/mounts").read_text()
    assert real_scratch_database.is_running()
    assert "timescaledb-trixie" not in mounts
    process = real_scratch_database.process.find()
    assert process is not None
    assert process.uids().effective != 0


def test_the_session_has_a_real_kafka_and_timescaledb(real_servers: Servers, real_database_dsn: str) -> None:
    assert brokers_known(*split_address(real_servers.kafka.split(",")[0], "kafka")) >= 1
    with psycopg.connect(real_database_dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    assert row is not None
    assert int(row[0].split(".")[0]) >= 2
