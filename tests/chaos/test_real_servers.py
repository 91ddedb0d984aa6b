"""A system on a broker of Apache Kafka and a TimescaleDB of its own, hurt in one way after the other.

After each hurt the table is the ledger, the order in the log is whole, and the twins are their partition's.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asyncua import Client, ua

from tests.chaos.checks import check, check_carried_state, check_twins
from tests.chaos.live_system import LiveSystem
from tests.chaos.table_check import last_stored

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def system(real_own_kafka: Any, real_own_database: Any, start_system: Callable[..., Iterator[Any]]) -> Iterator[Any]:
    yield from start_system("external", real_own_kafka.bootstrap, real_own_database.url)


def test_each_process_killed_in_turn(system: LiveSystem) -> None:
    killed = {}
    for name in ("connector", "worker", "historian", "keeper", "runner", "api"):
        killed[name] = system.kill(name)
        time.sleep(1)
    for name, pid in killed.items():
        system.wait_up(name, pid)
    check(system)
    check_carried_state(system)


def test_the_broker_killed_and_started(system: LiveSystem, real_own_kafka: Any) -> None:
    (broker,) = real_own_kafka.brokers
    broker.kill()
    time.sleep(3)
    broker.start()
    check(system)


def test_the_database_killed_and_started(system: LiveSystem, real_own_database: Any) -> None:
    real_own_database.kill()
    time.sleep(3)
    real_own_database.start()
    check(system)


def test_the_broker_stalled_for_four_seconds(system: LiveSystem, real_own_kafka: Any) -> None:
    (broker,) = real_own_kafka.brokers
    broker.pause()
    time.sleep(4)
    broker.resume()
    check(system)


def test_the_lines_to_the_plants_cut(system: LiveSystem) -> None:
    for line in system.lines.values():
        line.cut(2)
    check(system)


def test_named_outputs_a_paused_worker_that_comes_back_after_its_partitions_moved(system: LiveSystem) -> None:
    second = system.second("worker", "work")
    system.kill("worker", signal.SIGSTOP)
    try:
        # Of what comes from now on, only the second one can speak: it has taken over all that the first one had.
        check_twins(system)
    finally:
        system.kill("worker", signal.SIGCONT)
    time.sleep(5)
    check_twins(system)
    second.send_signal(signal.SIGTERM)
    assert second.wait(30) == 0
    check(system)
    check_carried_state(system)


def test_log_may_vanish_a_wiped_broker(system: LiveSystem, real_own_kafka: Any) -> None:
    events: list[Any] = []
    threading.Thread(target=follow, args=(system, "williams-otto", events), daemon=True).start()
    system.wait_until("a first live event", lambda: len(events) > 1)
    before = events[-1].id.partition(":")[0]
    # Stored, and in no snapshot: nobody sends it again, and the twin must still know it.
    change_setpoint(system, "williams-otto", "FIC-102.SP")
    (broker,) = real_own_kafka.brokers
    broker.wipe()
    broker.start()
    system.wait_until("the live stream in another log", lambda: not events[-1].id.startswith(before))
    first = next(event for event in events if not event.id.startswith(before))
    assert first.kind == "reset"
    check(system)
    check_carried_state(system)


def follow(system: LiveSystem, plant: str, events: list[Any]) -> None:
    with system.client() as client:
        for event in client.live(plant):
            events.append(event)


def change_setpoint(system: LiveSystem, plant: str, tag: str) -> None:
    """Change a setpoint a little, and wait until that is stored."""

    async def change() -> None:
        async with Client(f"opc.tcp://127.0.0.1:{system.lines[plant].target}/{plant}") as client:
            node = client.get_node(f"ns=2;s={tag}")
            value = await node.read_value()
            await node.write_value(value * 1.001, ua.VariantType.Double)

    before = last_stored(system, plant)[tag]
    asyncio.run(change())
    system.wait_until("the setpoint stored", lambda: last_stored(system, plant)[tag] > before)
