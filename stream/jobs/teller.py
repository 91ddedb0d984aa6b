"""Writes an attempt's progress: the newest a few times a second, and every partial answer."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Final

from stream.jobs.errors import LeaseLostError
from stream.store.database import Pool
from stream.store.faults import is_servers_fault
from stream.store.job_rows import Lease, report_job

_log = logging.getLogger(__name__)

EVERY_S: Final = 0.2


class Teller:
    """The listener of one attempt; `run` is its task, which ends when the attempt no longer holds the job."""

    def __init__(self, pool: Pool, lease: Lease) -> None:
        self._pool = pool
        self._lease = lease
        self._news: list[tuple[float, str, bytes | None]] = []
        self._come = asyncio.Event()
        self._turn = asyncio.Lock()

    def __call__(self, done: float, message: str, partial: bytes | None) -> None:
        """See `stream.jobs.attempt.Listener`."""
        if self._news and self._news[-1][2] is None:
            message = message or self._news.pop()[1]
        self._news.append((done, message, partial))
        self._come.set()

    async def run(self) -> None:
        """Write what comes in, until cancelled; a database that is away is waited for.

        Raises
        ------
        LeaseLostError
            Where the job was cancelled, or is another attempt's.
        """
        while True:
            await self._come.wait()
            try:
                await self.flush()
            except Exception as error:
                if not is_servers_fault(error):
                    raise
                _log.warning("progress of job %d waits: %s", self._lease.job, error)
            await asyncio.sleep(EVERY_S)

    async def flush(self) -> None:
        """Write what has come in so far."""
        async with self._turn:
            self._come.clear()
            while self._news:
                await self._write(self._news.pop(0))

    async def _write(self, news: tuple[float, str, bytes | None]) -> None:
        try:
            async with self._pool.connection() as conn:
                held = await report_job(conn, self._lease, datetime.now(UTC), *news)
        except BaseException:
            self._news.insert(0, news)
            raise
        if not held:
            raise LeaseLostError(f"job {self._lease.job} is over, or another attempt's")
