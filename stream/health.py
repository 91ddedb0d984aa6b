"""What a process says of itself: named conditions, answered with its metrics over HTTP on loopback.

A few lines of asyncio instead of a web framework: it must cost nothing and must not keep any process from starting.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

_REQUEST_TIMEOUT_S: Final = 5.0
_LOOPBACK: Final = "127.0.0.1"

CONDITION_OK = Gauge("atlas_condition_ok", "1 where the process's condition holds, else 0", ["process", "condition"])


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a process needs: whether it holds, words for a person, and since when (seconds, UTC)."""

    ok: bool
    detail: str
    since: float


class Health:
    """The conditions of one process; it is healthy while all of them hold, and not before it has named one."""

    def __init__(self, process: str, now: Callable[[], float] = time.time) -> None:
        self.process = process
        self.port = 0
        """The port served on; 0 until then."""
        self._now = now
        self._started = now()
        self._conditions: dict[str, Condition] = {}

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds; its `since` moves only when that changes."""
        before = self._conditions.get(condition)
        since = before.since if before is not None and before.ok == ok else self._now()
        self._conditions[condition] = Condition(ok, detail, since)
        CONDITION_OK.labels(self.process, condition).set(1 if ok else 0)

    @property
    def ok(self) -> bool:
        """Whether every condition named so far holds; False while none has been named."""
        return bool(self._conditions) and all(condition.ok for condition in self._conditions.values())

    def report(self) -> dict[str, Any]:
        """The process, its conditions and age in seconds, ready for JSON."""
        return {
            "process": self.process,
            "pid": os.getpid(),
            "ok": self.ok,
            "up_s": round(self._now() - self._started, 1),
            "conditions": {
                name: {"ok": condition.ok, "detail": condition.detail, "since": round(condition.since, 3)}
                for name, condition in self._conditions.items()
            },
        }

    async def serve(self, port: int) -> None:
        """Answer `/health` (200 while healthy, else 503) and `/metrics` on loopback until cancelled; 0 picks a port.

        Raises
        ------
        OSError
            Where the port is taken.
        """
        server = await asyncio.start_server(self._answer, _LOOPBACK, port, limit=8192)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that hangs up, sends nonsense or nothing costs us its own connection, never the process.
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(head.split(b"\r\n", 1)[0]))
                await writer.drain()
        writer.close()

    def _response(self, request_line: bytes) -> bytes:
        method, _, rest = request_line.partition(b" ")
        path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
        if method not in (b"GET", b"HEAD"):
            return _http("405 Method Not Allowed", "text/plain", b"only GET\n")
        if path == b"/metrics":
            return _http("200 OK", CONTENT_TYPE_LATEST, generate_latest())
        if path == b"/health":
            status = "200 OK" if self.ok else "503 Service Unavailable"
            return _http(status, "application/json", json.dumps(self.report()).encode())
        return _http("404 Not Found", "text/plain", b"ask /health or /metrics\n")


def _http(status: str, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
