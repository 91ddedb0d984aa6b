"""Stops a run's servers when their supervisor was killed and could not.

The processes end with their supervisor by the kernel's hand, but the servers are detached, since tests and other tools
find them again. So a small process of its own listens to a pipe whose other end the supervisor holds: when it breaks
without a farewell, the guard takes the data folder's lock and stops the servers.
"""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Final

_FAREWELL: Final = b"bye"
_DISMISSAL_S: Final = 5.0


class OrphanGuard:
    """The supervisor's side: the guard as a child that outlives it."""

    def __init__(self, data_dir: Path, kind: str) -> None:
        self._data_dir = data_dir
        self._kind = kind
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the guard."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "api.supervision.orphan_guard", str(self._data_dir), self._kind),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

    async def dismiss(self) -> None:
        """Tell the guard that all was stopped, and wait for its end."""
        if self._process is None or self._process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(_FAREWELL)
            await self._process.stdin.drain()
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _DISMISSAL_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def stop_orphans(data_dir: Path, kind: str) -> None:
    """Stop the servers of a folder, unless another supervisor has taken it over."""
    # Imported only now: the guard waits for days and should weigh nothing.
    from api.supervision import folder, server_claim
    from api.supervision.places import server_places
    from stream.servers.find import choose

    with contextlib.suppress(folder.AlreadyRunsError), folder.held(data_dir, patience_s=0.0):
        choose(kind, server_places(data_dir)).stop()
        server_claim.release(data_dir)


def main() -> None:
    """Wait for the farewell, or for the pipe to break."""
    if sys.stdin.buffer.read() != _FAREWELL:
        stop_orphans(Path(sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
