"""The runner's process: its duties, each of which waits a database that is away out, and its end."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, NoReturn, Protocol

from stream.jobs import queue
from stream.jobs.graph import JobServices
from stream.jobs.kinds import KINDS
from stream.jobs.places import StepPlaces
from stream.jobs.runner import LOOK_EVERY_S, Runner
from stream.jobs.step_child import ChildSettings
from stream.jobs.step_process import StepProcess
from stream.jobs.worker_lag import WorkerLag
from stream.kafka import KafkaConfig
from stream.store import job_rows
from stream.store.database import DatabaseConfig, connect, open_pool
from stream.store.errors import DatabaseUnreachableError
from stream.store.faults import is_servers_fault

_log = logging.getLogger(__name__)

_SPARE_CONNECTIONS: Final = 4
"""Beside one for each job that is told of: taking, looking, and writing what became of two."""


Well = Callable[[], None]
"""Called by a duty when the database has answered it."""


class Conditions(Protocol):
    """What the runner tells of itself; `stream.health.Health` is one."""

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds."""


@dataclass(frozen=True, slots=True)
class RunnerConfig:
    """How a runner runs.

    `processes` is how many steps it computes at once, and how many jobs it is at; `most_lag_s` is how far live twins
    may lag before scheduled jobs wait. A runner that has not said for `silent_s` that it lives loses its jobs.
    `mlflow` is the server that keeps records of searches, or empty.
    """

    kafka: KafkaConfig
    database: DatabaseConfig
    processes: int = 2
    most_lag_s: float = 5.0
    silent_s: float = 10.0
    give_up_s: float = 120.0
    mlflow: str = ""
    child: ChildSettings = field(default_factory=ChildSettings)
    kinds: Mapping[str, str] = field(default_factory=lambda: KINDS)


async def run_runner(config: RunnerConfig, conditions: Conditions, stop: asyncio.Event) -> None:
    """Do jobs until `stop` is set; raises what made going on impossible, upon which the process must end.

    Raises
    ------
    DatabaseUnreachableError
        Where the database does not answer for two minutes.
    """
    lag = WorkerLag(config.kafka, config.most_lag_s, conditions)
    async with contextlib.AsyncExitStack() as stack:
        places = StepPlaces(config.processes, lambda: StepProcess(config.child))
        stack.push_async_callback(places.close)
        pool = await open_pool(replace(config.database, pool_size=config.processes + _SPARE_CONNECTIONS))
        stack.push_async_callback(pool.close)
        async with pool.connection() as conn:
            number = await queue.enlist(conn)
        services = JobServices(config.database, config.kafka, config.mlflow)
        runner = Runner(
            number,
            pool,
            places,
            services,
            lag.lagging,
            kinds=config.kinds,
            silent_s=config.silent_s,
            give_up_s=config.give_up_s,
        )
        duties: list[asyncio.Future[Any]] = [
            runner.fault,
            asyncio.create_task(_persist("jobs", runner.take_jobs, config, conditions)),
            asyncio.create_task(_persist("lease", partial(_look, runner), config, conditions)),
            asyncio.create_task(_persist("notifications", partial(_listen, runner, config), config, conditions)),
            asyncio.create_task(lag.watch()),
            asyncio.create_task(stop.wait()),
        ]
        try:
            done, _ = await asyncio.wait(duties, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
        finally:
            for duty in duties:
                duty.cancel()
            await asyncio.gather(*duties, return_exceptions=True)
            await runner.stop()


async def _look(runner: Runner, well: Well) -> NoReturn:
    while True:
        await runner.look()
        well()
        await asyncio.sleep(LOOK_EVERY_S)


async def _listen(runner: Runner, config: RunnerConfig, well: Well) -> NoReturn:
    """Wake the runner when a job comes in, and stop those that are cancelled."""
    conn = await connect(config.database, autocommit=True)
    async with conn:
        await job_rows.listen(conn, queue.CHANNEL, job_rows.CHANNEL)
        well()
        async for note in conn.notifies():
            if note.channel == queue.CHANNEL:
                runner.wake.set()
            elif note.payload.endswith(" cancelled"):
                runner.stop_job(int(note.payload.split()[0]))
    raise DatabaseUnreachableError("the database ended the notifications", remedy="wait until it is back")


async def _persist(
    name: str, duty: Callable[[Well], Awaitable[Any]], config: RunnerConfig, conditions: Conditions
) -> NoReturn:
    """Do a duty for ever; a database that is away is waited for with jitter, for `give_up_s` at most."""
    trouble_since: float | None = None

    def well() -> None:
        nonlocal trouble_since
        trouble_since = None
        conditions.set(name, True)

    while True:
        try:
            await duty(well)
        except Exception as error:
            if not (is_servers_fault(error) or isinstance(error, DatabaseUnreachableError)):
                raise
            conditions.set(name, False, f"{type(error).__name__}: {error}")
            _log.warning("%s: %s; trying again", name, error)
            trouble_since = trouble_since or time.monotonic()
            if time.monotonic() - trouble_since > config.give_up_s:
                raise
            await asyncio.sleep(random.uniform(0.1, 1.0))  # noqa: S311  # jitter
