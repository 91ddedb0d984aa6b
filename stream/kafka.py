"""Kafka as every process of this service uses it: topics, clients, and the name of the log.

Clients are plain: no groups, no automatic commits, raw bytes; positions live in the database and in snapshots. The
log's incarnation (rule log-may-vanish) is the newest record of `atlas.log`: a broker that lost its disk lost that
record too, so a reader that finds another name knows that its position speaks of a log that is gone.
"""

import asyncio
import contextlib
import functools
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import NoReturn

import aiokafka.client
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.metadata import MetadataRequest

from stream.topics import ALL, LOG, Topic
from twin.atlas.errors import AtlasError

_TOPIC_EXISTS = 36
_NAMING_MS = 60_000
_MAX_MESSAGE_BYTES = 1_000_000
_MAX_BATCH_BYTES = 512 * 1024
"""What a producer sends at once of what has piled up for a partition meanwhile; by default a single scan's change of
1,000 tags exceeds it, each goes out alone, and that costs the worker a sixth more of the processor."""


# aiokafka asks about topics with automatic creation allowed, and takes no setting for it: a client that still polls
# while a broker is wiped then makes our topics anew with the broker's default of partitions, and rule one-partition is
# broken before anybody starts. Faust's consumers use the same module.
aiokafka.client.MetadataRequest = functools.partial(MetadataRequest, allow_auto_topic_creation=False)


class LogVanishedError(AtlasError):
    """The log that a position speaks of is gone: the broker was wiped, or restarted without a disk."""


class TopicCreationError(AtlasError):
    """The broker refused to make a topic."""


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """Where Kafka is, and how long one request may take."""

    bootstrap: str
    request_timeout_ms: int = 10_000


def is_brokers_fault(error: BaseException) -> bool:
    """Whether waiting may help: an error of the broker or the way to it, or a log that was begun anew."""
    return isinstance(error, KafkaError | LogVanishedError)


async def open_producer(config: KafkaConfig, client_id: str) -> AIOKafkaProducer:
    """A started producer whose `send_and_wait` returns when all in-sync replicas have the record."""
    producer = AIOKafkaProducer(
        bootstrap_servers=config.bootstrap,
        client_id=client_id,
        acks="all",
        request_timeout_ms=config.request_timeout_ms,
        max_request_size=_MAX_MESSAGE_BYTES,
        max_batch_size=_MAX_BATCH_BYTES,
    )
    await _start(producer)
    return producer


async def open_reader(config: KafkaConfig, client_id: str) -> AIOKafkaConsumer:
    """A started consumer without group, to be assigned partitions and sought by its user.

    A position outside the log raises `OffsetOutOfRangeError` instead of jumping, because a jump would lose readings.
    """
    reader = AIOKafkaConsumer(
        bootstrap_servers=config.bootstrap,
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        request_timeout_ms=max(config.request_timeout_ms, 10_000),
        max_partition_fetch_bytes=4 * _MAX_MESSAGE_BYTES,
        fetch_max_wait_ms=100,
        metadata_max_age_ms=30_000,
    )
    await _start(reader)
    return reader


async def ensure_topics(config: KafkaConfig, topics: tuple[Topic, ...] = ALL) -> str:
    """Make the topics that are missing, name the log if it has no name, and return its incarnation.

    Raises
    ------
    TopicCreationError
        Where the broker refuses a topic; the message carries its reason.
    """
    admin = AIOKafkaAdminClient(
        bootstrap_servers=config.bootstrap, client_id="atlas-topics", request_timeout_ms=config.request_timeout_ms
    )
    await _start(admin)
    try:
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if missing:
            brokers = len((await admin.describe_cluster())["brokers"])
            await _create(admin, missing, replicas=min(3, max(1, brokers)))
    finally:
        await admin.close()
    return await _name_log(config)


async def _create(admin: AIOKafkaAdminClient, topics: list[Topic], replicas: int) -> None:
    durable = {"min.insync.replicas": "2"} if replicas >= 3 else {}
    response = await admin.create_topics(
        [
            NewTopic(
                name=topic.name,
                num_partitions=topic.partitions,
                replication_factor=replicas,
                topic_configs={"retention.ms": str(topic.retention_ms), **durable, **topic.config},
            )
            for topic in topics
        ]
    )
    for name, code, *detail in response.topic_errors:
        if code not in (0, _TOPIC_EXISTS):
            reason = detail[0] if detail and detail[0] else for_code(code).__name__
            raise TopicCreationError(f"the broker refused the topic {name}: {reason}; see its log and 'atlas doctor'")


async def read_incarnation(config: KafkaConfig) -> str:
    """The log's name.

    Raises
    ------
    LogVanishedError
        Where the log has none: its topics are gone.
    """
    name = await _newest_name(config)
    if name is None:
        raise LogVanishedError("Kafka holds no log of ours: it was wiped or restarted empty; processes start it anew")
    return name


async def watch_log(config: KafkaConfig, incarnation: str, every_s: float = 2.0) -> NoReturn:
    """Look at the log's name for ever; run as a task whose end ends the process.

    Raises
    ------
    LogVanishedError
        When the log has another name or none.
    """
    async with _log_reader(config) as (reader, partition):
        while True:
            await asyncio.sleep(every_s)
            try:
                # Nobody else makes the topics of a wiped broker, and offsets of an unknown topic only time out.
                name = await _last_name(reader, partition) if LOG.name in await reader.topics() else None
            except (KafkaError, TimeoutError):
                continue  # An unreachable broker proves nothing; the watch goes on.
            if name != incarnation:
                raise LogVanishedError(f"the log {incarnation} is gone; Kafka now holds {name}: starting anew")


async def _name_log(config: KafkaConfig) -> str:
    async with _log_reader(config) as (reader, partition):
        name = await _last_name(reader, partition)
        if name is not None:
            return name
        # Brokers that have just made hundreds of partitions take their time until the replicas of this one are in sync.
        patient = replace(config, request_timeout_ms=max(config.request_timeout_ms, _NAMING_MS))
        producer = await open_producer(patient, "atlas-log")
        try:
            await producer.send_and_wait(LOG.name, secrets.token_hex(8).encode(), partition=0)
        finally:
            await producer.stop()
        # Several processes may name a new log at once; the settling time lets all of them read the same newest name.
        await asyncio.sleep(0.3)
        name = await _last_name(reader, partition)
        if name is None:
            raise LogVanishedError("the log's name cannot be read back; is the broker being restarted? Try again")
        return name


async def _newest_name(config: KafkaConfig) -> str | None:
    try:
        async with _log_reader(config) as (reader, partition):
            return await _last_name(reader, partition)
    except UnknownTopicOrPartitionError:
        return None


@contextlib.asynccontextmanager
async def _log_reader(config: KafkaConfig) -> AsyncIterator[tuple[AIOKafkaConsumer, TopicPartition]]:
    reader = await open_reader(config, "atlas-log")
    partition = TopicPartition(LOG.name, 0)
    try:
        reader.assign([partition])
        yield reader, partition
    finally:
        await reader.stop()


async def _last_name(reader: AIOKafkaConsumer, partition: TopicPartition) -> str | None:
    end: int = (await reader.end_offsets([partition]))[partition]
    if end == 0:
        return None
    # A compacting or wiping broker may leave holes, so the whole (tiny) topic is read.
    begin: int = (await reader.beginning_offsets([partition]))[partition]
    reader.seek(partition, begin)
    name: str | None = None
    async with asyncio.timeout(10):
        while await reader.position(partition) < end:
            for record in (await reader.getmany(partition, timeout_ms=500)).get(partition, []):
                name = record.value.decode()
    return name


async def _start(client: AIOKafkaProducer | AIOKafkaConsumer | AIOKafkaAdminClient) -> None:
    """Start a client; one that could not start is closed, so that its sockets do not linger."""
    try:
        await client.start()
    except BaseException:
        with contextlib.suppress(Exception):
            await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
        raise
