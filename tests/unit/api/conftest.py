"""Fakes behind the API's ports, an application over them, and a reader of its endless streams."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from api.assembly import assemble
from api.config import ApiConfig, LimitsConfig, LiveConfig, TicketConfig
from api.plant_directory import PlantFile
from api.ports import (
    DatabaseAwayError,
    InboxAwayError,
    LoggedBatch,
    RecordTooLargeError,
    Span,
)
from api.services import Backends, Services, build_services
from connectors.connection import SourceSettings
from stream.envelope import TwinChange
from stream.jobs.job import OVER, Progress
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig
from stream.store.history import PastReading, Series
from stream.store.plants import StoredPlant
from stream.store.unit_of_work import InMemoryUnitOfWork
from twin.atlas.tags import Limits, PlantId, Tag, TagTable, TagTableContent

LOG = "0f343b0931126a20"
NOW_US = 1_795_478_400_000_000
KEYS = {role: f"key-of-the-{role}-0123456789" for role in ("viewer", "operator", "engineer", "admin", "ingest")}


def make_table(revision: int = 1, names: Sequence[str] = ("TIC-101.PV", "FIC-101.PV", "XS-901", "KI-901")) -> TagTable:
    units = {"TIC-101.PV": "degC", "FIC-101.PV": "kg/s", "KI-901": "min"}
    tags = tuple(
        Tag(
            tag_id=sum(name.encode()),
            name=name,
            description=f"description of {name}",
            unit=units.get(name, ""),
            low=0.0,
            high=150.0,
            limits=Limits(high=90.0, high_high=95.0),
            source="opcua",
            states=("none", "feed B warms") if name == "XS-901" else (),
            kind="derived" if name.startswith("D-") else "measured",
        )
        for name in names
    )
    content = TagTableContent(
        plant="reactor",
        number=7,
        revision=revision,
        time_zone="Europe/Berlin",
        history_from_us=NOW_US - 86_400_000_000,
        tags=tags,
    )
    return TagTable.of(content)


@dataclass
class InMemoryPlantRecords:
    plants: list[StoredPlant] = field(default_factory=list)
    tables: dict[str, TagTable] = field(default_factory=dict)
    series: list[Series] = field(default_factory=list)
    values: list[PastReading] = field(default_factory=list)
    rows: set[tuple[int, int]] = field(default_factory=set)
    asked: list[Any] = field(default_factory=list)
    away: bool = False

    def _answer(self) -> None:
        if self.away:
            raise DatabaseAwayError("the database does not answer")

    async def list_plants(self) -> Sequence[StoredPlant]:
        self._answer()
        return self.plants

    async def read_tag_table(self, name: str) -> TagTable | None:
        self._answer()
        return self.tables.get(name)

    async def read_history(
        self, tag_ids: Sequence[int], span: Span, aggregate: str, points: int, scan_period_us: int
    ) -> Sequence[Series]:
        self._answer()
        self.asked.append((list(tag_ids), span, aggregate, points))
        return self.series

    async def read_state_at(self, tag_ids: Sequence[int], at_us: int) -> Sequence[PastReading]:
        self._answer()
        return self.values

    async def has_row(self, tag_id: int, time_us: int) -> bool:
        self._answer()
        return (tag_id, time_us) in self.rows

    async def ping(self) -> None:
        self._answer()


@dataclass
class InMemoryInbox:
    records: list[tuple[int, bytes]] = field(default_factory=list)
    away: bool = False
    limit: int = 1_000_000

    async def put(self, plant_number: int, content: bytes) -> None:
        if self.away:
            raise InboxAwayError("Kafka does not take the readings")
        if len(content) > self.limit:
            raise RecordTooLargeError("too large")
        self.records.append((plant_number, content))


@dataclass
class InMemoryReadingLog:
    batches: dict[tuple[int, int], LoggedBatch] = field(default_factory=dict)

    async def read_batch(self, plant_number: int, offset: int) -> LoggedBatch | None:
        return self.batches.get((plant_number, offset))


@dataclass
class InMemoryJobs:
    """Follows the jobs of a unit of work by asking."""

    unit: InMemoryUnitOfWork

    async def follow(self, job: int, after: int = 0) -> AsyncIterator[Progress]:
        while True:
            for progress in await self.unit.jobs.progress(job, after):
                yield progress
                after = progress.seq
                if progress.state in OVER:
                    return
            await asyncio.sleep(0.01)


@dataclass
class ManualClock:
    us: int = NOW_US

    def __call__(self) -> int:
        return self.us


def change_of(
    table: TagTable,
    values: dict[str, float],
    *,
    offset: int,
    n: int = 0,
    full: bool = False,
    log_time: int | None = None,
    incarnation: str = LOG,
    limit: int = 0,
    stale: int = 0,
    quality: int = 0,
    time: int | None = None,
) -> TwinChange:
    count = len(values)
    at = NOW_US + offset * 1000 if log_time is None else log_time
    return TwinChange(
        plant=str(table.plant),
        incarnation=incarnation,
        offset=offset,
        n=n,
        log_time=at,
        tag_table=table.name,
        full=full,
        positions=np.array([table.position(name) for name in values], dtype="<i4").tobytes(),
        times=np.full(count, at if time is None else time, dtype="<i8").tobytes(),
        values=np.array(list(values.values()), dtype="<f8").tobytes(),
        quality=np.full(count, quality, dtype="<u4").tobytes(),
        limits=np.full(count, limit, dtype="<i1").tobytes(),
        flags=np.full(count, stale, dtype="<u1").tobytes(),
    )


@dataclass
class Plant:
    """Everything around one application under test."""

    app: FastAPI
    services: Services
    records: InMemoryPlantRecords
    inbox: InMemoryInbox
    log: InMemoryReadingLog
    clock: ManualClock
    table: TagTable
    unit: InMemoryUnitOfWork

    def client(self, role: str | None = "viewer", **options: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, **options)
        headers = {} if role is None else {"Authorization": f"Bearer {KEYS[role]}"}
        return httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers)

    def happen(self, values: dict[str, float], *, offset: int, **options: Any) -> None:
        self.services.states.apply(change_of(self.table, values, offset=offset, **options), self.table)

    def stream(self, query: str = "", headers: dict[str, str] | None = None) -> "LiveReader":
        sent = {"authorization": f"Bearer {KEYS['viewer']}"} if headers is None else headers
        return LiveReader(self.app, "/v1/plants/reactor/live", query, sent)


@dataclass
class LiveReader:
    """Runs a request whose answer does not end, as a browser would: reads what comes, then hangs up.

    While `stalled` is unset, whatever the application sends is not taken, as by a browser that is too slow.
    """

    app: FastAPI
    path: str
    query: str
    headers: dict[str, str]
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    taking: asyncio.Event = field(default_factory=asyncio.Event)
    _text: str = ""
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    async def __aenter__(self) -> "LiveReader":
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
            "client": ("127.0.0.1", 5),
            "server": ("api", 80),
            "scheme": "http",
            "root_path": "",
        }
        self.taking.set()
        self._task = asyncio.create_task(self.app(scope, self._receive, self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        assert self._task is not None
        await asyncio.wait_for(self._task, 5)

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.taking.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answered = {name.decode(): value.decode() for name, value in message["headers"]}
        self._text += message.get("body", b"").decode()
        self._more.set()

    async def until(self, wanted: Callable[[str], bool]) -> str:
        async with asyncio.timeout(5):
            while not wanted(self._text):
                self._more.clear()
                await self._more.wait()
        return self._text

    async def events(self, count: int) -> list[tuple[str, str, dict[str, Any]]]:
        """The next `count` events as (kind, id, content); taken out of what was read."""
        await self.until(lambda text: len(_whole(text)) >= count)
        found = _whole(self._text)
        self._text = "\n\n".join(found[count:]) + "\n\n" if found[count:] else ""
        return [_event(block) for block in found[:count]]


def _whole(text: str) -> list[str]:
    return [block for block in text.split("\n\n")[:-1] if "event:" in block]


def _event(block: str) -> tuple[str, str, dict[str, Any]]:
    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    return fields["event"], fields.get("id", ""), json.loads(fields["data"])


@dataclass
class Maker:
    """Builds applications; `config` is what they get unless told otherwise."""

    config: ApiConfig

    def __call__(self, *, limits: LimitsConfig | None = None, live: LiveConfig | None = None) -> Plant:
        config = replace(self.config, limits=limits or self.config.limits, live=live or self.config.live)
        table = make_table()
        stored = StoredPlant(PlantId("reactor"), 7, "Reactor", 1, "the file", table.name)
        records = InMemoryPlantRecords([stored], {table.name: table})
        inbox, log, clock = InMemoryInbox(), InMemoryReadingLog(), ManualClock()
        unit = InMemoryUnitOfWork()
        backends = Backends(records, inbox, log, _read_file, lambda: unit, InMemoryJobs(unit))
        services = build_services(config, backends, clock)
        services.states.start_log(LOG)
        services.feed.caught_up.set()
        return Plant(assemble(services), services, records, inbox, log, clock, table, unit)


def _read_file(text: str) -> PlantFile:
    assert text == "the file"
    source = SourceSettings(name="opcua", kind="opcua", endpoint="opc.tcp://127.0.0.1:4840/x")
    return PlantFile([{"id": "R-101"}], [{"name": "S1"}], (source,), "<svg xmlns='http://www.w3.org/2000/svg'/>")


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    keys = [
        {"name": role, "role": role, "sha256": hashlib.sha256(key.encode()).hexdigest()} for role, key in KEYS.items()
    ]
    path.write_text(json.dumps({"keys": keys}))
    path.chmod(0o600)
    return path


@pytest.fixture
def make_plant(keys_file: Path) -> Maker:
    config = ApiConfig(
        kafka=KafkaConfig("127.0.0.1:1"),
        database=DatabaseConfig("postgresql://127.0.0.1:1/none"),
        keys_file=keys_file,
        tickets=TicketConfig("b7a2f0f3c1d94e55a0c1"),
        dashboard_origins=("http://127.0.0.1:8501",),
        limits=LimitsConfig(requests_per_s=1e6, burst=1_000_000, refusals_per_min=1_000_000),
        live=LiveConfig(heartbeat_s=0.05, queue_events=4, first_state_wait_s=0.05),
    )
    return Maker(config)


@pytest.fixture
def plant(make_plant: Maker) -> Plant:
    return make_plant()


@pytest.fixture
async def viewer(plant: Plant) -> AsyncIterator[httpx.AsyncClient]:
    async with plant.client() as client:
        yield client


@pytest.fixture
def change() -> Callable[..., TwinChange]:
    return change_of


@pytest.fixture
def table_of() -> Callable[..., TagTable]:
    return make_table


@pytest.fixture
def keys() -> dict[str, str]:
    return KEYS
