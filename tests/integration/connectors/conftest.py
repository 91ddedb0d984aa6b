"""Fields to connect to: a TCP proxy that can be cut, an OPC UA server of each of two makes, and a source on them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asyncua import Server, ua

from connectors.opcua.source import OpcUaSource
from connectors.outlet import Outlet
from connectors.port import SourceContext
from connectors.spool import Spool, open_spool
from stream.envelope import ReadingBatch, decode
from twin.atlas.tags import Tag

NODE_SERVER = Path(__file__).with_name("node_server.js")


@pytest.fixture(autouse=True)
def quiet_client() -> None:
    """Without the client library's own words on every cut of the line."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
    """Wait until something holds, or fail saying what did not."""
    try:
        async with asyncio.timeout(timeout_s):
            while not holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"not within {timeout_s:g} s: {what}")


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Wait until something holds; see `wait_until`."""
    return wait_until


class Proxy:
    """A TCP proxy: `cut` ends all connections and lets nobody in until `mend`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
        self._writers -= {writer, back}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


@pytest.fixture
async def proxy_to() -> AsyncIterator[Callable[[int], Awaitable[Proxy]]]:
    """Put a proxy before a port."""
    made: list[Proxy] = []

    async def make(port: int) -> Proxy:
        made.append(Proxy(port))
        await made[-1].mend()
        return made[-1]

    yield make
    for proxy in made:
        await proxy.cut()


@dataclass
class Written:
    """What a server offered: (tag number, time in us, value), in order."""

    readings: list[tuple[int, int, float]] = field(default_factory=list)

    def of(self, tag_id: int) -> list[tuple[int, float]]:
        return [(time, value) for tag, time, value in self.readings if tag == tag_id]


class AsyncuaField:
    """A server by asyncua with Double nodes `ns=2;s=T<n>`, written every `period_s`; `history` outlives restarts."""

    def __init__(self, tags: int, period_s: float, history: bool) -> None:
        self.port = free_port()
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}"
        self.written = Written()
        self.server: Server | None = None
        self._tags = tags
        self._period_s = period_s
        self._kept: list[list[ua.DataValue]] | None = [[] for _ in range(tags)] if history else None
        self._writer: asyncio.Task[None] | None = None
        self._count = 0

    async def start(self) -> None:
        server = Server()
        await server.init()
        server.set_endpoint(self.endpoint)
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        await server.register_namespace("urn:test:field")
        for number in range(self._tags):
            node = await server.nodes.objects.add_variable(ua.NodeId(f"T{number}", 2), f"T{number}", 0.0)
            if self._kept is not None:
                await server.iserver.history_manager.storage.new_historized_node(node.nodeid, None, 0)
                for value in self._kept[number]:
                    await server.iserver.history_manager.storage.save_node_value(node.nodeid, value)
        self.server = server
        await self.write()
        await server.start()
        self._writer = asyncio.create_task(self._write_on())

    async def add(self, name: str) -> None:
        assert self.server is not None
        await self.server.nodes.objects.add_variable(ua.NodeId(name, 2), name, 1.0)

    async def pause(self) -> None:
        """Report nothing more of itself."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def stop(self) -> None:
        await self.pause()
        server, self.server = self.server, None
        if server is not None:
            await server.stop()

    async def report(self, name: str, value: ua.DataValue) -> None:
        """Report a value of a node."""
        assert self.server is not None
        await self.server.write_attribute_value(ua.NodeId(name, 2), value)

    async def write(self) -> None:
        """Report the next value of every tag; while nobody serves, it is kept for history alone."""
        self._count += 1
        now = datetime.now(UTC)
        for number in range(self._tags):
            written = float(self._count * 10_000 + number)
            value = ua.DataValue(ua.Variant(written, ua.VariantType.Double), SourceTimestamp=now, ServerTimestamp=now)
            self.written.readings.append((number + 1, round(now.timestamp() * 1e6), written))
            if self._kept is not None:
                self._kept[number].append(value)
            if self.server is None:
                continue
            if self._kept is not None:
                storage = self.server.iserver.history_manager.storage
                await storage.save_node_value(ua.NodeId(f"T{number}", 2), value)
            await self.report(f"T{number}", value)

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(self._period_s)
            await self.write()


@pytest.fixture
async def asyncua_field() -> AsyncIterator[Callable[..., Awaitable[AsyncuaField]]]:
    """Start a server by asyncua."""
    made: list[AsyncuaField] = []

    async def make(tags: int = 5, period_s: float = 0.1, *, history: bool = True) -> AsyncuaField:
        made.append(AsyncuaField(tags, period_s, history))
        await made[-1].start()
        return made[-1]

    yield make
    for server in made:
        await server.stop()


class NodeField:
    """A server by node-opcua, run by Node.js; see `node_server.js`."""

    def __init__(self, tags: int) -> None:
        self.port = free_port()
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}"
        self.written = Written()
        self._tags = tags
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    async def start(self, environment: Mapping[str, str], config: Mapping[str, Any]) -> None:
        self._process = await asyncio.create_subprocess_exec(
            "node", str(NODE_SERVER), json.dumps({"port": self.port, "tags": self._tags, **config}),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={**os.environ, **environment},
        )  # fmt: skip
        started = asyncio.Event()
        self._reader = asyncio.create_task(self._read(started))
        await asyncio.wait_for(started.wait(), 60)

    async def stop(self) -> None:
        """Kill it; what it wrote until then has been read when this returns."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self, started: asyncio.Event) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line) if line.startswith(b"{") else {}
            if "up" in told:
                started.set()
            for number in range(self._tags if "k" in told else 0):
                self.written.readings.append((number + 1, told["t"] * 1000, float(told["k"] * 10_000 + number)))


@pytest.fixture
async def node_field(
    node_opcua: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Callable[..., Awaitable[NodeField]]]:
    """Start a server by node-opcua."""
    made: list[NodeField] = []
    pki = tmp_path_factory.getbasetemp() / "node-opcua-pki"  # One for all tests: making keys takes seconds.

    async def make(tags: int = 5, period_s: float = 0.1, **config: Any) -> NodeField:
        made.append(NodeField(tags))
        await made[-1].start(node_opcua, {"period": round(1000 * period_s), "pki": str(pki), **config})
        return made[-1]

    yield make
    for server in made:
        await server.stop()


def make_tags(addresses: list[str], stale_after_s: float) -> tuple[Tag, ...]:
    return tuple(
        Tag(
            tag_id=number, name=f"TI-{number}.PV", description="temperature", unit="degC", low=-1e9, high=1e9,
            source="opcua", address=address, stale_after_s=stale_after_s,
        )
        for number, address in enumerate(addresses, start=1)
    )  # fmt: skip


class Line:
    """An OPC UA source running into a spool of its own."""

    def __init__(self, folder: Path, endpoint: str, tags: tuple[Tag, ...], options: dict[str, object]) -> None:
        self.context = SourceContext("plant", "opcua", endpoint, options, tags, folder)
        self.reports: list[tuple[bool, str]] = []
        self.spool: Spool | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        return bool(self.reports) and self.reports[-1][0]

    async def start(self, epoch: int = 1, limit_bytes: int = 50_000_000) -> None:
        self.spool = await open_spool(self.context.folder / "spool", limit_bytes=limit_bytes)
        outlet = Outlet(
            plant="plant", source="opcua", tag_table="table", spool=self.spool, epoch=epoch, clock=lambda: 1
        )
        source = OpcUaSource(self.context)
        self._task = asyncio.create_task(source.run(outlet, lambda ok, text: self.reports.append((ok, text))))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self.spool is not None:
            await self.spool.close()
            self.spool = None

    def batches(self) -> list[ReadingBatch]:
        """All batches of the spool, in its order."""
        assert self.spool is not None
        if self._task is not None and self._task.done():
            self._task.result()
        self.spool.rewind()
        found = []
        while (batch := self.spool.peek()) is not None:
            decoded = decode(batch.payload)
            assert isinstance(decoded, ReadingBatch)
            found.append(decoded)
            self.spool.advance(batch)
        return found

    def readings(self, tag_id: int, origin: str = "") -> list[tuple[int, float]]:
        """(time, value) of a tag in the order of the spool; of one origin or of all."""
        return [(time, value) for time, value, _ in self._of(tag_id, origin)]

    def qualities(self, tag_id: int) -> list[int]:
        """Status codes of a tag in the order of the spool."""
        return [code for _, _, code in self._of(tag_id, "")]

    def _of(self, tag_id: int, origin: str) -> list[tuple[int, float, int]]:
        found: list[tuple[int, float, int]] = []
        for batch in self.batches():
            tag_ids, times, values, quality = batch.arrays()
            chosen = (tag_ids == tag_id) & (not origin or batch.origin == origin)
            found += zip(times[chosen].tolist(), values[chosen].tolist(), quality[chosen].tolist(), strict=True)
        return found


@pytest.fixture
async def line_to(tmp_path: Path) -> AsyncIterator[Callable[..., Line]]:
    """Make a source for an endpoint and its first `tags` tags, or those at the addresses given; `start` starts it."""
    made: list[Line] = []

    def make(
        endpoint: str, tags: int = 5, addresses: list[str] | None = None, stale_after_s: float = 0.0, **options: object
    ) -> Line:
        chosen = addresses or [f"ns=2;s=T{number}" for number in range(tags)]
        options = {"sampling_ms": 0, "publishing_ms": 100, **options}
        made.append(Line(tmp_path / "source", endpoint, make_tags(chosen, stale_after_s), options))
        return made[-1]

    yield make
    for line in made:
        await line.stop()


@pytest.fixture
async def killed() -> AsyncIterator[Callable[[Line], Line]]:
    """Make of a line what a kill -9 at this moment would leave of it: another line, with what its folder holds now."""
    made: list[Line] = []

    def leave(line: Line) -> Line:
        was = line.context
        copy = shutil.copytree(was.folder, was.folder.with_name(f"killed-{len(made)}"))
        made.append(Line(copy, was.endpoint, was.tags, dict(was.options)))
        return made[-1]

    yield leave
    for line in made:
        await line.stop()
