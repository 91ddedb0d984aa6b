"""A stage: fresh servers, a schema, plants, and the service's processes; every measurement has one of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import psutil

from api.bench.processes import Processes, cpu_s
from api.cli import local_keys, run_plan
from api.client.config import ClientConfig
from api.supervision.child import ProcessSpec
from api.supervision.orphan_guard import OrphanGuard
from api.supervision.places import server_places
from stream.bench.backlog import make_log
from stream.bench.borrowed import fresh_database, fresh_log
from stream.bench.plants import BenchPlant, number_plants, store_plants
from stream.kafka import KafkaConfig
from stream.servers.find import choose
from stream.servers.port import Server, Servers, ServerSet
from stream.servers.process import ServerProcess
from stream.store.migrations import upgrade

Step = Callable[[str], None]
"""Told one short line whenever something goes on."""

_MEMORY_EVERY_S: Final = 1.0
_MB: Final = 1_000_000


@dataclass
class Stage:
    """What a measurement works with; `client` is how a viewer asks the API.

    The plants have their numbers, but are stored only by `store_plants`.
    """

    kafka: KafkaConfig
    database: str = field(repr=False)
    plants: list[BenchPlant]
    page: list[BenchPlant]
    processes: Processes
    servers: ServerSet
    client: ClientConfig

    async def store_plants(self) -> None:
        """Put all plants in force: processes that wait for their tag tables go on."""
        await store_plants(self.database, [*self.plants, *self.page])

    def cpu_s(self) -> dict[str, float]:
        """Processor time taken so far, by process, the servers' included where they are ours; seconds."""
        servers = {name: sum(cpu_s(pid) for pid in pids) for name, pids in self._server_pids().items()}
        return self.processes.cpu_s() | servers

    def _server_pids(self) -> dict[str, list[int]]:
        return {
            name: [process.pid for server in servers if (process := _main_process(server)) is not None]
            for name, servers in (("kafka", self.servers.brokers), ("database", self.servers.databases))
        }

    async def watch_servers(self) -> None:
        """Note the servers' memory for ever; run as a task."""
        while True:
            for name, servers in (("kafka", self.servers.brokers), ("database", self.servers.databases)):
                used = sum(server.memory_bytes() for server in servers) / _MB
                self.processes.peaks_mb[name] = max(self.processes.peaks_mb.get(name, 0.0), used)
            await asyncio.sleep(_MEMORY_EVERY_S)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Where stages are set up: servers of which kind, in which folder; addresses for external ones."""

    kind: str
    folder: Path
    kafka: str = ""
    database: str = field(default="", repr=False)

    @asynccontextmanager
    async def stage(self, name: str, plants: int, tags: int, *, page_tags: int = 0) -> AsyncIterator[Stage]:
        """Set a stage up, and clear it away afterwards with all its data."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        async with AsyncExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            servers = choose(self.kind, server_places(folder, self.kafka, self.database))
            addresses = await stack.enter_async_context(_started(servers, folder))
            specs, client = _processes(folder, addresses)
            kafka = KafkaConfig(addresses.kafka)
            await make_log(kafka)
            await asyncio.to_thread(upgrade, addresses.database)
            stage = Stage(
                kafka=kafka,
                database=addresses.database,
                plants=await number_plants(addresses.database, plants, tags),
                page=await number_plants(addresses.database, 1, page_tags, "page", plants) if page_tags else [],
                processes=Processes(specs, folder / "logs"),
                servers=servers,
                client=client,
            )
            stack.push_async_callback(stage.processes.stop_all)
            await stack.enter_async_context(_watched(stage))
            yield stage


@asynccontextmanager
async def _started(servers: ServerSet, folder: Path) -> AsyncIterator[Servers]:
    """Servers with nothing in them: ours are made for it, external ones lend a database and an empty Kafka."""
    if servers.kind == "external":
        addresses = await asyncio.to_thread(servers.start)
        async with fresh_log(KafkaConfig(addresses.kafka)), fresh_database(addresses.database) as database:
            yield replace(addresses, database=database)
        return
    guard = OrphanGuard(folder, servers.kind)
    await guard.start()
    try:
        yield await asyncio.to_thread(servers.start)
    finally:
        await asyncio.to_thread(_wipe, servers)
        await guard.dismiss()


def _wipe(servers: ServerSet) -> None:
    for server in (*servers.brokers, *servers.databases):
        server.wipe()


@asynccontextmanager
async def _watched(stage: Stage) -> AsyncIterator[None]:
    watch = asyncio.create_task(stage.watch_servers())
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


def _processes(folder: Path, servers: Servers) -> tuple[dict[str, ProcessSpec], ClientConfig]:
    """The processes that a run of no plants has, by name, and how a viewer asks the API."""
    request = run_plan.RunRequest("bench", folder, plants=(), simulated=False, api_port=0, dashboard_port=0)
    keys, secret = local_keys.ensure(folder), local_keys.ensure_ticket_secret(folder)
    places = replace(run_plan.choose_addresses(request), kafka=servers.kafka, database=servers.database)
    variables = run_plan.environment(request, places, keys, secret)
    specs = {spec.name: spec for spec in run_plan.processes(places, variables, keys)}
    return specs, ClientConfig(places.api, keys.viewer)


def _main_process(server: Server) -> psutil.Process | None:
    process = getattr(server, "process", None)
    return process.find() if isinstance(process, ServerProcess) else None
