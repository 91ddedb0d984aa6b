"""One start at a time per server; the lock ends with the process that holds it, also after kill -9."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from stream.servers.errors import ServerError


@contextlib.contextmanager
def file_lock(file: Path, timeout_s: float = 600.0) -> Iterator[None]:
    """Hold the file's lock, waiting at most `timeout_s` for another process that holds it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        deadline = time.monotonic() + timeout_s
        while not _try(held.fileno()):
            if time.monotonic() > deadline:
                raise ServerError(
                    f"another process has held {file} for {timeout_s:.0f} s while it starts a server",
                    remedy="wait for it, or end it, and try again",
                )
            time.sleep(0.1)
        yield


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
