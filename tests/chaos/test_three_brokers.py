"""A system on three brokers of Apache Kafka: the one that leads a plant's partition is killed, and comes back."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from stream import topics
from tests.chaos.checks import check
from tests.chaos.live_system import LiveSystem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def system(
    real_own_cluster: Any, real_own_database: Any, start_system: Callable[..., Iterator[Any]]
) -> Iterator[LiveSystem]:
    yield from start_system("external", real_own_cluster.bootstrap, real_own_database.url)


async def leader(system: LiveSystem, plant: str) -> int:
    """The number of the broker that leads a plant's partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.kafka.bootstrap)
    await admin.start()
    try:
        (topic,) = await admin.describe_topics([topics.READINGS.name])
    finally:
        await admin.close()
    partition = await asyncio.to_thread(system.partition, plant)
    return next(int(each["leader"]) for each in topic["partitions"] if each["partition"] == partition)


def test_the_leader_of_a_plants_partition_killed_and_started(system: LiveSystem, real_own_cluster: Any) -> None:
    number = asyncio.run(leader(system, "williams-otto"))
    broker = real_own_cluster.brokers[number - 1]
    broker.kill()
    check(system)
    assert asyncio.run(leader(system, "williams-otto")) != number
    broker.start()
    check(system)
