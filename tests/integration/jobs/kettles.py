"""A database, jobs that are asked for in it, and runners that come and are killed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from run_runner import config

from stream.health import Health
from stream.jobs.job import JobRecord, JobRequest, Priority, Progress
from stream.jobs.process import run_runner
from stream.store.unit_of_work import SqlUnitOfWork

SCRIPT = Path(__file__).with_name("run_runner.py")
LONG_S = 300.0


@dataclass
class Site:
    """A database, jobs that are asked for, and runners that come and are killed."""

    dsn: str
    unit: SqlUnitOfWork
    runners: list[subprocess.Popen[bytes]] = field(default_factory=list)

    async def ask(self, kind: str, identity: str, priority: Priority = Priority.ASKED, **content: Any) -> int:
        request = JobRequest(kind=kind, plant="kettle", identity=identity, content=content, priority=priority)
        async with self.unit:
            job = await self.unit.jobs.add(request, datetime.now(UTC))
            await self.unit.commit()
        return job

    async def find(self, job: int) -> JobRecord:
        async with self.unit:
            found = await self.unit.jobs.find(job)
        assert found is not None
        return found

    async def progress(self, job: int) -> list[Progress]:
        async with self.unit:
            return list(await self.unit.jobs.progress(job))

    async def until(self, job: int, holds: Callable[[JobRecord], bool], timeout_s: float = LONG_S) -> JobRecord:
        deadline = time.monotonic() + timeout_s
        while not holds(found := await self.find(job)):
            assert time.monotonic() < deadline, f"job {job} is {found}"
            await asyncio.sleep(0.05)
        return found

    async def over(self, job: int, timeout_s: float = LONG_S) -> JobRecord:
        return await self.until(job, lambda record: record.over, timeout_s)

    async def computing(self, job: int) -> JobRecord:
        return await self.until(job, lambda record: record.message == "computing")

    def process(self, *die_at: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "ignore", str(SCRIPT), self.dsn, *die_at]
        started = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self.runners.append(started)
        return started

    @asynccontextmanager
    async def runner(self, health: Health | None = None, **options: Any) -> AsyncIterator[asyncio.Task[None]]:
        """A runner in this process."""
        stop = asyncio.Event()
        task = asyncio.create_task(run_runner(config(self.dsn, **options), health or Health("runner"), stop))
        try:
            yield task
        finally:
            stop.set()
            await task
