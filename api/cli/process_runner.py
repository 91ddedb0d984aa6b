"""Runs one process of the service: its log, its health page, and its end when it is asked to."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from api.settings import Settings
from stream import json_log
from stream.health import Health

_log = logging.getLogger(__name__)
_STOP_PATIENCE_S: Final = 8.0

Body = Callable[[Health, asyncio.Event], Awaitable[None]]


def run_process(verb: str, name: str, settings: Settings, body: Body) -> None:
    """Run `body` until it ends or SIGTERM comes; a fault ends the process with exit code 1, for its supervisor.

    Parameters
    ----------
    verb
        The command, whose health port it is.
    name
        What the process calls itself in log and health.
    settings
        Log level and ports.
    body
        Gets the health to tell and an event that is set when it must end; it ends by itself within 8 s of that.
    """
    json_log.configure(name, settings.log_level)
    sys.exit(asyncio.run(_run(Health(name), settings.health_port(verb), body)))


async def _run(health: Health, port: int, body: Body) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    page = asyncio.create_task(health.serve(port), name="health page")
    work = asyncio.ensure_future(body(health, stop))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([page, work, stopping], return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        await asyncio.wait([work], timeout=_STOP_PATIENCE_S)
    for task in (page, work, stopping):
        if not task.done():
            task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait([page, work], timeout=1.0)
    return _outcome(stop, page, work, port)


def _outcome(stop: asyncio.Event, page: "asyncio.Future[None]", work: "asyncio.Future[None]", port: int) -> int:
    if (fault := _fault(work)) is not None:
        _log.critical("%s", fault, exc_info=fault)
        return 1
    if (fault := _fault(page)) is not None:
        _log.critical("the health page cannot be served on port %d: %s; set ATLAS_HEALTH_PORTS", port, fault)
        return 1
    if not stop.is_set():
        _log.critical("ended without being asked to")
        return 1
    _log.info("stopped")
    return 0


def _fault(task: "asyncio.Future[None]") -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None
