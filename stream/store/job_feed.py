"""Follows jobs: what happens to them, as it happens, from any number on; one listening connection for all followers."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, NoReturn, Self

import psycopg

from stream.jobs import queue
from stream.jobs.errors import UnknownJobError
from stream.jobs.job import OVER, Progress
from stream.store.database import DatabaseConfig, Pool, connect
from stream.store.errors import DatabaseUnreachableError
from stream.store.job_rows import CHANNEL, find_job, job_progress, listen

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0
"""A follower looks by itself this often: a notification is lost with its connection."""


class JobFeed:
    """`async with JobFeed(config, pool) as feed: async for progress in feed.follow(job): ...`."""

    def __init__(self, config: DatabaseConfig, pool: Pool) -> None:
        self._config = config
        self._pool = pool
        self._followers: dict[int, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen, or keep trying to: whoever follows is served either way."""
        self._task = asyncio.create_task(self._listen(), name="job feed")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def follow(self, job: int, after: int = 0) -> AsyncIterator[Progress]:
        """What happened to the job after this number and what happens from now on, up to its end.

        Raises
        ------
        UnknownJobError
            Where there is no such job.
        psycopg.OperationalError, PoolTimeout
            Where the database does not answer; go on after the last number that came.
        """
        news = asyncio.Event()
        self._followers.setdefault(job, set()).add(news)
        try:
            while True:
                news.clear()
                told = await self._read(job, after)
                for progress in told:
                    yield progress
                    after = progress.seq
                if told and told[-1].state in OVER:
                    return
                if not told and await self._is_over(job):
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await news.wait()
        finally:
            self._followers[job].discard(news)
            if not self._followers[job]:
                del self._followers[job]

    async def _read(self, job: int, after: int) -> list[Progress]:
        async with self._pool.connection() as conn:
            return await job_progress(conn, job, after)

    async def _is_over(self, job: int) -> bool:
        """Whether a job of which nothing new is told will never tell more."""
        async with self._pool.connection() as conn:
            record = await find_job(conn, number=job)
        if record is None:
            raise UnknownJobError(job)
        return record.over

    async def _listen(self) -> NoReturn:
        await asyncio.to_thread(queue.load)  # Whoever follows jobs will ask for some.
        while True:
            try:
                conn = await connect(self._config, autocommit=True)
                async with conn:
                    await listen(conn, CHANNEL)
                    async for note in conn.notifies():
                        self._wake(int(note.payload.split()[0]))
            except (psycopg.OperationalError, DatabaseUnreachableError) as error:
                _log.warning("jobs are followed without notifications for now: %s", error)
            await asyncio.sleep(random.uniform(0.2, 1.0))  # noqa: S311  # jitter

    def _wake(self, job: int) -> None:
        for news in self._followers.get(job, ()):
            news.set()
