"""What runs in a data folder, as a file that its owner alone may read: for `atlas status` and for the next start."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

_VERSION: Final = 1


@dataclass(slots=True)
class ProcessState:
    """One process: `state` is starting, up, degraded, restarting, stopping or stopped."""

    name: str
    pid: int | None = None
    state: str = "starting"
    restarts: int = 0
    detail: str = ""
    started_at: float = 0.0
    created: float = 0.0
    """The kernel's start time of `pid`: a number used again by another process has another one."""
    health_url: str = ""
    health: dict[str, Any] | None = None


@dataclass(slots=True)
class RunState:
    """A supervisor, its processes, and where they are found."""

    pid: int
    created: float
    command: str
    servers: str
    since: float
    data_dir: str = ""
    stage: str = "starting"
    addresses: dict[str, Any] = field(default_factory=dict)
    api_key: str = ""
    processes: list[ProcessState] = field(default_factory=list)


def path(data_dir: Path) -> Path:
    """Where the state of a data folder lies."""
    return data_dir / "run.json"


def save(state: RunState, data_dir: Path) -> None:
    """Write the state so that a reader sees the old or the new one, never half of it; mode 0600."""
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=data_dir, prefix=".run-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"v": _VERSION, **asdict(state)}, file, indent=1)
    os.replace(name, path(data_dir))


def load(data_dir: Path) -> RunState | None:
    """The state last written; None where there is none or where it cannot be understood."""
    try:
        content = json.loads(path(data_dir).read_text(encoding="utf-8"))
        if content.pop("v") != _VERSION:
            return None
        content["processes"] = [ProcessState(**process) for process in content["processes"]]
        return RunState(**content)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def created(pid: int) -> float:
    """When the kernel started a process, seconds UTC; 0 where it does not run."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def is_alive(pid: int | None, started: float) -> bool:
    """Whether that very process still runs, and not another that was given its number."""
    if pid is None or started <= 0:
        return False
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
