"""One attempt at a job: its steps, as soon as what they need is there, each in a process of its own."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stream.jobs.errors import JobTimeoutError
from stream.jobs.graph import JobServices, Step, StepGraph
from stream.jobs.job import JobRecord
from stream.jobs.places import StepPlaces
from stream.jobs.step_child import StepTask, Told


class Listener(Protocol):
    """Is told how an attempt gets on."""

    def __call__(self, done: float, message: str, partial: bytes | None) -> None:
        """The part of the job done, what it is doing, and what can be shown already, JSON."""


def seed_of(identity: str) -> int:
    """The seed of a job's random numbers, 63 bits: the same for every attempt."""
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8]) >> 1


@dataclass
class Attempt:
    """See the module; made for one attempt and thrown away."""

    record: JobRecord
    graph: StepGraph
    services: JobServices
    places: StepPlaces
    listener: Listener

    def __post_init__(self) -> None:
        self._parts: dict[str, float] = {}
        self._answers: dict[str, bytes] = {}

    async def run(self) -> bytes:
        """All steps; returns the last one's answer as JSON.

        Raises
        ------
        JobTimeoutError
            Where they take longer than the job may.
        StepFailedError, StepCrashedError
            Where one of them gives no answer; the others are stopped.
        """
        timeout_s = self.record.request.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._run_all()
        except TimeoutError:
            raise JobTimeoutError(timeout_s) from None

    async def _run_all(self) -> bytes:
        running: dict[asyncio.Task[bytes], Step] = {}
        begun: set[str] = set()
        try:
            while len(self._answers) < len(self.graph.steps):
                for step in self.graph.ready(self._answers.keys(), begun):
                    begun.add(step.name)
                    running[asyncio.create_task(self._run(step), name=step.name)] = step
                ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    step = running.pop(task)
                    self._answers[step.name] = task.result()
            return self._answers[self.graph.result]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, step: Step) -> bytes:
        request = self.record.request
        task = StepTask(
            step=step.name,
            run=step.run,
            job=self.record.id,
            plant=request.plant,
            content=dict(request.content),
            seed=seed_of(request.identity),
            services=self.services,
            inputs={name: self._answers[name] for name in step.needs},
            as_json=step.name == self.graph.result,
        )
        async with self.places.take(request.priority) as process:
            answer = await process.run(task, self._told_by(step))
        self._tell(step, Told(1.0, "", None))
        return answer

    def _told_by(self, step: Step) -> Callable[[Told], None]:
        return lambda told: self._tell(step, told)

    def _tell(self, step: Step, told: Told) -> None:
        self._parts[step.name] = max(self._parts.get(step.name, 0.0), told.done)
        self.listener(self.graph.done(self._parts), told.message, told.partial)
