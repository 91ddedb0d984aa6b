"""A runner: takes jobs, has their steps done in its processes, and writes what becomes of them (rule jobs-are-rows).

It may be killed at any moment: the next runner that notices takes its jobs over. It listens for new jobs and for jobs
that were cancelled, and looks by itself every second, because a notification is lost with its connection.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn, Protocol

from prometheus_client import Counter, Gauge

from stream.jobs import queue
from stream.jobs.attempt import Attempt
from stream.jobs.errors import LeaseLostError
from stream.jobs.graph import JobServices
from stream.jobs.job import JobFailure, JobRecord, Priority
from stream.jobs.kinds import KINDS, steps_of
from stream.jobs.places import StepPlaces
from stream.jobs.step_failure import failure_of, may_pass
from stream.jobs.step_process import StepFailedError
from stream.jobs.teller import Teller
from stream.store import job_rows
from stream.store.database import Connection, Pool
from stream.store.faults import is_servers_fault
from stream.store.job_rows import Lease

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
_LONGEST_BACKOFF_S: Final = 60.0

ENDED: Final = Counter("atlas_runner_attempts_total", "Attempts at jobs that ended", ["kind", "outcome"])
RUNNING: Final = Gauge("atlas_runner_running", "Jobs that this runner is at")

Done = Callable[[Connection], Awaitable[bool]]


class Lagging(Protocol):
    """Whether the live twins lag, so that scheduled jobs have to wait."""

    def __call__(self) -> bool:
        """As it was found last."""


@dataclass
class Runner:
    """The jobs that one process is at. `number` is the runner's in the queue."""

    number: int
    pool: Pool
    places: StepPlaces
    services: JobServices
    lagging: Lagging
    kinds: Mapping[str, str] = field(default_factory=lambda: KINDS)
    silent_s: float = 10.0
    give_up_s: float = 120.0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    fault: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """Fails when what became of a job could not be written; then the process must end, and with it the lease."""
    _running: dict[asyncio.Task[None], tuple[Lease, JobRecord]] = field(default_factory=dict)
    _strays: set[tuple[int, int]] = field(default_factory=set)
    _beat: float = -math.inf
    _answers_since: float = math.inf
    _stopping: bool = False

    async def take_jobs(self, well: Callable[[], None]) -> NoReturn:
        """Take jobs for ever, as long as there are places for them; says each time that it could."""
        while True:
            self.wake.clear()
            taken = await self._take()
            well()
            if taken is not None:
                lease, record = taken
                task = asyncio.create_task(self._do(lease, record), name=f"job {lease.job}")
                self._running[task] = taken
                task.add_done_callback(self._forget)
                RUNNING.set(len(self._running))
                continue
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self.wake.wait()
            except TimeoutError:
                pass

    async def _take(self) -> tuple[Lease, JobRecord] | None:
        scheduled = sum(record.request.priority < Priority.ASKED for _, record in self._running.values())
        queues = [queue.ASKED]
        # Shed in order: while the live twins lag, what nobody waits for is left waiting first.
        if scheduled < self.places.for_scheduled and not self.lagging():
            queues.append(queue.SCHEDULED)
        if len(self._running) >= self.places.count:
            return None
        async with self.pool.connection() as conn:
            return await job_rows.take_job(conn, queues, self.number, datetime.now(UTC))

    def _forget(self, task: "asyncio.Task[None]") -> None:
        del self._running[task]
        RUNNING.set(len(self._running))
        self.wake.set()
        if not task.cancelled() and (error := task.exception()) is not None and not self.fault.done():
            self.fault.set_exception(error)

    async def look(self) -> None:
        """Say that this runner lives, take over what others left, and stop what is no longer ours."""
        now = datetime.now(UTC)
        async with self.pool.connection() as conn:
            await queue.beat(conn, self.number)
            if self._may_judge() and await job_rows.take_over_jobs(conn, now, self.silent_s):
                self.wake.set()
            known = {lease.queue_row for lease, _ in self._running.values()}
            strays = set(await job_rows.strays_of(conn, self.number, known))
            # Seen twice: one that was taken this moment may not be known yet.
            await job_rows.give_back(conn, strays & self._strays, now)
            self._strays = strays
            for task, (lease, _) in list(self._running.items()):
                if not await job_rows.holds_job(conn, lease):
                    task.cancel()

    def _may_judge(self) -> bool:
        """Whether the database has answered for long enough that a runner's silence is its own."""
        now = time.monotonic()
        if now - self._beat > self.silent_s:
            self._answers_since = now
        self._beat = now
        return now - self._answers_since >= self.silent_s

    def stop_job(self, job: int) -> None:
        """Stop a job that was cancelled, where this runner is at it."""
        for task, (lease, _) in self._running.items():
            if lease.job == job:
                task.cancel()

    async def stop(self) -> None:
        """Leave all jobs to other runners, and this runner's processes with them."""
        self._stopping = True
        self.places.retire()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.places.close()
        async with self.pool.connection() as conn:
            await queue.leave(conn, self.number)

    async def _do(self, lease: Lease, record: JobRecord) -> None:
        """One attempt, from its beginning to what becomes of the job."""
        teller = Teller(self.pool, lease)
        telling = asyncio.create_task(teller.run())
        kind = record.request.kind
        try:
            attempt = Attempt(record, steps_of(record.request, self.kinds), self.services, self.places, teller)
            working = asyncio.create_task(attempt.run())
            await asyncio.wait([working, telling], return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                telling.result()
            result = working.result()
        except asyncio.CancelledError:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            ENDED.labels(kind, "stopped").inc()
            if self._stopping:
                await self._leave(lease)
        except Exception as error:
            await self._went_wrong(lease, record, error)
        else:
            await self._finish(lease, record, teller, result)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _finish(self, lease: Lease, record: JobRecord, teller: Teller, result: bytes) -> None:
        async def write(conn: Connection) -> bool:
            await teller.flush()
            return await job_rows.finish_job(conn, lease, datetime.now(UTC), result)

        try:
            await self._insist(write)
            ENDED.labels(record.request.kind, "done").inc()
        except Exception as error:
            if is_servers_fault(error):
                raise
            await self._went_wrong(lease, record, error)  # An answer that the database cannot hold.

    async def _went_wrong(self, lease: Lease, record: JobRecord, error: Exception) -> None:
        if isinstance(error, LeaseLostError):
            ENDED.labels(record.request.kind, "stopped").inc()
            return
        failure, passes = _judged(error)
        now = datetime.now(UTC)
        if passes and lease.attempt <= record.request.retries:
            ENDED.labels(record.request.kind, "again").inc()
            wait_s = min(_LONGEST_BACKOFF_S, 2.0**lease.attempt) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter
            message = f"{failure.message}; tried again in {wait_s:.0f} s"
            until = now + timedelta(seconds=wait_s)
            await self._insist(lambda conn: job_rows.postpone_job(conn, lease, now, until, message))
        else:
            ENDED.labels(record.request.kind, "failed").inc()
            await self._insist(lambda conn: job_rows.fail_job(conn, lease, now, failure))

    async def _leave(self, lease: Lease) -> None:
        now = datetime.now(UTC)
        message = "the runner was stopped; another goes on"
        await self._insist(lambda conn: job_rows.postpone_job(conn, lease, now, now, message))

    async def _insist(self, write: Done) -> None:
        """Write what became of a job, however often the database has to be asked.

        Whether a commit that got no answer was made does not matter: when it was, the next try changes nothing.
        """
        since = time.monotonic()
        while True:
            try:
                async with self.pool.connection() as conn:
                    if not await write(conn):
                        _log.info("a job was over or another runner's before its end could be written")
                    return
            except Exception as error:
                if not is_servers_fault(error) or time.monotonic() - since > self.give_up_s:
                    raise
                _log.warning("the end of a job is not written yet: %s", error)
                await asyncio.sleep(random.uniform(0.2, 0.6))  # noqa: S311  # jitter


def _judged(error: Exception) -> tuple[JobFailure, bool]:
    if isinstance(error, StepFailedError):
        return error.failed.failure, error.failed.may_pass
    return failure_of(error, ""), may_pass(error)
