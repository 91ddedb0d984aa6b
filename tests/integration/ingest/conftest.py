"""A broker, a database with a plant, and the processes between: worker and historian, API and connector."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka import TopicPartition

from api.cli import key_file
from api.client import PlantClient
from api.client.config import ClientConfig
from stream import topics
from stream.handlers.store_plant import StorePlant, store_plant
from stream.kafka import KafkaConfig, ensure_topics, open_reader
from stream.recovery import LogRecord, TwinsOfPartition, read_range, rebuild
from stream.scan import snapshot
from stream.scan.plant_twin import PlantTwin
from stream.servers.ports import free_port
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig, open_engine, open_pool
from stream.store.plants import read_plant, read_tag_table
from stream.store.snapshots import StoredSnapshot, newest_snapshot
from stream.store.unit_of_work import SqlUnitOfWork
from stream.store.worker_store import SqlWorkerStore
from stream.tag_tables import TagTables
from twin.atlas.tags import TagTable

MILL = """
atlas: 1
plant: mill
name: Mill
sources:
  - {name: lab, kind: push}
  - {name: plc, kind: opcua, endpoint: "opc.tcp://127.0.0.1:9"}
tags:
  - {name: AI-1.PV, description: Moisture, unit: "%", range: [0, 100], source: lab, stale_after_s: 0}
  - {name: AI-2.PV, description: Ash, unit: "%", range: [0, 100], source: lab, stale_after_s: 0}
  - {name: TI-3.PV, description: Oven, unit: degC, source_unit: degF, range: [0, 300], source: plc, address: "ns=2;s=T"}
"""
KILN = MILL.replace("mill", "kiln").replace("Mill", "Kiln")
PATIENCE_S = 2.0


@dataclass
class Site:
    """One broker and one database; processes are started and killed by name."""

    kafka: KafkaConfig
    dsn: str
    folder: Path
    api_port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    processes: ExitStack = field(default_factory=ExitStack)
    key: str = ""

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start worker, historian, connect or serve."""
        command = [sys.executable, "-W", "ignore", "-m", "api.cli", name]
        if name in ("worker", "historian"):
            script = str(Path(__file__).with_name("run_process.py"))
            command = [*command[:3], script, name, self.kafka.bootstrap, self.dsn, str(PATIENCE_S)]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment(name))
        self.running[name] = process
        self.processes.callback(_end, process)
        return process

    def kill(self, name: str) -> None:
        """Kill -9."""
        _end(self.running.pop(name))

    def _environment(self, name: str) -> dict[str, str]:
        self.key = self.key or key_file.create(self.folder / "keys.json", "test", "admin")
        ours = {
            "ATLAS_KAFKA": self.kafka.bootstrap, "ATLAS_DATABASE": self.dsn, "ATLAS_DATA_DIR": str(self.folder),
            "ATLAS_API_PORT": str(self.api_port), "ATLAS_API_KEY": self.key, "ATLAS_TICKET_SECRET": uuid.uuid4().hex,
            "ATLAS_HEALTH_PORTS": f'{{"connect": {free_port()}}}',
        }  # fmt: skip
        return {key: value for key, value in os.environ.items() if not key.startswith("ATLAS_")} | ours

    def client(self) -> PlantClient:
        return PlantClient(ClientConfig(f"http://127.0.0.1:{self.api_port}", self.key))

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    async def store(self, text: str) -> TagTable:
        """Store a plant's definition; its tag table."""
        engine = open_engine(DatabaseConfig(self.dsn))
        try:
            await store_plant(StorePlant(definition_text=text), SqlUnitOfWork(engine))
        finally:
            await engine.dispose()
        pool = await open_pool(DatabaseConfig(self.dsn))
        async with pool:
            stored = await read_plant(pool, text.split("plant: ")[1].split("\n")[0])
            table = await read_tag_table(pool, stored.tag_table)
        assert table is not None
        return table

    async def ask(self, query: str) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def rows(self) -> dict[tuple[int, int], float]:
        """All rows of `reading` by tag and time."""
        found = await self.ask("SELECT tag_id, (extract(epoch FROM ts) * 1000000)::bigint, value FROM reading")
        return {(tag, time): value for tag, time, value in found}

    async def until(self, holds: Callable[[], Awaitable[bool]], what: str, timeout_s: float = 60.0) -> None:
        """Wait until something holds; a process that ended meanwhile fails the test with its log."""
        deadline = time.monotonic() + timeout_s
        while not await holds():
            for name, process in self.running.items():
                assert process.poll() is None, f"{name} ended: {self.log(name)}"
            if time.monotonic() > deadline:
                pytest.fail(f"not within {timeout_s:g} s: {what}\n" + "\n".join(map(self.log, self.running)))
            await asyncio.sleep(0.1)

    async def readings_log(self, partition: int) -> list[LogRecord]:
        """All that the partition of `atlas.readings` holds now."""
        reader, place = await open_reader(self.kafka, "test"), TopicPartition(topics.READINGS.name, partition)
        try:
            end = (await reader.end_offsets([place]))[place]
            return [record async for record in read_range(reader, partition, 0, end)]
        finally:
            await reader.stop()

    async def snapshot_from(self, plant: str, offset: int) -> StoredSnapshot:
        """The first snapshot of the worker at or behind an offset."""
        pool = await open_pool(DatabaseConfig(self.dsn))
        async with pool:

            async def there() -> bool:
                found = await newest_snapshot(pool, plant)
                return found is not None and found.offset >= offset

            await self.until(there, f"a snapshot of {plant} from {offset} on")
            found = await newest_snapshot(pool, plant)
        assert found is not None
        return found

    async def replayed(self, plant: str, partition: int, position: int) -> tuple[bytes, PlantTwin]:
        """A fresh twin after the record at `position`, by the log alone."""
        pool = await open_pool(DatabaseConfig(self.dsn))
        reader = await open_reader(self.kafka, "replay")
        try:
            tables = TagTables(SqlWorkerStore(pool), await ensure_topics(self.kafka), patience_s=0.1)
            twins = await rebuild(reader, TwinsOfPartition(partition, tables.incarnation, tables), position)
            return snapshot.save(twins.twins[plant]), twins.twins[plant]
        finally:
            await reader.stop()
            await pool.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.fixture(params=["embedded"])
def broker(request: pytest.FixtureRequest) -> str:
    server = request.getfixturevalue("scratch_kafka" if request.param == "embedded" else "real_scratch_kafka")
    return server.address if isinstance(server, TansuBroker) else str(server.bootstrap)


@pytest.fixture
def site(broker: str, dsn: str, tmp_path: Path) -> Iterator[Site]:
    site = Site(KafkaConfig(broker), dsn, tmp_path)
    with site.processes:
        yield site


@pytest.fixture
async def mill(site: Site) -> TagTable:
    """A stored plant of two tags that are pushed and one that is read by OPC UA."""
    await ensure_topics(site.kafka)
    return await site.store(MILL)


@pytest.fixture
async def kiln(site: Site, mill: TagTable) -> TagTable:
    """Another plant, in another partition."""
    return await site.store(KILN)
