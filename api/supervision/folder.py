"""One supervisor per data folder: its lock, and the clearing away of what a killed one left."""

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from api.supervision import run_state
from twin.atlas.errors import AtlasError


class AlreadyRunsError(AtlasError):
    """Another supervisor works in the data folder."""


@contextlib.contextmanager
def held(data_dir: Path, patience_s: float = 10.0) -> Iterator[None]:
    """Hold the data folder (made if missing, mode 0700); the kernel lets go of it when this process ends.

    A killed supervisor's guard holds it for the seconds in which it stops the servers; so long we wait.

    Raises
    ------
    AlreadyRunsError
        Where another process holds it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o700)
    with (data_dir / "run.lock").open("a+") as file:
        deadline = time.monotonic() + patience_s
        while not _lock(file.fileno()):
            state = run_state.load(data_dir)
            if time.monotonic() >= deadline or (state and run_state.is_alive(state.pid, state.created)):
                raise _occupied(data_dir, state)
            time.sleep(0.1)
        yield


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _occupied(data_dir: Path, state: run_state.RunState | None) -> AlreadyRunsError:
    who = f" (process {state.pid})" if state is not None else ""
    where = f"; its dashboard is {state.addresses['dashboard']}" if state and state.addresses.get("dashboard") else ""
    return AlreadyRunsError(
        f"Atlas Live runs already in {data_dir}{who}{where}",
        remedy="see 'atlas status', stop it with Ctrl-C or SIGTERM, or use another --data-dir",
    )


def clear_leftovers(data_dir: Path, patience_s: float = 5.0) -> int:
    """End the children of a supervisor that was killed, by the numbers in its state file; returns how many there were.

    Call it only while holding the folder. A number that another process bears by now is left alone.
    """
    state = run_state.load(data_dir)
    if state is None:
        return 0
    left = [process for process in state.processes if run_state.is_alive(process.pid, process.created)]
    for number, deadline in ((signal.SIGTERM, time.monotonic() + patience_s), (signal.SIGKILL, 0.0)):
        living = [process for process in left if run_state.is_alive(process.pid, process.created)]
        for process in living:
            _signal_group(process.pid, number)
        while time.monotonic() < deadline and any(run_state.is_alive(p.pid, p.created) for p in living):
            time.sleep(0.05)
    return len(left)


def _signal_group(pid: int | None, number: signal.Signals) -> None:
    if pid is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
