"""The keeper's duties on a real database and broker."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from stream import topics
from stream.envelope import Control, ReadingBatch, decode, encode, make_batch
from stream.health import Health
from stream.historian.letters import Origin, insert_letters, of_batch, unreadable
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader
from stream.keeper import KeeperConfig, run_keeper
from stream.keeper.letters import newest_letters, publish_letters, release_letters
from stream.keeper.relay import relay_events
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig, connect
from stream.store.errors import UnreleasableLetterError
from stream.store.outbox import OutboxEvent, add_event, claim_relay, mark_sent

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
async def kafka(scratch_kafka: TansuBroker) -> KafkaConfig:
    config = KafkaConfig(scratch_kafka.address)
    await ensure_topics(config)
    return config


@pytest.fixture
async def producer(kafka: KafkaConfig) -> AsyncIterator[AIOKafkaProducer]:
    opened = await open_producer(kafka, "test")
    yield opened
    await opened.stop()


def revised(version: int, plant: str = "boiler", number: int = 5) -> OutboxEvent:
    content = {"plant": plant, "number": number, "tag_table": f"table{version}", "revision": version}
    return OutboxEvent(f"{plant}-{version}", f"plant/{plant}", version, "PlantRevised", content, NOW)


async def read(kafka: KafkaConfig, topic: str, partition: int) -> list[bytes]:
    reader = await open_reader(kafka, "test")
    place = TopicPartition(topic, partition)
    found: list[bytes] = []
    try:
        reader.assign([place])
        reader.seek(place, 0)
        end = (await reader.end_offsets([place]))[place]
        while len(found) < end:
            for records in (await reader.getmany(timeout_ms=500)).values():
                found += [record.value for record in records]
    finally:
        await reader.stop()
    return found


async def test_outbox_an_event_reaches_the_twins_and_the_world_once(conn: Any, kafka: Any, producer: Any) -> None:
    for version in (1, 2):
        await add_event(conn, revised(version))
    assert await relay_events(conn, producer, NOW) == 2
    assert await relay_events(conn, producer, NOW) == 0
    events = [orjson.loads(raw) for raw in await read(kafka, topics.EVENTS.name, 5)]
    assert [(event["id"], event["type"], event["specversion"]) for event in events] == [
        ("boiler-1", "atlas.PlantRevised", "1.0"),
        ("boiler-2", "atlas.PlantRevised", "1.0"),
    ]
    assert events[0]["data"]["tag_table"] == "table1"
    controls = [decode(raw) for raw in await read(kafka, topics.READINGS.name, 5)]
    assert controls == [
        Control(
            plant="boiler",
            identity=f"boiler-{n}",
            action="revise",
            content={"tag_table": f"table{n}", "revision": n},
        )
        for n in (1, 2)
    ]


async def test_outbox_changed_prices_reach_the_twins_as_control_records(conn: Any, kafka: Any, producer: Any) -> None:
    entries = [{"item": "steam", "price": "18.0 EUR/t", "from": None, "until": None}]
    content = {"plant": "boiler", "number": 5, "version": 2, "entries": entries}
    await add_event(conn, OutboxEvent("e1", "prices/boiler", 2, "PricesChanged", content, NOW))
    portfolio = {"portfolio": "rhine", "name": "Rhine", "revision": 1}
    await add_event(conn, OutboxEvent("e2", "portfolio/rhine", 1, "PortfolioRevised", portfolio, NOW))
    assert await relay_events(conn, producer, NOW) == 2
    assert [decode(raw) for raw in await read(kafka, topics.READINGS.name, 5)] == [
        Control(plant="boiler", identity="e1", action="prices", content={"version": 2, "entries": entries})
    ]
    (event,) = [orjson.loads(raw) for raw in await read(kafka, topics.EVENTS.name, 5)]
    assert (event["source"], event["version"], event["data"]) == ("/prices/boiler", 2, content)


async def test_outbox_a_relay_killed_before_its_mark_sends_the_same_identity_again(
    dsn: str, conn: Any, kafka: Any, producer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_event(conn, revised(1))
    await add_event(conn, revised(2))

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("stream.keeper.relay.mark_sent", die)
        with pytest.raises(KeyboardInterrupt):
            await relay_events(conn, producer, NOW)
    again = await connect(DatabaseConfig(dsn), autocommit=True)
    await relay_events(again, producer, NOW)
    await again.close()
    ids = [orjson.loads(raw)["id"] for raw in await read(kafka, topics.EVENTS.name, 5)]
    assert ids == ["boiler-1", "boiler-1", "boiler-2"]


async def test_outbox_a_late_commit_is_not_passed_over(dsn: str, conn: Any, kafka: Any, producer: Any) -> None:
    late = await connect(DatabaseConfig(dsn))
    await add_event(late, revised(1, "kiln", 6))
    await add_event(conn, revised(1))
    assert await relay_events(conn, producer, NOW) == 1
    await late.commit()
    await late.close()
    assert await relay_events(conn, producer, NOW) == 1
    assert len(await read(kafka, topics.EVENTS.name, 6)) == 1


async def test_outbox_there_is_one_relay(dsn: str, conn: Any) -> None:
    other = await connect(DatabaseConfig(dsn), autocommit=True)
    assert await claim_relay(conn)
    assert not await claim_relay(other)
    await conn.close()
    for _ in range(50):
        if await claim_relay(other):
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the lock did not pass to the other relay")
    await other.close()


async def test_a_mark_counts_once(conn: Any) -> None:
    await add_event(conn, revised(1))
    await mark_sent(conn, "boiler-1", NOW)
    await mark_sent(conn, "boiler-1", datetime(2027, 1, 1, tzinfo=UTC))
    assert await (await conn.execute("SELECT sent_at FROM outbox")).fetchall() == [(NOW,)]


def refused() -> ReadingBatch:
    return make_batch(
        plant="boiler",
        source="opcua",
        epoch=7,
        seq=3,
        tag_table="f" * 16,
        origin="live",
        tag_ids=np.arange(2, dtype=np.int32),
        times=np.arange(2, dtype=np.int64),
        values=np.ones(2),
        quality=np.zeros(2, np.uint32),
    )


async def test_tag_tables_refused_batches_are_released_as_corrections_under_a_number_of_their_own(
    conn: Any, kafka: Any, producer: Any
) -> None:
    origin = Origin(topics.READINGS.name, 5, 9, "boiler", "opcua")
    letters = of_batch(origin, "no table", refused()) + of_batch(
        dataclasses.replace(origin, offset=10), "no table", refused()
    )
    await insert_letters(conn, "log-a", [*letters, unreadable(Origin("t", 1, 2), "bad", b"x")], NOW)
    assert await publish_letters(conn, producer, NOW) == 3
    assert await publish_letters(conn, producer, NOW) == 0
    published = [orjson.loads(raw) for raw in await read(kafka, topics.DEADLETTER.name, 0)]
    assert [(letter["offset"], letter["reason"]) for letter in published] == [
        (9, "no table"),
        (10, "no table"),
        (2, "bad"),
    ]
    with pytest.raises(UnreleasableLetterError, match="no whole batch"):
        await release_letters(conn, producer, [1, 2, 3], NOW, lambda: 99)
    assert await release_letters(conn, producer, [1, 2], NOW, lambda: 99) == 2
    assert [(each.id, each.fate, each.reason) for each in await newest_letters(conn, 2)] == [
        (3, "", "bad"),
        (2, "released", "no table"),
    ]
    assert [each.id for each in await newest_letters(conn, 9, "boiler")] == [2, 1]
    with pytest.raises(UnreleasableLetterError, match="before"):
        await release_letters(conn, producer, [1], NOW, lambda: 100)
    sent = [decode(raw) for raw in await read(kafka, topics.READINGS.name, 5)]
    assert [
        (one.source, one.epoch, one.seq, one.origin, one.tag_ids) for one in sent if isinstance(one, ReadingBatch)
    ] == [("opcua/released", 99, seq, "correction", refused().tag_ids) for seq in (0, 1)]


async def test_tag_tables_refused_batches_are_listed_and_released_by_command(
    dsn: str, conn: Any, kafka: Any, producer: Any
) -> None:
    def atlas(*arguments: str) -> str:
        environment = {"ATLAS_DATABASE": dsn, "ATLAS_KAFKA": kafka.bootstrap, "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", "letters", *arguments],
            capture_output=True, text=True, timeout=60, env=environment, check=True,
        )  # fmt: skip
        return done.stdout

    assert "no dead letters" in await asyncio.to_thread(atlas, "list")
    origin = Origin(topics.READINGS.name, 5, 9, "boiler", "opcua")
    await insert_letters(conn, "log-a", of_batch(origin, "no table", refused()), NOW)
    (letter,) = await newest_letters(conn, 9)
    assert "releasable" in await asyncio.to_thread(atlas, "list", "--plant", "boiler")
    assert "1 batch is on the way" in await asyncio.to_thread(atlas, "release", str(letter.id))
    (sent,) = [decode(raw) for raw in await read(kafka, topics.READINGS.name, 5)]
    assert isinstance(sent, ReadingBatch)
    assert (sent.source, sent.origin) == ("opcua/released", "correction")
    assert "released" in await asyncio.to_thread(atlas, "list")


async def test_the_process_keeps_all_its_duties(dsn: str, conn: Any, kafka: Any, make_rows: Any, write: Any) -> None:
    await add_event(conn, revised(1))
    await insert_letters(conn, "log-a", [unreadable(Origin("t", 1, 2), "bad", b"x")], NOW)
    await write(make_rows([1], 1_795_000_000_000_000 - np.arange(5) * 60_000_000))
    health, stop = Health("keeper"), asyncio.Event()
    task = asyncio.create_task(run_keeper(KeeperConfig(kafka, DatabaseConfig(dsn)), health, stop))
    query = (
        "SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL), (SELECT count(*) FROM dirty_range),"
        " (SELECT count(*) FROM dead_letter WHERE published_at IS NULL)"
    )
    for _ in range(200):
        if (await (await conn.execute(query)).fetchone()) == (0, 0, 0):
            break
        await asyncio.sleep(0.05)
        assert not task.done()
    else:
        pytest.fail("something is still waiting")
    # A broken connection is taken up again.
    await conn.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await add_event(conn, revised(2))
    for _ in range(200):
        if (await (await conn.execute(query)).fetchone()) == (0, 0, 0):
            break
        await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert len(await read(kafka, topics.EVENTS.name, 5)) == 2
    assert {"relay", "rollups", "retention", "kafka"} <= set(health.report()["conditions"])
    assert encode(decode((await read(kafka, topics.READINGS.name, 5))[0]))
