"""The jobs in the database behind `api.ports.JobFollower`, with one error for "it is away"."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from api.ports import DatabaseAwayError
from stream.jobs.job import Progress
from stream.store.database import DatabaseConfig, open_pool
from stream.store.errors import DatabaseUnreachableError
from stream.store.faults import is_servers_fault
from stream.store.job_feed import JobFeed


class StoreJobs:
    """See `api.ports.JobFollower`; the feed is opened when first needed, so that the API starts without a database."""

    def __init__(self, config: DatabaseConfig) -> None:
        self._config = config
        self._opening = asyncio.Lock()
        self._opened = AsyncExitStack()
        self._feed: JobFeed | None = None

    async def follow(self, job: int, after: int = 0) -> AsyncIterator[Progress]:
        """What happened to the job after this number, up to its end."""
        try:
            feed = await self._open()
            async for progress in feed.follow(job, after):
                yield progress
        except Exception as error:
            if not (isinstance(error, DatabaseUnreachableError) or is_servers_fault(error)):
                raise
            raise DatabaseAwayError("the database does not answer", remedy="'atlas status' tells more") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._opened.aclose()

    async def _open(self) -> JobFeed:
        async with self._opening:
            if self._feed is None:
                pool = await open_pool(self._config)
                self._opened.push_async_callback(pool.close)
                self._feed = await self._opened.enter_async_context(JobFeed(self._config, pool))
            return self._feed
