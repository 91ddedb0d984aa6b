"""Jobs within a unit of work: the port, over the unit's connection and in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection as SqlConnection

from stream.jobs.job import JobFailure, JobRecord, JobRequest, JobState, Progress
from stream.store.database import Connection
from stream.store.job_rows import add_job, cancel_job, find_job, job_progress, list_jobs


class JobRepository(Protocol):
    """Jobs within one unit of work."""

    async def add(self, request: JobRequest, at: datetime) -> int:
        """Ask for a job; returns its number. A request of the same identity is given the job that there is."""

    async def find(self, job: int) -> JobRecord | None:
        """A job with its result or failure; None where there is no such."""

    async def find_by_identity(self, identity: str) -> JobRecord | None:
        """The job that was made of an identity, likewise."""

    async def list(
        self,
        plant: str | None = None,
        kind: str | None = None,
        state: JobState | None = None,
        limit: int = 100,
    ) -> Sequence[JobRecord]:
        """The newest jobs, newest first, without their results."""

    async def progress(self, job: int, after: int = 0) -> Sequence[Progress]:
        """What happened to a job after this number, in order; the one whose state is over is the last."""

    async def cancel(self, job: int, at: datetime, by: str) -> JobRecord | None:
        """End a job for good and return it; one that is over stays as it is. None where there is no such."""


class SqlJobRepository:
    """`JobRepository` over the unit of work's SQLAlchemy connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def _driver(self) -> Connection:
        """The driver's connection under SQLAlchemy's, and so the same transaction."""
        if not self._connection.in_transaction():
            await self._connection.begin()  # SQLAlchemy commits only what it has seen begin.
        raw = await self._connection.get_raw_connection()
        connection: Any = raw.driver_connection
        return connection  # type: ignore[no-any-return]  # SQLAlchemy doesn't type its driver's connection

    async def add(self, request: JobRequest, at: datetime) -> int:
        """See `JobRepository`."""
        return await add_job(await self._driver(), request, at)

    async def find(self, job: int) -> JobRecord | None:
        """See `JobRepository`."""
        return await find_job(await self._driver(), number=job)

    async def find_by_identity(self, identity: str) -> JobRecord | None:
        """See `JobRepository`."""
        return await find_job(await self._driver(), identity=identity)

    async def list(
        self,
        plant: str | None = None,
        kind: str | None = None,
        state: JobState | None = None,
        limit: int = 100,
    ) -> Sequence[JobRecord]:
        """See `JobRepository`."""
        return await list_jobs(await self._driver(), plant=plant, kind=kind, state=state, limit=limit)

    async def progress(self, job: int, after: int = 0) -> Sequence[Progress]:
        """See `JobRepository`."""
        return await job_progress(await self._driver(), job, after)

    async def cancel(self, job: int, at: datetime, by: str) -> JobRecord | None:
        """See `JobRepository`."""
        conn = await self._driver()
        await cancel_job(conn, job, at, by)
        return await find_job(conn, number=job)


class InMemoryJobRepository:
    """`JobRepository` in dictionaries, for tests; passes the same contract suite.

    `report` and `finish` are what a runner would do.
    """

    def __init__(self) -> None:
        self.jobs: dict[int, JobRecord] = {}
        self.told: dict[int, tuple[Progress, ...]] = {}

    async def add(self, request: JobRequest, at: datetime) -> int:
        """See `JobRepository`."""
        known = await self.find_by_identity(request.identity)
        if known is not None:
            return known.id
        number = len(self.jobs) + 1
        self._change(JobRecord(number, request, "waiting", 0.0, "waiting for its turn", 0, 0, at), at)
        return number

    async def find(self, job: int) -> JobRecord | None:
        """See `JobRepository`."""
        return self.jobs.get(job)

    async def find_by_identity(self, identity: str) -> JobRecord | None:
        """See `JobRepository`."""
        return next((job for job in self.jobs.values() if job.request.identity == identity), None)

    async def list(
        self,
        plant: str | None = None,
        kind: str | None = None,
        state: JobState | None = None,
        limit: int = 100,
    ) -> Sequence[JobRecord]:
        """See `JobRepository`."""
        wanted = ((plant, "plant"), (kind, "kind"))
        found = [
            replace(job, result=None)
            for job in reversed(self.jobs.values())
            if all(value in (None, getattr(job.request, name)) for value, name in wanted) and state in (None, job.state)
        ]
        return found[:limit]

    async def progress(self, job: int, after: int = 0) -> Sequence[Progress]:
        """See `JobRepository`."""
        return self.told.get(job, ())[after:]

    async def cancel(self, job: int, at: datetime, by: str) -> JobRecord | None:
        """See `JobRepository`."""
        record = self.jobs.get(job)
        if record is not None and not record.over:
            self._change(replace(record, state="cancelled", ended_at=at, message=f"cancelled by {by}"), at)
        return self.jobs.get(job)

    def report(self, job: int, at: datetime, done: float, message: str, partial: Any = None) -> None:
        """Progress of a running job."""
        record = self.jobs[job]
        begun = record.started_at or at
        running = replace(record, state="running", started_at=begun, attempt=1, done=done, message=message)
        self._change(running, at, partial)

    def finish(self, job: int, at: datetime, result: Any = None, failure: JobFailure | None = None) -> None:
        """The end of a job: its result, or why it failed."""
        state: JobState = "done" if failure is None else "failed"
        message = "done" if failure is None else failure.message
        done = 1.0 if failure is None else self.jobs[job].done
        ended = replace(self.jobs[job], state=state, done=done, message=message, ended_at=at)
        self._change(replace(ended, result=result, failure=failure), at)

    def copy(self) -> "InMemoryJobRepository":
        """A copy to be changed and thrown away or kept."""
        twin = InMemoryJobRepository()
        twin.jobs, twin.told = dict(self.jobs), dict(self.told)
        return twin

    def _change(self, record: JobRecord, at: datetime, partial: Any = None) -> None:
        record = replace(record, seq=record.seq + 1)
        news = Progress(record.id, record.seq, at, record.state, record.done, record.message, partial)
        self.jobs[record.id] = record
        self.told[record.id] = (*self.told.get(record.id, ()), news)
