"""Ask a process on this machine for its health, without a client library."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

_LIMIT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a process answered: nothing (`answered` False), or whether it is healthy and what it waits for."""

    answered: bool
    ok: bool
    detail: str = ""
    report: dict[str, Any] | None = None


_SILENT: Final = ProbeResult(answered=False, ok=False, detail="does not answer yet")


async def probe(url: str, timeout_s: float = 2.0) -> ProbeResult:
    """GET `url`; never raises for a process that is away, slow or talks nonsense."""
    try:
        async with asyncio.timeout(timeout_s):
            status, body = await _get(url)
    except (OSError, TimeoutError, ValueError, IndexError, asyncio.LimitOverrunError, asyncio.IncompleteReadError):
        return _SILENT
    report = _report(body)
    ok = 200 <= status < 300
    return ProbeResult(answered=True, ok=ok, detail="" if ok else _waiting_for(report, status), report=report)


async def _get(url: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=_LIMIT)
    try:
        path = parts.path or "/"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode("ascii"))
        await writer.drain()
        answer = await reader.read(_LIMIT)
        while len(answer) < _LIMIT and (more := await reader.read(_LIMIT)):
            answer += more
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


def _report(body: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(body)
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


def _waiting_for(report: dict[str, Any] | None, status: int) -> str:
    conditions = (report or {}).get("conditions")
    if isinstance(conditions, dict):
        waits = [
            f"{name}: {condition.get('detail') or 'not ready'}"
            for name, condition in conditions.items()
            if isinstance(condition, dict) and not condition.get("ok")
        ]
        return "; ".join(waits) or "is starting"
    detail = (report or {}).get("detail")
    return str(detail) if detail else f"answers {status}"
