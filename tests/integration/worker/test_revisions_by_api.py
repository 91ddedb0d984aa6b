"""What is put over the API reaches the running worker: no restart, no lost reading, no lost scan (rule tag-tables)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
from aiokafka import TopicPartition

from api.app import create_app
from api.client import AsyncPlantClient, ClientConfig, ConflictError
from api.config import ApiConfig, TicketConfig
from api.schemas import ItemPrice
from stream import topics
from stream.envelope import DerivedScan, TwinChange, decode_change, encode, make_batch
from stream.health import Health
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader
from stream.keeper import KeeperConfig, run_keeper
from stream.scan import snapshot
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig, open_pool
from stream.store.plants import read_plant, read_tag_table
from stream.store.snapshots import newest_snapshot
from twin.atlas.tags import TagTable

KEY = "an-engineers-own-key"
PARTITION = 0
FIRST = """\
atlas: 1
plant: mill
name: Mill
sources:
  - {name: opcua, kind: opcua, endpoint: "opc.tcp://127.0.0.1:4840/mill"}
tags:
  - {name: TI-1.PV, description: Oven, unit: degC, range: [0, 1000000], address: ns=2;s=TI-1}
  - {name: TI-2.PV, description: Room, unit: degC, range: [0, 1000000], address: ns=2;s=TI-2}
  # What the oven is above the room.
  - name: TDI-3.PV
    description: Difference
    unit: delta_degC
    range: [-10, 10]
    kind: derived
    expression: "[TI-1.PV] - [TI-2.PV]"
"""
ADDED = {"name": "TI-4.PV", "description": "Yard", "unit": "degC", "range": [-50, 1000000], "address": "ns=2;s=TI-4"}


@pytest.fixture(params=["embedded", "real"])
def broker(request: pytest.FixtureRequest) -> str:
    server = request.getfixturevalue("scratch_kafka" if request.param == "embedded" else "real_scratch_kafka")
    return server.address if isinstance(server, TansuBroker) else server.bootstrap


@dataclass
class Service:
    """API and keeper in this process, a worker in one of its own, and a field that sends a reading every 50 ms."""

    kafka: KafkaConfig
    dsn: str
    client: AsyncPlantClient
    table: TagTable | None = None
    sent: list[float] = field(default_factory=list)

    async def use_table_in_force(self) -> TagTable:
        """Let the field number its readings by the newest revision from now on, as a connector does."""
        pool = await open_pool(DatabaseConfig(self.dsn))
        self.table = await read_tag_table(pool, (await read_plant(pool, "mill")).tag_table)
        await pool.close()
        assert self.table is not None
        return self.table

    async def feed(self) -> None:
        """Send all measured tags of the table in use, the same rising value for each, until cancelled."""
        producer = await open_producer(self.kafka, "field")
        try:
            while True:
                table = self.table or await self.use_table_in_force()
                value = float(len(self.sent))
                ids = np.array([tag.tag_id for tag in table.tags if tag.kind == "measured"], np.int32)
                now = time.time_ns() // 1000
                batch = make_batch(
                    plant="mill", source="opcua", epoch=1, seq=len(self.sent), tag_table=table.name, origin="live",
                    tag_ids=ids, times=np.full(len(ids), now), values=np.full(len(ids), value),
                    quality=np.zeros(len(ids), np.uint32),
                )  # fmt: skip
                await producer.send_and_wait(topics.READINGS.name, encode(batch), partition=PARTITION)
                self.sent.append(value)
                await asyncio.sleep(0.05)
        finally:
            await producer.stop()

    async def said(self, topic: str, until: Callable[[list[bytes]], bool]) -> list[bytes]:
        """What the worker has said in a topic, read from its start until that is enough."""
        reader = await open_reader(self.kafka, "test")
        at = TopicPartition(topic, PARTITION)
        found: list[bytes] = []
        try:
            reader.assign([at])
            reader.seek(at, (await reader.beginning_offsets([at]))[at])
            async with asyncio.timeout(60):
                while not until(found):
                    found += [record.value for record in (await reader.getmany(at, timeout_ms=200)).get(at, [])]
        finally:
            await reader.stop()
        return found

    async def until_table(self, name: str, margin: int = 20) -> list[TwinChange]:
        """All changes until the worker has gone on for a while with the table of that name."""

        def enough(found: list[bytes]) -> bool:
            return sum(decode_change(raw).tag_table == name for raw in found) > margin

        return [decode_change(raw) for raw in await self.said(topics.TWIN.name, enough)]


@asynccontextmanager
async def running(kafka: KafkaConfig, dsn: str, tmp_path: Path) -> AsyncIterator[Service]:
    keys = tmp_path / "keys.json"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    keys.write_text(json.dumps({"keys": [{"name": "anna", "role": "engineer", "sha256": digest}]}))
    keys.chmod(0o600)
    app = create_app(ApiConfig(kafka, DatabaseConfig(dsn), keys, TicketConfig("b7a2f0f3c1d94e55a0c1")))
    stop = asyncio.Event()
    keeper = asyncio.create_task(run_keeper(KeeperConfig(kafka, DatabaseConfig(dsn)), Health("keeper"), stop))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        AsyncPlantClient(ClientConfig("http://api", KEY), transport=transport) as client,
    ):
        yield Service(kafka, dsn, client)
    stop.set()
    await asyncio.wait_for(keeper, 20)


async def test_tag_tables_a_revision_put_over_the_api_reaches_the_running_worker_without_a_lost_scan(
    broker: str, dsn: str, tmp_path: Path
) -> None:
    kafka = KafkaConfig(broker)
    await ensure_topics(kafka)
    script = str(Path(__file__).with_name("run_worker.py"))
    async with running(kafka, dsn, tmp_path) as service:
        first = await service.client.store_definition("mill", FIRST, etag=None)
        assert (first.revision, first.changed) == (1, True)
        before = await service.use_table_in_force()
        command = [sys.executable, "-W", "ignore", script, broker, dsn, "1.0"]
        with (tmp_path / "worker.log").open("wb") as log:
            worker = subprocess.Popen(command, stdout=log, stderr=log)
        feed = asyncio.create_task(service.feed())
        try:
            await service.until_table(before.name)
            text = await service.client.definition("mill")
            second = await service.client.patch_definition(
                "mill", [{"op": "add", "path": "/tags/-", "value": ADDED}], text.etag
            )
            assert second.revision == 2
            with pytest.raises(ConflictError):
                await service.client.store_definition("mill", FIRST, etag=text.etag)
            await service.client.store_prices("mill", [ItemPrice(item="steam", price="18 EUR/t")], etag=None)
            # The field goes on with the table it knows until it has learned of the new one.
            await asyncio.sleep(1.0)
            after = await service.use_table_in_force()
            changes = await service.until_table(after.name, margin=100)
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            await check_prices(service, after)
        finally:
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)
            worker.kill()
            worker.wait()
        await check_revisions(service)
        check_changes(changes, before, after)
        await check_scans(service, changes, before, after)


async def check_revisions(service: Service) -> None:
    """The API tells what was changed, and by whom; the file keeps its comments."""
    assert (await service.client.definition("mill")).startswith(FIRST.rstrip())
    notes = (await service.client.revisions("mill")).revisions
    assert [(note.revision, note.by) for note in notes] == [(1, "anna"), (2, "anna")]
    (change,) = (await service.client.difference("mill", 1, 2)).changes
    assert (change.kind, change.item) == ("added", "TI-4.PV")


def check_changes(changes: list[TwinChange], before: TagTable, after: TagTable) -> None:
    """One table after the other, and every reading between, in order."""
    tables = [change.tag_table for change in changes]
    assert tables == sorted(tables, key=[before.name, after.name].index)
    own = after.position("TI-1.PV")
    assert own == before.position("TI-1.PV")
    values = []
    for change in changes:
        positions = np.frombuffer(change.positions, "<i4").tolist()
        if own in positions:
            values.append(float(np.frombuffer(change.values, "<f8")[positions.index(own)]))
    distinct = list(dict.fromkeys(value for value in values if not np.isnan(value)))
    assert distinct == [float(n) for n in range(int(distinct[0]), int(distinct[0]) + len(distinct))]
    assert distinct[0] == 0.0
    newest = [np.frombuffer(c.values, "<f8") for c in changes if c.tag_table == after.name and c.full]
    assert newest, "the new table's first change carries every tag"


async def check_scans(service: Service, changes: list[TwinChange], before: TagTable, after: TagTable) -> None:
    """Each second in which something was read has its scan, over the revision too, unless the reading was late."""

    def enough(found: list[bytes]) -> bool:
        return any(msgspec.msgpack.decode(raw, type=DerivedScan).tag_table == after.name for raw in found)

    scans = [msgspec.msgpack.decode(raw, type=DerivedScan) for raw in await service.said(topics.SCORES.name, enough)]
    assert {scan.tag_table for scan in scans} == {before.name, after.name}
    times = list(dict.fromkeys(scan.scan_time for scan in scans))
    assert all(step > 0 and step % 1_000_000 == 0 for step in np.diff(times).tolist())
    read = {time for change in changes for time in np.frombuffer(change.times, "<i8").tolist()}
    seconds = {-(-time // 1_000_000) * 1_000_000 for time in read}
    lost = {second for second in seconds if times[0] <= second <= times[-1]} - set(times)
    assert len(lost) <= max(change.counts.get("late", 0) for change in changes)


async def check_prices(service: Service, table: TagTable) -> None:
    """The worker's own snapshot carries the price book."""
    pool = await open_pool(DatabaseConfig(service.dsn))
    try:
        async with asyncio.timeout(20):
            while True:
                saved = await newest_snapshot(pool, "mill")
                if saved is not None and snapshot.table_named_by(saved.state) == table.name:
                    twin, afresh = snapshot.restore(saved.state, table, saved.incarnation, lambda _name, _at: None)
                    if twin.prices.version:
                        break
                await asyncio.sleep(0.2)
    finally:
        await pool.close()
    assert afresh == ()
    assert [(price.item, str(price)) for price in twin.prices] == [("steam", "18.0 EUR/t")]
