"""A PostgreSQL cluster of our own: made, started and stopped the same way wherever its programs come from."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from stream.servers.errors import ServerError, ServerStartError
from stream.servers.file_lock import file_lock
from stream.servers.port import Progress, quiet
from stream.servers.ports import LOOPBACK, free_port, is_listening
from stream.servers.process import ENVIRONMENT, ServerProcess, group_of

ROLE = DATABASE = "atlas"
_INIT_S, _START_S, _STOP_S = 120.0, 120.0, 60.0
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresPrograms(Protocol):
    """Where PostgreSQL's programs come from, and as whom they run."""

    @property
    def cluster(self) -> Path:
        """Return the folder, seen from here, that holds the cluster's files."""
        ...

    @property
    def user(self) -> str | None:
        """Return the system user to start the command as; None for the present one."""
        ...

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """Return settings of this kind of installation."""
        ...

    def prepare(self, progress: Progress) -> None:
        """Make sure that programs and the cluster's folder exist, the latter owned by the database's user."""
        ...

    def command(self, program: str, folder: str, arguments: Sequence[str]) -> list[str]:
        """Return the command that runs a program on a folder in the cluster."""
        ...

    def forget(self) -> None:
        """Remove the cluster's folder."""
        ...


@dataclass(frozen=True)
class PostgresServer:
    """A database server on a port of loopback; whoever is on this machine may connect (trust).

    Attributes
    ----------
    folder
        Holds its record and its log.
    programs
        Its programs and the place of its data.
    """

    folder: Path
    programs: PostgresPrograms
    name: str = "database"

    @property
    def process(self) -> ServerProcess:
        """Return its main process."""
        return ServerProcess(self.name, self.folder)

    @property
    def address(self) -> str:
        """Return `host:port`."""
        record = self.process.record()
        if record is None:
            raise ServerError(f"the database in {self.folder} was never started", remedy="start it first")
        return f"{LOOPBACK}:{record.ports[0]}"

    @property
    def url(self) -> str:
        """Return the address of the database that Atlas Live uses."""
        return f"postgresql://{ROLE}@{self.address}/{DATABASE}"

    @property
    def _data(self) -> Path:
        return self.programs.cluster / "data"

    def start(self, progress: Progress = quiet) -> None:
        """Start it on its former port where that is free; a new cluster is made first."""
        with file_lock(self.folder / "database.lock"):
            if self.is_running():
                return
            self.programs.prepare(progress)
            if not self._data.exists():
                progress("making a new database")
                self._create()
            _clear_stale_pid(self._data / "postmaster.pid")
            progress("starting the database")
            self._launch()

    def _create(self) -> None:
        """Make the cluster under another name first: one whose making was interrupted is never taken for whole."""
        shutil.rmtree(self.programs.cluster / "draft", ignore_errors=True)
        trust = ["--auth-local=trust", "--auth-host=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        self._run("initdb", ["--username", ROLE, *trust, "--no-instructions"])
        # Single-user mode needs neither a port nor a client library.
        self._run("postgres", ["--single", "postgres"], f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n")
        (self.programs.cluster / "draft").rename(self._data)

    def _run(self, program: str, arguments: Sequence[str], text: str = "") -> None:
        result = subprocess.run(  # noqa: S603 - fixed programs, without a shell
            self.programs.command(program, "draft", arguments),
            input=text,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            cwd="/",
            user=self.programs.user,
            group=group_of(self.programs.user),
            extra_groups=[] if self.programs.user else None,
            timeout=_INIT_S,
            check=False,
        )
        if result.returncode != 0:
            raise ServerStartError(f"{program} failed with status {result.returncode}: {result.stderr.strip()[-2000:]}")

    def _launch(self) -> None:
        record = self.process.record()
        port = free_port(record.ports[0] if record else None)
        settings = {**_SETTINGS, **dict(self.programs.settings), "port": str(port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = self.programs.command("postgres", "data", options)
        self.process.launch(command, (port,), user=self.programs.user)
        self.process.wait_ready(lambda: self._is_ready(port), _START_S)

    def _is_ready(self, port: int) -> bool:
        with contextlib.suppress(OSError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[7].strip() == "ready" and is_listening(LOOPBACK, port)
        return False

    def stop(self) -> None:
        """Stop it cleanly (fast shutdown: sessions are ended, data is flushed)."""
        self.process.terminate(signal.SIGINT, _STOP_S)

    def kill(self) -> None:
        """End it and all its sessions at once."""
        self.process.kill()

    def pause(self) -> None:
        """Freeze it with all its sessions."""
        self.process.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.process.resume()

    def wipe(self) -> None:
        """End it and remove all its data."""
        self.kill()
        self.programs.forget()

    def is_running(self) -> bool:
        """Tell whether its main process lives."""
        return self.process.find() is not None

    def memory_bytes(self) -> int:
        """Return the resident memory of it and its sessions in bytes."""
        return self.process.memory_bytes()


def _clear_stale_pid(file: Path) -> None:
    """Remove the lock of a server that was killed; end one that still runs on these data without a record.

    PostgreSQL refuses to start where any process has the number in `postmaster.pid`, also one that was given the
    number after a reboot; the start time in its third line tells the two apart.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = file.read_text().splitlines()
        pid, started = int(lines[0]), float(lines[2])
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.name() == "postgres" and abs(process.create_time() - started) < 5.0:
                process.send_signal(signal.SIGINT)
                process.wait(_STOP_S)
    file.unlink(missing_ok=True)


def is_root() -> bool:
    """Tell whether this process is the super-user, as whom PostgreSQL refuses to run."""
    return os.geteuid() == 0
