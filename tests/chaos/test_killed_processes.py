"""Kill -9 of every process in turn while the plants run: nothing lost, nothing doubled, and the twin is its log's."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stream.kafka import KafkaConfig, ensure_topics, open_reader
from stream.recovery import TwinsOfPartition, rebuild
from stream.scan import snapshot
from stream.store.database import DatabaseConfig, open_pool
from stream.store.plants import list_plants
from stream.store.snapshots import newest_snapshot
from stream.store.worker_store import SqlWorkerStore
from stream.tag_tables import TagTables
from stream.topics import partition_of

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", params=["embedded", "real"])
def system(request: pytest.FixtureRequest, start_system: Callable[..., Iterator[Any]]) -> Iterator[Any]:
    if request.param == "embedded":
        yield from start_system("embedded", {})
        return
    servers = request.getfixturevalue("real_servers")
    dsn = request.getfixturevalue("real_database_dsn")
    yield from start_system("external", {"ATLAS_KAFKA": servers.kafka, "ATLAS_DATABASE": dsn})


async def differing_twins(kafka: str, dsn: str) -> tuple[int, list[str]]:
    """How many plants' newest snapshots were compared with a fresh replay of their partition, and which differ."""
    config, differing, compared = KafkaConfig(kafka), [], 0
    incarnation = await ensure_topics(config)
    pool = await open_pool(DatabaseConfig(dsn))
    reader = await open_reader(config, "chaos")
    try:
        for plant in await list_plants(pool):
            saved = await newest_snapshot(pool, plant.plant)
            assert saved is not None, f"{plant.plant} has no snapshot"
            assert saved.incarnation == incarnation
            tables = TagTables(SqlWorkerStore(pool), incarnation, patience_s=0.1)
            fresh = TwinsOfPartition(partition_of(plant.number), incarnation, tables)
            await rebuild(reader, fresh, saved.offset)
            compared += 1
            if snapshot.save(fresh.twins[plant.plant]) != saved.state:
                differing.append(str(plant.plant))
    finally:
        await reader.stop()
        await pool.close()
    return compared, differing


def test_killed_in_turn_nothing_is_lost_or_doubled_and_the_twin_equals_its_replay(system: Any) -> None:
    system.wait_healthy()
    assert system.check_against_ledgers() > 1000
    for name in ("connector", "worker", "historian", "keeper", "api"):
        before = system.pid(name)
        system.kill(name)
        system.wait_until(f"{name} restarted", lambda n=name, b=before: system.pid(n) not in (None, b))  # type: ignore[misc]
        time.sleep(3)
    system.wait_healthy()
    readings = system.check_against_ledgers()
    kafka, dsn = system.kafka, system.database
    # A worker that is told to stop saves a snapshot of where it stands.
    before = system.pid("worker")
    system.kill("worker", signal.SIGTERM)
    system.wait_until("worker restarted", lambda: system.pid("worker") not in (None, before))
    compared, differing = asyncio.run(differing_twins(kafka, dsn))
    assert compared == len(system.ledgers())
    assert differing == []
    print(f"{readings} readings as offered, {compared} twins as replayed")
