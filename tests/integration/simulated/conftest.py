"""Simulated plants served on free ports, and a client of them, for the tests of this folder."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.common.node import Node

from connectors.simulated.config import ScheduleConfig, SimulatedPlantConfig, SimulatedPlantsConfig
from connectors.simulated.ledger import read_ledger
from connectors.simulated.process import run_simulated_plants

_START_S = 30.0
_STOP_S = 15.0


@dataclass
class Said:
    """What a process said of its conditions, newest last."""

    conditions: dict[str, tuple[bool, str]] = field(default_factory=dict)

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        self.conditions[condition] = (ok, detail)

    def of(self, plant: str) -> tuple[bool, str]:
        return self.conditions.get(f"plant {plant}", (False, ""))


@dataclass
class Collector:
    """Every value that a subscription delivers, with its status and source time, by the node's name."""

    subscription_id: int = 0
    youngest_s: float = float("inf")
    """The least age at which a value has arrived; negative for one from the future."""
    values: list[tuple[str, Any, int, datetime]] = field(default_factory=list)

    def datachange_notification(self, node: Node, value: Any, data: Any) -> None:
        shown = data.monitored_item.Value
        age = datetime.now(UTC) - shown.SourceTimestamp.replace(tzinfo=UTC)
        self.youngest_s = min(self.youngest_s, age.total_seconds())
        self.values.append((node.nodeid.Identifier, value, shown.StatusCode.value, shown.SourceTimestamp))


@dataclass
class RunningPlants:
    """One process of simulated plants; `config` is its first plant's."""

    config: SimulatedPlantConfig
    said: Said
    stop: asyncio.Event
    task: "asyncio.Task[None]"

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, _STOP_S)


class Plants:
    """Starts plants in a folder of the test's own, and speaks to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[RunningPlants] = []

    def config(self, **changes: Any) -> SimulatedPlantConfig:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = {
            "plant": "williams-otto",
            "port": port,
            "folder": self.folder,
            "history_hours": 1.0,
            "schedule": ScheduleConfig(on=False),
        }
        return SimulatedPlantConfig(**{**settings, **changes})

    async def begin(self, *configs: SimulatedPlantConfig) -> RunningPlants:
        """Start without waiting."""
        said, stop = Said(), asyncio.Event()
        task = asyncio.create_task(run_simulated_plants(SimulatedPlantsConfig(plants=configs), stop, said))
        running = RunningPlants(configs[0], said, stop, task)
        self._running.append(running)
        return running

    async def start(self, *configs: SimulatedPlantConfig) -> RunningPlants:
        """Start and wait until the first plant listens."""
        running = await self.begin(*configs)
        await self.until(lambda: running.said.of(configs[0].plant)[0], _START_S)
        return running

    async def end_all(self) -> None:
        for running in self._running:
            if not running.task.done():
                await running.end()

    @staticmethod
    async def until(what: Callable[[], Any] | Callable[[], Awaitable[Any]], seconds: float = 8.0) -> None:
        """Wait until `what` answers true."""
        async with asyncio.timeout(seconds):
            while True:
                answer = what()
                if await answer if asyncio.iscoroutine(answer) else answer:
                    return
                await asyncio.sleep(0.05)

    @staticmethod
    def node(client: Client, name: str) -> Node:
        return client.get_node(f"ns=2;s={name}")

    async def shows(self, client: Client, name: str, wanted: Callable[[Any], bool], seconds: float = 4.0) -> None:
        """Wait until a node shows a wanted value."""

        async def answer() -> bool:
            return wanted(await self.node(client, name).read_value())

        await self.until(answer, seconds)

    async def command(self, client: Client, name: str, *arguments: ua.Variant) -> None:
        await self.node(client, "Commands").call_method(f"2:{name}", *arguments)

    async def subscribe(self, client: Client, names: list[str]) -> Collector:
        """Subscribe as the connector does: every status, value and time, with a queue."""
        collector = Collector()
        subscription = await client.create_subscription(200, collector)
        collector.subscription_id = subscription.subscription_id
        every = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        nodes = [self.node(client, name) for name in names]
        await subscription._subscribe(nodes, ua.AttributeIds.Value, every, queuesize=100)
        return collector

    @staticmethod
    def ledger(config: SimulatedPlantConfig, name: str) -> dict[int, tuple[float, int]]:
        """Value and status by source time (microseconds) of one signal."""
        content = read_ledger(config.ledger)
        mine = content.tags == content.names.index(name)
        columns = (content.times_us, content.values, content.statuses)
        return {at: (value, status) for at, value, status in zip(*(c[mine].tolist() for c in columns), strict=True)}

    @staticmethod
    def us(moment: datetime | None) -> int:
        """Microseconds UTC of a time as asyncua gives it."""
        assert moment is not None
        return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.fixture
async def plants(tmp_path: Path) -> AsyncIterator[Plants]:
    """Plants of this test's own; what it leaves running is ended."""
    mine = Plants(tmp_path)
    yield mine
    await mine.end_all()


@pytest.fixture
async def running(plants: Plants) -> RunningPlants:
    """A Williams-Otto reactor, live, with an hour of history and no schedule."""
    return await plants.start(plants.config())


@pytest.fixture
async def client(running: RunningPlants) -> AsyncIterator[Client]:
    """A client of `running`."""
    async with Client(running.config.endpoint) as connected:
        yield connected
