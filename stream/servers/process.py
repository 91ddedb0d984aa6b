"""One server process: detached, recorded in a file, and found again by whoever reads that file."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil

from stream.servers.errors import ServerError, ServerStartError, log_tail

# Servers get a small, known environment: several of them (Tansu, PostgreSQL, Java) take settings from variables.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}


class ProcessRecord(msgspec.Struct, frozen=True):
    """What is written about a started process.

    Attributes
    ----------
    pid, created
        The process, and the second of its start (epoch) that tells it from a later one with the same number.
    ports
        What it listens on, in the order that its owner chose.
    """

    pid: int
    created: float
    ports: tuple[int, ...]


@dataclass(frozen=True)
class ServerProcess:
    """A server's process, known by its record.

    Attributes
    ----------
    name
        For errors and log files.
    folder
        Holds `<name>.json` (the record) and `<name>.log` (what it prints).
    """

    name: str
    folder: Path

    @property
    def log(self) -> Path:
        """Return the file that takes what the process prints."""
        return self.folder / f"{self.name}.log"

    @property
    def _record_file(self) -> Path:
        return self.folder / f"{self.name}.json"

    def record(self) -> ProcessRecord | None:
        """Return what was written at the last start, or None where there was none or it cannot be read."""
        try:
            return msgspec.json.decode(self._record_file.read_bytes(), type=ProcessRecord)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def find(self) -> psutil.Process | None:
        """Return the live process of the record; a stale record (kill -9, reboot, reused number) gives None."""
        record = self.record()
        if record is None:
            return None
        try:
            process = psutil.Process(record.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                _reap(record.pid)
                return None
            return process if abs(process.create_time() - record.created) < 1.0 else None
        except psutil.Error:
            return None

    def launch(self, command: Sequence[str], ports: tuple[int, ...], *, user: str | None = None) -> None:
        """Start the command in a session of its own, so that the parent's Ctrl-C and end do not reach it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - the callers' fixed commands, without a shell
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=ENVIRONMENT,
                cwd="/",
                start_new_session=True,
                user=user,
                group=group_of(user),
                extra_groups=[] if user else None,
            )
        # Nobody waits for the child here: its record, not this object, is how it is found and stopped.
        child.returncode = 0
        self._write(ProcessRecord(child.pid, psutil.Process(child.pid).create_time(), ports))

    def _write(self, record: ProcessRecord) -> None:
        draft = self._record_file.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(record))
        draft.replace(self._record_file)

    def wait_ready(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Wait until `ready()`; raise with the end of the log where the process ends or time runs out."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self.find() is None:
                raise ServerStartError(f"{self.name} ended while starting; {log_tail(self.log)}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerStartError(f"{self.name} was not ready within {timeout_s:.0f} s; {log_tail(self.log)}")
            time.sleep(0.05)

    def terminate(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = 30.0) -> None:
        """Ask the process to end and wait; after `timeout_s` kill it and all its children."""
        process = self.find()
        if process is None:
            return
        self.resume()
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if not self._await_end(timeout_s):
            self.signal_tree(signal.SIGKILL)
            self._await_end(5.0)

    def kill(self) -> None:
        """End the process and its children at once."""
        self.signal_tree(signal.SIGKILL)
        if not self._await_end(10.0):
            raise ServerError(
                f"{self.name} (process {self.record()}) survived SIGKILL", remedy="look at its state in ps"
            )

    def _await_end(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        record = self.record()
        while self.find() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        if record is not None:
            _reap(record.pid)
        return True

    def pause(self) -> None:
        """Freeze the process and its children; their connections stay open."""
        self.signal_tree(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process and its children go on."""
        self.signal_tree(signal.SIGCONT)

    def signal_tree(self, number: signal.Signals) -> None:
        """Send a signal to the process and its children, parents first so that none is started anew."""
        for process in self._tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def memory_bytes(self) -> int:
        """Return the memory that the process and its children have to themselves, with the shared part counted once."""
        shared = private = 0
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                memory = process.memory_info()
                shared = max(shared, memory.shared)
                private += memory.rss - memory.shared
        return shared + private

    def _tree(self) -> Iterator[psutil.Process]:
        process = self.find()
        if process is None:
            return
        yield process
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from process.children(recursive=True)


def group_of(user: str | None) -> int | None:
    """Return the number of a user's own group; None for None, the present user."""
    return None if user is None else pwd.getpwnam(user).pw_gid


def _reap(pid: int) -> None:
    """Take a dead child's exit status, so that it does not stay a zombie; another process's child is not ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
