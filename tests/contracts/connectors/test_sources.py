"""The sources that ship keep the contract of all sources."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import Server, ua

from connectors.contract import SourceContract
from connectors.opcua.source import make_source
from connectors.port import Report, Sink, SourceContext
from connectors.push.inbox import PushConnector
from connectors.push.memory import InMemoryInbox
from connectors.push.plants import PushedPlant, PushedPlants
from connectors.push.refusals import Refusals
from connectors.spool import open_spool
from stream.servers.ports import free_port
from twin.atlas.tags import Tag, TagTable, TagTableContent

TAGS = tuple(
    Tag(tag_id=n, name=f"TI-{n}", description="d", unit="degC", low=0, high=100, source="field", address=f"ns=2;s=T{n}")
    for n in (1, 2)
)
TABLE = TagTable.of(TagTableContent(plant="mill", number=3, revision=1, tags=TAGS))


def now_us() -> int:
    return time.time_ns() // 1000


class PushSource:
    """The push connector with one plant, as a source of that plant."""

    def __init__(self, inbox: InMemoryInbox, folder: Path) -> None:
        self.inbox, self.folder = inbox, folder

    async def run(self, sink: Sink, report: Report) -> None:
        plants = PushedPlants()
        plants.add("mill", PushedPlant(TABLE, {"push": sink}))
        spool = await open_spool(self.folder / "refused", limit_bytes=1_000_000)
        try:
            position = self.folder / "position.json"
            await PushConnector(self.inbox, plants, Refusals(spool), position, now_us, report).run()
        finally:
            await spool.close()


class PushField:
    tag_ids = (1, 2)

    def __init__(self, folder: Path) -> None:
        self.inbox, self.folder = InMemoryInbox(), folder

    def make(self) -> PushSource:
        return PushSource(self.inbox, self.folder)

    async def say(self, tag_id: int, value: float) -> None:
        reading = {"tag": f"TI-{tag_id}", "time_us": now_us(), "value": value}
        self.inbox.produce(3, json.dumps({"v": 1, "plant": "mill", "readings": [reading]}).encode())

    async def leave(self) -> None:
        self.inbox.away = True

    async def come_back(self) -> None:
        self.inbox.away = False


class TestPush(SourceContract):
    @pytest.fixture
    def field(self, tmp_path: Path) -> PushField:
        return PushField(tmp_path)


class OpcUaField:
    tag_ids = (1, 2)

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.values = {1: 0.0, 2: 0.0}
        self.server: Server | None = None
        self.nodes: dict[int, Any] = {}

    async def come_back(self) -> None:
        server = Server()
        await server.init()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}")
        await server.register_namespace("urn:test")
        for tag_id, value in self.values.items():
            self.nodes[tag_id] = await server.nodes.objects.add_variable(
                ua.NodeId(f"T{tag_id}", 2), ua.QualifiedName(f"T{tag_id}", 2), value
            )
        await server.start()
        self.server = server

    async def leave(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            await server.stop()

    async def say(self, tag_id: int, value: float) -> None:
        self.values[tag_id] = value
        await self.nodes[tag_id].write_value(value)

    def make(self) -> Any:
        return make_source(
            SourceContext(
                plant="mill",
                source="field",
                endpoint=f"opc.tcp://127.0.0.1:{self.port}",
                options={"publishing_ms": 50, "sampling_ms": 20, "keepalive_s": 1, "timeout_s": 3},
                tags=TAGS,
                folder=self.folder,
            )
        )


class TestOpcUa(SourceContract):
    @pytest.fixture
    async def field(self, tmp_path: Path) -> AsyncIterator[OpcUaField]:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        field = OpcUaField(tmp_path)
        await field.come_back()
        yield field
        await asyncio.sleep(0)
        await field.leave()
