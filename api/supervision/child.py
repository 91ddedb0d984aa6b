"""One supervised process: started in a session of its own, tied to the supervisor, its output in a file."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TETHER: Final = str(Path(__file__).with_name("tether.py"))


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process to run: its name, command, the address that tells its health, and environment (None: as ours)."""

    name: str
    command: tuple[str, ...]
    health_url: str = ""
    environment: Mapping[str, str] | None = None


class Child:
    """A running process of a spec. Its whole group goes with it, so that nothing that it started stays behind."""

    def __init__(self, spec: ProcessSpec, process: asyncio.subprocess.Process) -> None:
        self.spec = spec
        self._process = process

    @classmethod
    async def start(cls, spec: ProcessSpec, log: Path) -> "Child":
        """Start the process with its output appended to `log`.

        Raises
        ------
        OSError
            Where the log cannot be written or no process can be made.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-E", "-S", _TETHER, str(os.getpid()), *spec.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=spec.environment,
                start_new_session=True,
            )
        finally:
            os.close(output)
        return cls(spec, process)

    @property
    def pid(self) -> int:
        """Number of the process, which is its group's too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end and clear away what it left in its group; returns the exit code."""
        code = await self._process.wait()
        self._signal(signal.SIGKILL)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
