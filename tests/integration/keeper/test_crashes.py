"""A keeper killed at any moment loses no event, and repeats none that a consumer would act on twice (rule outbox)."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from aiokafka import TopicPartition

from stream import topics
from stream.envelope import Control, decode
from stream.handlers.change_prices import ChangePrices, change_prices
from stream.handlers.store_plant import StorePlant, store_plant
from stream.kafka import KafkaConfig, ensure_topics, open_reader
from stream.scan.plant_twin import PlantTwin
from stream.store.database import DatabaseConfig, open_engine, open_pool
from stream.store.migrations import upgrade
from stream.store.plants import read_tag_table
from stream.store.unit_of_work import SqlUnitOfWork

SCRIPT = Path(__file__).with_name("run_keeper.py")
PLANT = """\
atlas: 1
plant: mill
name: Mill
sources:
  - {name: opcua, kind: opcua, endpoint: "opc.tcp://127.0.0.1:4840/mill"}
tags:
  - {name: TI-1.PV, description: Oven, unit: degC, range: [0, 300], address: ns=2;s=TI-1}
"""
POINTS = ("control_record", "event_partition", "mark_sent")


@dataclass
class Site:
    """A broker and a database, use cases that write into the outbox, and keepers that come and are killed."""

    kafka: KafkaConfig
    dsn: str
    unit: SqlUnitOfWork
    revision: int = 0

    def keeper(self, *die_at: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "ignore", str(SCRIPT), self.kafka.bootstrap, self.dsn, *die_at]
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    async def change(self) -> None:
        """A revision of the plant and a version of its prices: two events."""
        self.revision += 1
        n = self.revision
        text = PLANT.replace("Oven", f"Oven {n}")
        await store_plant(StorePlant(definition_text=text, expected_revision=n - 1, by="anna"), self.unit)
        entries = [{"item": "steam", "price": f"{n} EUR/t"}]
        await change_prices(ChangePrices(plant="mill", entries=entries, expected_version=n - 1), self.unit)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(query.encode()).fetchall()

    async def all_sent(self, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while self.ask("SELECT count(*) FROM outbox WHERE sent_at IS NULL") != [(0,)]:
            assert time.monotonic() < deadline, "events are still waiting"
            await asyncio.sleep(0.1)

    async def read(self, topic: str) -> list[Any]:
        """The records of the plant's partition, which is 0."""
        reader = await open_reader(self.kafka, "test")
        place = TopicPartition(topic, 0)
        found: list[Any] = []
        try:
            reader.assign([place])
            reader.seek(place, 0)
            end = (await reader.end_offsets([place]))[place]
            while await reader.position(place) < end:
                for records in (await reader.getmany(timeout_ms=500)).values():
                    found += records
        finally:
            await reader.stop()
        return found


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.real)])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    real = request.param == "real"
    broker = request.getfixturevalue("real_scratch_kafka" if real else "scratch_kafka")
    dsn: str = request.getfixturevalue("real_database_dsn" if real else "database_dsn")
    upgrade(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "TRUNCATE plant, plant_revision, price_book, tag, tag_table, outbox RESTART IDENTITY CASCADE"
        )
    kafka = KafkaConfig(broker.bootstrap if real else broker.address)
    await ensure_topics(kafka)
    engine = open_engine(DatabaseConfig(dsn))
    yield Site(kafka, dsn, SqlUnitOfWork(engine))
    await engine.dispose()


async def check(site: Site) -> int:
    """Every event came, in order, and counts once with whoever drops what it has seen; returns the repetitions."""
    written = site.ask("SELECT event_id, aggregate, version FROM outbox")
    events = [orjson.loads(record.value) for record in await site.read(topics.EVENTS.name)]
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        # A repeated one is the same to the letter.
        assert first.setdefault((event["source"], event["id"]), event) == event
    assert {(e["id"], e["subject"], e["version"]) for e in first.values()} == set(written)
    for aggregate in {row[1] for row in written}:
        versions = [event["version"] for event in first.values() if event["subject"] == aggregate]
        assert versions == list(range(1, len(versions) + 1))
    await check_twin(site)
    return len(events) - len(first)


async def check_twin(site: Site) -> None:
    """A twin takes each control record once, and ends with the newest revision and prices."""
    pool = await open_pool(DatabaseConfig(site.dsn))
    tables = {}
    for (name,) in site.ask("SELECT name FROM tag_table"):
        tables[name] = await read_tag_table(pool, name)
    await pool.close()
    oldest = min(tables.values(), key=lambda table: table.content.revision)
    twin = PlantTwin.new(oldest, "log", lambda name, _offset: tables[name])
    taken = []
    for record in await site.read(topics.READINGS.name):
        control = decode(record.value)
        assert isinstance(control, Control)
        before = twin.table.content.revision, twin.prices.version
        twin.apply(control, record.offset, record.timestamp * 1000)
        after = twin.table.content.revision, twin.prices.version
        if after != before:
            taken.append(control.identity)
    assert (twin.table.content.revision, twin.prices.version) == (site.revision, site.revision)
    # The first revision is the one that the twin began with.
    assert len(taken) == len(set(taken)) == 2 * site.revision - 1


@pytest.mark.parametrize("point", POINTS)
async def test_outbox_a_keeper_killed_at_this_point_loses_nothing_and_repeats_nothing_in_effect(
    site: Site, point: str
) -> None:
    for _ in range(3):
        await site.change()
    for nth in (1, 2, 1):
        killed = site.keeper(point, str(nth))
        assert await asyncio.to_thread(killed.wait, 60) == -signal.SIGKILL
        await site.change()
    last = site.keeper()
    try:
        await site.all_sent()
    finally:
        last.kill()
        last.wait()
    repeated = await check(site)
    # Only what was acknowledged and not yet marked comes twice: never more than one event for each kill.
    assert repeated == (3 if point == "mark_sent" else 0)


@pytest.mark.slow
async def test_outbox_a_keeper_killed_again_and_again_loses_nothing_and_repeats_nothing_in_effect(site: Site) -> None:
    rng = random.Random(7)  # noqa: S311
    for _ in range(6):
        killed = site.keeper()
        for _ in range(8):
            await site.change()
            await asyncio.sleep(rng.uniform(0, 0.15))
        killed.kill()
        killed.wait()
    last = site.keeper()
    try:
        await site.all_sent()
    finally:
        last.kill()
        last.wait()
    assert await check(site) <= 6


COMMAND = """
import asyncio, os, signal, sys
from stream.handlers.store_plant import StorePlant, store_plant
from stream.store.database import DatabaseConfig, open_engine
from stream.store.unit_of_work import SqlUnitOfWork

class Killed(SqlUnitOfWork):
    async def commit(self):
        if sys.argv[2] == "after":
            await super().commit()
        os.kill(os.getpid(), signal.SIGKILL)

command = StorePlant(definition_text=sys.argv[3])
asyncio.run(store_plant(command, Killed(open_engine(DatabaseConfig(sys.argv[1])))))
"""


@pytest.mark.parametrize(("moment", "left"), [("before", 0), ("after", 1)])
async def test_outbox_a_command_killed_beside_its_commit_leaves_both_revision_and_event_or_neither(
    site: Site, moment: str, left: int
) -> None:
    process = subprocess.Popen([sys.executable, "-c", COMMAND, site.dsn, moment, PLANT])
    assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    assert site.ask("SELECT (SELECT count(*) FROM plant), (SELECT count(*) FROM outbox)") == [(left, left)]
