import asyncio

import pytest

from api.supervision import server_claim
from api.supervision.server_keeper import ServerKeeper
from stream.servers.errors import ServerStartError


class ToyServer:
    def __init__(self, name: str) -> None:
        self.name = name
        self.address = "127.0.0.1:1"
        self.alive = True
        self.memory = 10
        self.calls: list[str] = []
        self.broken = 0

    def start(self, progress=None) -> None:
        self.calls.append("start")
        if self.broken:
            self.broken -= 1
            raise ServerStartError(f"{self.name} was not ready")
        self.alive, self.memory = True, 10

    def stop(self) -> None:
        self.calls.append("stop")
        self.alive = False

    def is_running(self) -> bool:
        return self.alive

    def memory_bytes(self) -> int:
        return self.memory


class ToyServers:
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.broker, self.database = ToyServer("kafka"), ToyServer("database")
        self.brokers, self.databases = (self.broker,), (self.database,)


@pytest.fixture
async def watched():
    """Starts keepers, and ends them with the test."""
    tasks = []

    def watch(servers, **settings):
        keeper = ServerKeeper(servers, every_s=0.005, **settings)
        tasks.append(asyncio.create_task(keeper.run()))
        return keeper

    yield watch
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


async def test_a_dead_server_is_started_again_and_counted(watched):
    servers = ToyServers("embedded")
    keeper = watched(servers)
    servers.database.alive = False
    await until(lambda: servers.database.alive)
    await until(lambda: keeper.processes[1].state == "up")
    assert keeper.processes[1].restarts == 1
    assert servers.broker.calls == []


async def test_the_embedded_broker_is_started_anew_above_its_limit(watched):
    servers = ToyServers("embedded")
    keeper = watched(servers, largest_broker=100)
    servers.broker.memory = servers.database.memory = 101
    await until(lambda: servers.broker.calls == ["stop", "start"])
    assert servers.database.calls == []
    await until(lambda: keeper.processes[0].restarts == 1)


async def test_a_real_broker_may_take_the_memory_it_needs(watched):
    servers = ToyServers("native")
    watched(servers, largest_broker=100)
    servers.broker.memory = 10**12
    await asyncio.sleep(0.05)
    assert servers.broker.calls == []


async def test_a_server_that_cannot_be_started_is_tried_again_with_growing_pauses(watched):
    clock = [0.0]
    servers = ToyServers("embedded")
    keeper = watched(servers, now=lambda: clock[0])
    servers.broker.broken, servers.broker.alive = 2, False
    await until(lambda: servers.broker.calls == ["start"])
    await until(lambda: keeper.processes[0].detail == "kafka was not ready")
    await asyncio.sleep(0.03)
    assert servers.broker.calls == ["start"]
    clock[0] += 1.1
    await until(lambda: servers.broker.calls == ["start"] * 2)
    clock[0] += 1.1
    await asyncio.sleep(0.03)
    assert servers.broker.calls == ["start"] * 2, "the second pause is 2 s"
    clock[0] += 1.0
    await until(lambda: keeper.processes[0].state == "up")


class ClaimedServers(ToyServers):
    def __init__(self, kind: str, running: bool) -> None:
        super().__init__(kind)
        self.is_up = running

    def running(self):
        return object() if self.is_up else None


def test_a_run_stops_only_servers_that_are_its_own(tmp_path):
    assert not server_claim.claim(ClaimedServers("native", running=True), tmp_path), "'make servers' started these"
    assert not server_claim.claim(ClaimedServers("external", running=True), tmp_path)
    assert server_claim.claim(ClaimedServers("native", running=False), tmp_path)
    assert server_claim.claim(ClaimedServers("native", running=True), tmp_path), "a killed run left these"
    server_claim.release(tmp_path)
    assert not server_claim.claim(ClaimedServers("native", running=True), tmp_path)


@pytest.mark.parametrize(("kind", "told"), [("embedded", True), ("native", False)])
async def test_log_may_vanish_writers_end_before_a_broker_that_forgets_is_started_anew(watched, kind, told):
    servers = ToyServers(kind)
    calls = servers.broker.calls
    watched(servers, before_forgetting=lambda: calls.append("writers end"))
    servers.database.alive = False
    await until(lambda: servers.database.alive)
    assert calls == []
    servers.broker.alive = False
    await until(lambda: servers.broker.alive)
    assert calls == (["writers end"] if told else []) + ["start"]
