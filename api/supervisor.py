"""Keeps processes running: starts them, asks for their health, starts again what dies or hangs, and stops all cleanly.

It knows nothing of plants or servers; what to run are `ProcessSpec`s. No process needs another to start, so all start
at once, and each waits for what it needs and says so in its health.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from api.supervision import run_state
from api.supervision.backoff import Backoff
from api.supervision.child import Child, ProcessSpec
from api.supervision.log_files import rotate
from api.supervision.probe import probe
from api.supervision.run_state import ProcessState

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: between two probes, until a silent process counts as hung, for a clean stop, between log checks."""

    probe_every: float = 1.0
    hung_after: float = 60.0
    stop_patience: float = 10.0
    rotate_every: float = 30.0


@dataclass(slots=True)
class _Kept:
    spec: ProcessSpec
    state: ProcessState
    backoff: Backoff
    child: Child | None = None
    answered_at: float | None = field(default=None)


class Supervisor:
    """Runs the processes of `specs` until told to stop.

    Parameters
    ----------
    specs
        What to run, in the order in which it is started; stopped in reverse. `add` gives more of it later.
    logs
        Folder of `<name>.log`.
    on_change
        Told a process's state whenever it changes; must not block.
    now
        A clock that only moves forward, seconds.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        logs: Path,
        on_change: Callable[[ProcessState], None] = lambda _state: None,
        timing: Timing | None = None,
        now: Callable[[], float] = time.monotonic,
        new_backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._logs = logs
        self._on_change = on_change
        self._timing = timing or Timing()
        self._now = now
        self._new_backoff = new_backoff
        self._kept: list[_Kept] = []
        self._keeping: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._stop: asyncio.Event | None = None
        self._all_up = asyncio.Event()
        self.add(specs)

    def add(self, specs: Sequence[ProcessSpec]) -> None:
        """Keep these processes too; they start at once where the others run already."""
        for spec in specs:
            kept = _Kept(spec, ProcessState(spec.name, health_url=spec.health_url), self._new_backoff())
            self._kept.append(kept)
            if self._stop is not None:
                self._begin(kept, self._stop)
        self._all_up.clear()

    def kill(self, names: Collection[str]) -> None:
        """End these processes at once; they are started again like any that died."""
        for kept in self._kept:
            if kept.spec.name in names and kept.child is not None:
                kept.child.kill()

    @property
    def processes(self) -> list[ProcessState]:
        """State of every process, in the order of their start."""
        return [kept.state for kept in self._kept]

    def log(self, name: str) -> Path:
        """The log of a process."""
        return self._logs / f"{name}.log"

    async def wait_until_up(self) -> None:
        """Wait until every process is up at the same time."""
        await self._all_up.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep everything running until `stop` is set, then stop everything."""
        self._stop = stop
        rotation = asyncio.create_task(self._rotate())
        stopping = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(self._ended.wait())
        try:
            for kept in self._kept:
                self._begin(kept, stop)
            # A keeping task ends by itself only by a fault of ours; then everything stops and the fault is told.
            await asyncio.wait([stopping, ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            for task in (rotation, stopping, ended):
                task.cancel()
            await self._stop_all()
        for keeping in self._keeping:
            keeping.result()

    def _begin(self, kept: _Kept, stop: asyncio.Event) -> None:
        task = asyncio.create_task(self._keep(kept, stop), name=kept.spec.name)
        task.add_done_callback(lambda _task: self._ended.set())
        self._keeping.append(task)

    async def _stop_all(self) -> None:
        if not self._keeping:
            return
        for kept in reversed(self._kept):
            if kept.child is not None:
                self._change(kept, state="stopping", detail="")
                kept.child.terminate()
        _done, late = await asyncio.wait(self._keeping, timeout=self._timing.stop_patience)
        if late:
            for kept in self._kept:
                if kept.child is not None:
                    _log.warning("%s did not stop within %.0f s", kept.spec.name, self._timing.stop_patience)
                    kept.child.kill()
            await asyncio.wait(late)

    async def _keep(self, kept: _Kept, stop: asyncio.Event) -> None:
        while not stop.is_set():
            started = self._now()
            how = await self._live_once(kept, stop)
            if stop.is_set():
                break
            delay = kept.backoff.delay_after(self._now() - started)
            _log.warning("%s %s; again in %.0f s", kept.spec.name, how, delay)
            self._change(
                kept,
                state="restarting",
                detail=f"{how}; again in {delay:.0f} s",
                restarts=kept.state.restarts + 1,
                pid=None,
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), delay)
        self._change(kept, state="stopped", detail="", pid=None)

    async def _live_once(self, kept: _Kept, stop: asyncio.Event) -> str:
        """Start the process and watch it to its end; returns how it ended, in words."""
        try:
            child = await Child.start(kept.spec, self.log(kept.spec.name))
        except OSError as error:
            return f"could not be started ({error})"
        kept.child, kept.answered_at = child, None
        created = run_state.created(child.pid)
        self._change(kept, state="starting", detail="", pid=child.pid, created=created, started_at=time.time())
        if stop.is_set():
            child.terminate()
        ending = asyncio.create_task(child.wait())
        try:
            while not ending.done():
                await asyncio.wait([ending], timeout=self._timing.probe_every)
                if not ending.done() and not stop.is_set():
                    await self._look_at(kept, child)
        finally:
            kept.child = None
        code = ending.result()
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    async def _look_at(self, kept: _Kept, child: Child) -> None:
        if not kept.spec.health_url:
            self._change(kept, state="up", detail="")
            return
        result = await probe(kept.spec.health_url)
        if child.exit_code is not None or kept.state.state == "stopping":
            return
        now = self._now()
        if result.answered:
            kept.answered_at = now
        kept.state.health = result.report
        if result.ok:
            self._change(kept, state="up", detail="")
            return
        was_up = kept.state.state in ("up", "degraded")
        self._change(kept, state="degraded" if was_up else "starting", detail=result.detail)
        if kept.answered_at is not None and now - kept.answered_at > self._timing.hung_after:
            _log.warning("%s has not answered for %.0f s", kept.spec.name, self._timing.hung_after)
            child.kill()

    def _change(self, kept: _Kept, **changes: object) -> None:
        changed = {name: value for name, value in changes.items() if getattr(kept.state, name) != value}
        for name, value in changed.items():
            setattr(kept.state, name, value)
        if all(each.state.state == "up" for each in self._kept):
            self._all_up.set()
        else:
            self._all_up.clear()
        if changed:
            self._on_change(kept.state)

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(self._timing.rotate_every)
            await asyncio.to_thread(rotate, sorted(self._logs.glob("*.log")))
