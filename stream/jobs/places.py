"""The processes of a runner, handed out by priority: a person's question first, and one place always kept for it."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator, Callable

from stream.jobs.job import Priority
from stream.jobs.step_process import StepProcess


class StepPlaces:
    """A fixed number of step processes, started ahead and replaced when they are used up."""

    def __init__(self, count: int, make: Callable[[], StepProcess]) -> None:
        self.count = count
        self._make = make
        self._idle = [make() for _ in range(count)]
        self._scheduled = 0
        self._ending = False
        self._waiting: list[tuple[int, int]] = []
        self._numbers = itertools.count()
        self._changed = asyncio.Condition()

    @property
    def for_scheduled(self) -> int:
        """How many processes scheduled work may have at once: all but one, where there are two or more."""
        return max(1, self.count - 1)

    @contextlib.asynccontextmanager
    async def take(self, priority: Priority) -> AsyncIterator[StepProcess]:
        """A process for one step, as soon as there is one and nobody comes first."""
        ticket = (-priority, next(self._numbers))
        scheduled = priority < Priority.ASKED
        async with self._changed:
            heapq.heappush(self._waiting, ticket)
            try:
                await self._changed.wait_for(lambda: self._may_take(ticket, scheduled))
                process = self._idle.pop()
                self._scheduled += scheduled
            finally:
                self._waiting.remove(ticket)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
        try:
            yield process
        finally:
            # Not interrupted: a cancelled step would keep its place for ever.
            await asyncio.shield(self._give_back(process, scheduled))

    def _may_take(self, ticket: tuple[int, int], scheduled: bool) -> bool:
        room = not scheduled or self._scheduled < self.for_scheduled
        return bool(self._idle) and self._waiting[0] == ticket and room

    async def _give_back(self, process: StepProcess, scheduled: bool) -> None:
        if not process.usable:
            await process.close()
        async with self._changed:
            if process.usable:
                self._idle.append(process)
            elif not self._ending:
                self._idle.append(self._make())
            self._scheduled -= scheduled
            self._changed.notify_all()

    def retire(self) -> None:
        """Replace no process any more: the runner ends."""
        self._ending = True

    async def close(self) -> None:
        """End all processes that nobody uses."""
        self.retire()
        await asyncio.gather(*(process.close() for process in self._idle))
        self._idle.clear()
