"""Keeps broker and database running beneath the processes, and the embedded broker within its memory."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from api.supervision.backoff import Backoff
from api.supervision.run_state import ProcessState
from stream.servers.port import Server, ServerSet
from stream.servers.process import ServerProcess
from twin.atlas.errors import AtlasError

_log = logging.getLogger(__name__)

LARGEST_EMBEDDED_BROKER: Final = 1_000_000_000
"""Bytes of memory above which the embedded broker, which forgets nothing, is started anew (rule log-may-vanish)."""


def pid_of(server: Server) -> int | None:
    """The number of a server's process; None where it has none on this machine."""
    process = getattr(server, "process", None)
    found = process.find() if isinstance(process, ServerProcess) else None
    return None if found is None else found.pid


@dataclass(slots=True)
class _Kept:
    server: Server
    state: ProcessState
    limit_bytes: int | None
    backoff: Backoff = field(default_factory=Backoff)
    started_at: float = 0.0
    not_before: float = 0.0


class ServerKeeper:
    """Looks at each server of a set that is ours every `every_s`; starts again what died or grew too large.

    `before_forgetting` is called right before the embedded broker is started anew: whoever writes to it must end first.
    It keeps what comes before its topics are made, and gives the offsets of that a second time (ADR 0021).
    """

    def __init__(
        self,
        servers: ServerSet,
        on_change: Callable[[ProcessState], None] = lambda _state: None,
        every_s: float = 2.0,
        now: Callable[[], float] = time.monotonic,
        largest_broker: int = LARGEST_EMBEDDED_BROKER,
        before_forgetting: Callable[[], None] = lambda: None,
    ) -> None:
        limit = largest_broker if servers.kind == "embedded" else None
        self._kept = [
            *(_Kept(broker, ProcessState(broker.name, state="up"), limit) for broker in servers.brokers),
            *(_Kept(database, ProcessState(database.name, state="up"), None) for database in servers.databases),
        ]
        self._on_change = on_change
        self._every_s = every_s
        self._now = now
        self._before_forgetting = before_forgetting
        for kept in self._kept:
            kept.started_at, kept.state.pid = now(), pid_of(kept.server)

    @property
    def processes(self) -> list[ProcessState]:
        """State of each server."""
        return [kept.state for kept in self._kept]

    async def run(self) -> None:
        """Look after the servers until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            for kept in self._kept:
                await self._look_at(kept)

    async def _look_at(self, kept: _Kept) -> None:
        if self._now() < kept.not_before:
            return
        running = await asyncio.to_thread(kept.server.is_running)
        kept.state.pid = pid_of(kept.server)
        too_large = kept.limit_bytes is not None and running and kept.server.memory_bytes() > kept.limit_bytes
        if running and not too_large:
            self._change(kept, "up", "")
            return
        why = "grew beyond its memory limit" if too_large else "died"
        _log.warning("%s %s; starting it again", kept.server.name, why)
        kept.state.restarts += 1
        self._change(kept, "restarting", why)
        kept.not_before = self._now() + kept.backoff.delay_after(self._now() - kept.started_at)
        try:
            if too_large:
                await asyncio.to_thread(kept.server.stop)
            if kept.limit_bytes is not None:
                self._before_forgetting()
            await asyncio.to_thread(kept.server.start)
        except AtlasError as error:
            _log.error("%s could not be started: %s", kept.server.name, error)
            self._change(kept, "restarting", str(error).splitlines()[0])
            return
        kept.started_at, kept.state.pid = self._now(), pid_of(kept.server)
        self._change(kept, "up", "")

    def _change(self, kept: _Kept, state: str, detail: str) -> None:
        if (kept.state.state, kept.state.detail) == (state, detail):
            return
        kept.state.state, kept.state.detail = state, detail
        self._on_change(kept.state)
