"""The process `atlas connect`: per plant and source a spool, what fills it, and one drain for all.

Each source lives for itself: what ends one is told, logged and tried again with growing pauses, and none of the
others notices. What the plants look like is asked of the API and kept beside the spool, so that a connector starts
without it (rule tag-tables); a revised plant is taken up within a minute.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn, Protocol

from connectors.backoff import Backoff
from connectors.connection import Connection, SourceSettings, folder_of, load_connections, save_connection
from connectors.drain import Drain, DrainedSpool
from connectors.errors import SourceKindError
from connectors.log import KafkaLog
from connectors.opcua.source import make_source as make_opcua_source
from connectors.outlet import Outlet
from connectors.port import MakeSource, Sink, SourceContext
from connectors.push import refusals
from connectors.push.inbox import PushConnector
from connectors.push.log import KafkaInboxLog
from connectors.push.plants import PushedPlant, PushedPlants
from connectors.push.refusals import Refusals
from connectors.spool import Spool, open_spool
from stream.kafka import KafkaConfig
from twin.atlas.tag_definition import PUSH
from twin.atlas.tags import TagTable

LOOK_AGAIN_S: Final = 30.0
_SHORTEST_PAUSE_S: Final = 1.0
_FETCH_TIMEOUT_S: Final = 15.0
_EPOCH_BITS: Final = 63
_logger = logging.getLogger(__name__)

KINDS: Final[Mapping[str, MakeSource]] = {"opcua": make_opcua_source}
"""The kinds of sources that are each read by a task of their own, with what makes them; `push` comes by the inbox."""
_INBOX: Final = "_inbox"
"""Folder of what belongs to no plant; no plant's id begins like this."""

Fetch = Callable[[], Awaitable[list[Connection]]]
"""Asks the API for the plants' connections; raises anything where it does not answer."""


class Conditions(Protocol):
    """What the connector tells of itself; `stream.health.Health` is one."""

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds."""


@dataclass(frozen=True, slots=True)
class ConnectorConfig:
    """How the connector runs; `endpoints` overrides a source's endpoint by "plant/source"."""

    spool_dir: Path
    kafka: KafkaConfig
    spool_limit_bytes: int = 1_073_741_824
    endpoints: Mapping[str, str] = field(default_factory=dict)
    look_again_s: float = LOOK_AGAIN_S


@dataclass
class _Feed:
    """One source: what it was made from, its spool, and its task."""

    settings: SourceSettings
    table: TagTable
    spool: Spool
    outlet: Outlet
    task: "asyncio.Task[None] | None" = None
    """None for a source of kind push."""


def _wall_us() -> int:
    return time.time_ns() // 1000


class Connector:
    """The sources of all plants and the drain behind them.

    Parameters
    ----------
    epoch
        Random per process start; numbers this process's batches (rule one-in-flight).
    """

    def __init__(self, config: ConnectorConfig, health: Conditions, epoch: int) -> None:
        self._config = config
        self._health = health
        self._epoch = epoch
        self._feeds: dict[tuple[str, str], _Feed] = {}
        self._pushed = PushedPlants()
        self._refused: Spool | None = None
        self._drain = Drain(KafkaLog(config.kafka), lambda ok, detail: health.set("kafka", ok, detail))

    async def run(self, fetch: Fetch) -> NoReturn:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for connection in load_connections(self._config.spool_dir):
                await self._take_up(connection)
            group.create_task(self._drain.run())
            group.create_task((await self._push_connector()).run())
            group.create_task(self._follow(fetch))
        raise AssertionError("both tasks run for ever")

    async def close(self) -> None:
        """End all sources and close their spools."""
        tasks = [feed.task for feed in self._feeds.values() if feed.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for feed in self._feeds.values():
            await feed.spool.close()
        if self._refused is not None:
            await self._refused.close()

    async def _push_connector(self) -> PushConnector:
        folder = self._config.spool_dir / _INBOX
        self._refused = await open_spool(folder / "spool", limit_bytes=self._config.spool_limit_bytes)
        self._drain.add(refusals.PLANT_NUMBER, DrainedSpool(refusals.PLANT, PUSH, self._refused))
        return PushConnector(
            KafkaInboxLog(self._config.kafka),
            self._pushed,
            Refusals(self._refused),
            folder / "position.json",
            _wall_us,
            lambda ok, detail: self._health.set("inbox", ok, detail),
        )

    async def _follow(self, fetch: Fetch) -> NoReturn:
        """Ask for the plants again and again; what is new or revised is taken up."""
        backoff = Backoff(first=0.5, longest=self._config.look_again_s)
        while True:
            self._pushed.wanted.clear()
            asked_at = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(_FETCH_TIMEOUT_S):
                    connections = await fetch()
                for connection in connections:
                    await asyncio.to_thread(save_connection, self._config.spool_dir, connection)
                    await self._take_up(connection)
            except Exception as error:
                known = len({plant for plant, _ in self._feeds})
                self._health.set("plants", known > 0, f"the API does not answer ({error}); {known} plants from copies")
                _logger.warning("plants cannot be asked for: %s: %s", type(error).__name__, error)
                await asyncio.sleep(backoff.next())
                continue
            self._health.set("plants", bool(connections), f"{len(connections)} plants" if connections else "no plants")
            self._pushed.answered(asked_at)
            backoff.reset()
            await self._pause(self._config.look_again_s if connections else _SHORTEST_PAUSE_S)

    async def _pause(self, longest_s: float) -> None:
        """Wait before asking again, shorter where somebody pushes to what is not known yet."""
        await asyncio.sleep(min(_SHORTEST_PAUSE_S, longest_s))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._pushed.wanted.wait(), max(0.0, longest_s - _SHORTEST_PAUSE_S))

    async def _take_up(self, connection: Connection) -> None:
        table = TagTable.of(connection.tag_table)
        await self._take_up_pushed(connection, table)
        for settings in connection.sources:
            if settings.kind == PUSH:
                continue
            feed = self._feeds.get((connection.plant, settings.name))
            if feed is not None and feed.table.name == table.name and feed.settings == settings:
                continue
            feed = await self._renewed(feed, connection, settings, table)
            self._feeds[connection.plant, settings.name] = feed
            feed.task = asyncio.create_task(self._keep_running(connection, feed), name=f"source {settings.name}")

    async def _take_up_pushed(self, connection: Connection, table: TagTable) -> None:
        """Let the inbox be forwarded to the plant: to its sources of kind push, and to one for all its other tags."""
        declared = {settings.name: settings for settings in connection.sources if settings.kind == PUSH}
        sinks: dict[str, Sink] = {}
        for settings in {PUSH: SourceSettings(name=PUSH, kind=PUSH), **declared}.values():
            feed = self._feeds.get((connection.plant, settings.name))
            if feed is None or feed.table.name != table.name:
                feed = await self._renewed(feed, connection, settings, table)
                self._feeds[connection.plant, settings.name] = feed
            sinks[settings.name] = feed.outlet
        self._pushed.add(connection.plant, PushedPlant(table, sinks))

    async def _renewed(
        self, old: _Feed | None, connection: Connection, settings: SourceSettings, table: TagTable
    ) -> _Feed:
        """A feed with the settings given; the spool and its numbers go on where there was one before."""
        if old is not None:
            if old.task is not None:
                old.task.cancel()
                await asyncio.gather(old.task, return_exceptions=True)
            old.outlet.tag_table = table.name
            _logger.info("taking up tag table %s", table.name, extra={"plant": connection.plant})
            return _Feed(settings, table, old.spool, old.outlet)
        folder = folder_of(self._config.spool_dir, connection.plant, settings.name)
        spool = await open_spool(folder / "spool", limit_bytes=self._config.spool_limit_bytes)
        outlet = Outlet(
            plant=connection.plant,
            source=settings.name,
            tag_table=table.name,
            spool=spool,
            epoch=self._epoch,
            clock=_wall_us,
        )
        self._drain.add(connection.number, DrainedSpool(connection.plant, settings.name, spool))
        return _Feed(settings, table, spool, outlet)

    async def _keep_running(self, connection: Connection, feed: _Feed) -> NoReturn:
        """Run one source for ever; whatever ends it is told and tried again."""
        name = f"{connection.plant}/{feed.settings.name}"
        backoff = Backoff(first=1.0, longest=30.0)
        while True:
            begun = time.monotonic()
            try:
                source = self._kind(feed.settings)(self._context(connection, feed))
                await source.run(feed.outlet, lambda ok, detail: self._health.set(f"source {name}", ok, detail))
                detail = "the source ended by itself"
            except Exception as error:
                detail = f"{type(error).__name__}: {error}"
                _logger.exception("source %s failed; it is started again", name, extra={"plant": connection.plant})
            self._health.set(f"source {name}", False, detail)
            if time.monotonic() - begun > 60.0:
                backoff.reset()
            await asyncio.sleep(backoff.next())

    def _context(self, connection: Connection, feed: _Feed) -> SourceContext:
        key = f"{connection.plant}/{feed.settings.name}"
        return SourceContext(
            plant=connection.plant,
            source=feed.settings.name,
            endpoint=self._config.endpoints.get(key, feed.settings.endpoint),
            options=feed.settings.options,
            tags=connection.tags_of(feed.settings.name),
            folder=folder_of(self._config.spool_dir, connection.plant, feed.settings.name),
            history_from_us=feed.table.content.history_from_us,
        )

    @staticmethod
    def _kind(settings: SourceSettings) -> MakeSource:
        make = KINDS.get(settings.kind)
        if make is None:
            raise SourceKindError(
                f"source {settings.name}: no connector for kind '{settings.kind}'; use one of {', '.join(KINDS)}"
            )
        return make


async def run_connector(config: ConnectorConfig, fetch: Fetch, health: Conditions, stop: asyncio.Event) -> None:
    """Read all sources until `stop` is set; raises what ended the drain or the supervision itself."""
    connector = Connector(config, health, secrets.randbits(_EPOCH_BITS))
    running = asyncio.create_task(connector.run(fetch))
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if running in done:
            running.result()
    finally:
        for task in (running, stopped):
            task.cancel()
        await asyncio.gather(running, stopped, return_exceptions=True)
        await connector.close()
