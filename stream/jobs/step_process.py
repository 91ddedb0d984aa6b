"""The runner's end of a process that runs steps: started ahead, used again, killed when it does not end by itself."""

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from stream.jobs.errors import JobStoppedError, StepCrashedError
from stream.jobs.step_child import Answered, ChildSettings, Failed, FromChild, StepTask, Told, serve_steps

STOP_PATIENCE_S: Final = 0.3
"""How long a step may take to end by itself when it must; with it a cancelled job's processes are gone in a second."""

_STOP: Final = b"stop"


class StepFailedError(Exception):
    """A step failed; carries what its process said."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.failure.message)
        self.failed = failed


class StepProcess:
    """One process; runs one step at a time. `usable` tells whether it can run another."""

    def __init__(self, settings: ChildSettings) -> None:
        # Spawned, not forked: the runner has threads and connections, and a step must not share them.
        context = multiprocessing.get_context("spawn")
        self._channel, theirs = context.Pipe()
        self._process = context.Process(target=serve_steps, args=(theirs, settings), name="atlas step")
        # Reading waits in a thread of its own, so that a process that stands still holds up nobody else.
        self._thread = ThreadPoolExecutor(1, "step")
        self._thread.submit(self._start, theirs)
        self.usable = True

    def _start(self, theirs: Any) -> None:
        # One thread of linear algebra each: how much is computed at once is for the number of processes to say.
        os.putenv("OMP_NUM_THREADS", "1")
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int | None:
        """The process's number; None before it has begun."""
        return self._process.pid

    async def run(self, task: StepTask, told: Callable[[Told], None]) -> bytes:
        """Run a step to its answer, pickled or JSON as the task says; `told` gets its progress.

        When this is cancelled the step is told to end; its process is killed if it does not.

        Raises
        ------
        StepFailedError
            Where the step failed.
        StepCrashedError
            Where its process ended, or cannot be given the task.
        """
        self.usable = False
        waiting = asyncio.ensure_future(self._exchange(task, told))
        try:
            answer = await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await self._end(waiting)
            raise
        if isinstance(answer, Answered):
            self.usable = True
            return answer.content
        if isinstance(answer, Failed):
            self.usable = not answer.may_pass
            raise StepFailedError(answer)
        raise JobStoppedError

    async def _exchange(self, task: StepTask, told: Callable[[Told], None]) -> FromChild:
        try:
            await self._in_thread(self._channel.send_bytes, pickle.dumps(task, pickle.HIGHEST_PROTOCOL))
            while isinstance(news := await self._in_thread(self._channel.recv), Told):
                told(news)
        except (EOFError, OSError) as error:
            await self._in_thread(self._process.join)
            code = self._process.exitcode or 0
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            raise StepCrashedError(f"the process of step {task.step!r} {how}", remedy="see the runner's log") from error
        answer: FromChild = news
        return answer

    async def _end(self, waiting: "asyncio.Future[FromChild]") -> None:
        """Ask the step to end, and see to it."""
        try:
            self._channel.send_bytes(_STOP)
            async with asyncio.timeout(STOP_PATIENCE_S):
                await asyncio.shield(waiting)
            # An answer that crossed the request leaves that unread; a process with a past is not used again.
        except (TimeoutError, OSError, StepCrashedError):
            pass
        await self.close()
        await asyncio.gather(waiting, return_exceptions=True)

    async def close(self) -> None:
        """End the process at once; nothing it has is anybody else's."""
        self.usable = False
        if self._process.pid is not None:
            self._kill(self._process.pid)
        await asyncio.to_thread(self._bury)
        self._channel.close()

    def _bury(self) -> None:
        """Wait for its end, so that nothing of it is left in the table of processes."""
        self._thread.shutdown()
        if self._process.pid is not None:
            self._kill(self._process.pid)  # Again: it may only just have begun.
            self._process.join()

    def _kill(self, pid: int) -> None:
        with contextlib.suppress(AttributeError, ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)  # Not there before the process has a group of its own.
        self._process.kill()

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)
