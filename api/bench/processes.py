"""The service's real processes as children of a measurement, with what they take of processor and memory."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from api.bench.plan import BenchError
from api.supervision.child import Child, ProcessSpec
from api.supervision.log_files import tail
from api.supervision.probe import probe

_UP_S: Final = 90.0
_STOP_S: Final = 30.0
_MB: Final = 1_000_000


@dataclass
class Processes:
    """Starts, watches and stops the processes of `specs`, by name; `peaks_mb` outlives them."""

    specs: Mapping[str, ProcessSpec]
    logs: Path
    peaks_mb: dict[str, float] = field(default_factory=dict)
    _running: dict[str, Child] = field(default_factory=dict)

    async def start(self, *names: str) -> None:
        """Start processes; returns at once."""
        for name in names:
            self._running[name] = await Child.start(self.specs[name], self.logs / f"{name}.log")

    async def until_up(self, *names: str) -> None:
        """Wait until the processes say that they are well.

        Raises
        ------
        BenchError
            Where one ends or is not well in time.
        """
        with self._bounded(f"{', '.join(names)} not up within {_UP_S:.0f} s"):
            async with asyncio.timeout(_UP_S):
                for name in names:
                    while not (await probe(self.specs[name].health_url)).ok:
                        self.check()
                        await asyncio.sleep(0.2)

    def check(self) -> None:
        """Raise `BenchError` where a process has ended by itself."""
        for name, child in self._running.items():
            if child.exit_code is not None:
                raise BenchError(
                    f"{name} ended with exit code {child.exit_code}:\n" + "\n".join(tail(self.logs / f"{name}.log", 12))
                )

    async def stop(self, *names: str) -> None:
        """Stop processes calmly and note their memory; one that does not end is ended."""
        self.note_peaks()
        children = [self._running.pop(name) for name in names if name in self._running]
        for child in children:
            child.terminate()
        for child in children:
            try:
                async with asyncio.timeout(_STOP_S):
                    await child.wait()
            except TimeoutError:
                child.kill()
                await child.wait()

    async def stop_all(self) -> None:
        """Stop all that run."""
        await self.stop(*self._running)

    def cpu_s(self, names: Iterable[str] | None = None) -> dict[str, float]:
        """Processor time that each process that runs has taken, seconds."""
        chosen = self._running if names is None else {name: self._running[name] for name in names}
        return {name: cpu_s(child.pid) for name, child in chosen.items()}

    def note_peaks(self) -> None:
        """Note the most memory that each process has had in use, as the kernel kept it."""
        for name, child in self._running.items():
            self.peaks_mb[name] = max(self.peaks_mb.get(name, 0.0), _peak_mb(child.pid))

    @contextlib.contextmanager
    def _bounded(self, what: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise BenchError(what, remedy=f"see {self.logs}") from None


def cpu_s(pid: int) -> float:
    """Processor time of a process and of its children, also of those that have ended; 0 where there is none."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        ended = times.children_user + times.children_system
        return float(times.user + times.system + ended + sum(cpu_s(child.pid) for child in process.children()))
    except psutil.Error:
        return 0.0


def _peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    peak_kb = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
    return sum(peak_kb) * 1024 / _MB
