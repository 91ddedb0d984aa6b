"""Servers that belong to somebody else: a measurement leaves them as it found them, and refuses what is in use."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from psycopg import sql

from stream.bench.naive_worker import CHANGES
from stream.bench.naive_worker import READINGS as EVENTS
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig, connect
from stream.topics import ALL
from twin.atlas.errors import AtlasError

_OURS: Final = frozenset({topic.name for topic in ALL} | {EVENTS, CHANGES})
_GONE_S: Final = 30.0


class ServersInUseError(AtlasError):
    """The Kafka given holds topics of Atlas Live already."""


@contextlib.asynccontextmanager
async def fresh_database(dsn: str) -> AsyncIterator[str]:
    """A database beside the one given, dropped in the end; needs the right to make one."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    base, _, _ = dsn.rpartition("/")
    config = DatabaseConfig(dsn, application="atlas-bench")
    conn = await connect(config, autocommit=True)
    async with conn:
        await conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield f"{base}/{name}"
    finally:
        conn = await connect(config, autocommit=True)
        async with conn:
            await conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.asynccontextmanager
async def fresh_log(kafka: KafkaConfig) -> AsyncIterator[None]:
    """A Kafka without topics of ours; those that come are deleted in the end.

    Raises
    ------
    ServersInUseError
        Where it holds some: they may be somebody's readings.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap, client_id="atlas-bench")
    await admin.start()
    try:
        used = sorted(_OURS & set(await admin.list_topics()))
        if used:
            raise ServersInUseError(
                f"Kafka at {kafka.bootstrap} holds {', '.join(used)}", remedy="give one that nobody uses, or none"
            )
        try:
            yield
        finally:
            await _delete(admin)
    finally:
        await admin.close()


async def _delete(admin: AIOKafkaAdminClient) -> None:
    async with asyncio.timeout(_GONE_S):
        while there := [name for name in await admin.list_topics() if name in _OURS or name.startswith("bench-naive")]:
            await admin.delete_topics(there)
            await asyncio.sleep(0.5)
