"""The live states' source: reads `atlas.twin` from all partitions, from the oldest record kept, for ever.

Trouble with Kafka or the database never ends the API: the screens show what is known and its age, and the feed tries
again. A vanished log starts the states anew (rule log-may-vanish).
"""

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter

from api.live_state import IGNORED, LiveStates, MalformedChangeError
from api.ports import DatabaseAwayError
from stream.envelope import MalformedRecordError, TwinChange, decode_change
from stream.kafka import KafkaConfig, LogVanishedError, ensure_topics, open_reader, watch_log
from stream.topics import TWIN
from twin.atlas.errors import AtlasError
from twin.atlas.tags import TagTable

APPLIED: Final = Counter("atlas_api_changes_total", "Twin changes read")
_log = logging.getLogger(__name__)
_POLL_MS: Final = 250
_MOST_WAITING: Final = 5_000
_MOST_TABLES: Final = 256


class TagTableSource(Protocol):
    """Where tag tables are read by name."""

    async def read_tag_table(self, name: str) -> TagTable | None:
        """The table, or None; raises `DatabaseAwayError`."""


class TwinFeed:
    """Keeps `states` at the newest record of `atlas.twin`; run `run` as a task.

    `jitter` gives numbers from 0 to 1 for the pauses between tries.
    """

    def __init__(
        self,
        config: KafkaConfig,
        states: LiveStates,
        tables: TagTableSource,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._states = states
        self._source = tables
        self._jitter = jitter
        self._tables: dict[str, TagTable] = {}
        self._waiting: dict[str, deque[tuple[TwinChange, int]]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self.connected = False
        """Whether Kafka answered the last poll."""
        self.caught_up = asyncio.Event()
        """Set once everything that was there at the start has been read."""

    @property
    def tables_awaited(self) -> tuple[str, ...]:
        """Names of tag tables that changes wait for."""
        return tuple(self._waiting)

    async def run(self) -> None:
        """Read until cancelled."""
        failures = 0
        try:
            while True:
                try:
                    await self._read_log()
                except LogVanishedError as error:
                    _log.warning("%s", error)
                    failures = 0
                except (KafkaError, AtlasError, TimeoutError, OSError) as error:
                    failures = 0 if self.connected else failures + 1
                    _log.warning("the twin's changes cannot be read: %s", error)
                self.connected = False
                await asyncio.sleep(min(5.0, 0.25 * 2 ** min(failures, 6)) * (0.5 + 0.5 * self._jitter()))
        finally:
            await self._stop_asking()

    async def _read_log(self) -> None:
        incarnation = await ensure_topics(self._config)
        self._states.start_log(incarnation)
        reader = await open_reader(self._config, "atlas-api-twin")
        watch = asyncio.create_task(watch_log(self._config, incarnation), name="atlas-api-log")
        try:
            await self._follow(reader, watch)
        finally:
            watch.cancel()
            # Its own end was raised already, or it was cancelled just now.
            await asyncio.gather(watch, return_exceptions=True)
            await reader.stop()

    async def _follow(self, reader: AIOKafkaConsumer, watch: "asyncio.Task[None]") -> None:
        partitions = [TopicPartition(TWIN.name, number) for number in range(TWIN.partitions)]
        reader.assign(partitions)
        begins = await reader.beginning_offsets(partitions)
        behind = dict(await reader.end_offsets(partitions))
        for partition, begin in begins.items():
            reader.seek(partition, begin)
            if behind[partition] <= begin:
                del behind[partition]
        self.connected = True
        while True:
            if not behind:
                self.caught_up.set()
            if watch.done():
                watch.result()
            for partition, records in (await reader.getmany(timeout_ms=_POLL_MS)).items():
                for record in records:
                    await self.take(record.value, record.timestamp * 1000)
                if partition in behind and records[-1].offset + 1 >= behind[partition]:
                    del behind[partition]
            # A long backlog must not keep the API from answering.
            await asyncio.sleep(0)

    async def take(self, raw: bytes, written_us: int = 0) -> None:
        """Apply one record, written at `written_us`.

        One whose tag table is unknown waits for it; a broken one is counted and left out.
        """
        try:
            change = decode_change(raw)
        except MalformedRecordError as error:
            IGNORED.labels("unreadable").inc()
            _log.warning("%s", error)
            return
        table = self._tables.get(change.tag_table)
        if table is None and change.tag_table not in self._waiting:
            table = await self._ask(change.tag_table)
        if table is None:
            self._hold(change, written_us)
        else:
            self._apply(change, table, written_us)

    def _apply(self, change: TwinChange, table: TagTable, written_us: int) -> None:
        try:
            self._states.apply(change, table, written_us)
            APPLIED.inc()
        except MalformedChangeError as error:
            IGNORED.labels("malformed").inc()
            _log.warning("%s", error, extra={"plant": change.plant, "position": change.offset})

    async def _ask(self, name: str) -> TagTable | None:
        try:
            table = await self._source.read_tag_table(name)
        except DatabaseAwayError as error:
            _log.warning("tag table %s: %s", name, error)
            return None
        if table is not None:
            if len(self._tables) >= _MOST_TABLES:
                self._tables.pop(next(iter(self._tables)))
            self._tables[name] = table
        return table

    def _hold(self, change: TwinChange, written_us: int) -> None:
        name = change.tag_table
        if name not in self._waiting:
            if len(self._waiting) >= _MOST_TABLES:
                IGNORED.labels("unknown table").inc()
                return
            self._waiting[name] = deque()
            self._asking[name] = asyncio.create_task(self._ask_until_known(name), name=f"atlas-api-table-{name}")
        waiting = self._waiting[name]
        if len(waiting) >= _MOST_WAITING:
            # The oldest goes: the worker's next full record says all again.
            waiting.popleft()
            IGNORED.labels("unknown table").inc()
        waiting.append((change, written_us))

    async def _ask_until_known(self, name: str) -> None:
        pause_s = 0.5
        while (table := await self._ask(name)) is None:
            await asyncio.sleep(pause_s * (0.5 + 0.5 * self._jitter()))
            pause_s = min(10.0, 2 * pause_s)
        del self._asking[name]
        for change, written_us in self._waiting.pop(name):
            self._apply(change, table, written_us)

    async def _stop_asking(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
