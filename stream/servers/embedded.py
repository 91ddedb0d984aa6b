"""Embedded servers: Tansu and PostgreSQL from wheels, for `make demo` and for tests on a bare machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stream.servers.port import Progress, Servers, quiet
from stream.servers.postgres import PostgresServer
from stream.servers.tansu import TansuBroker
from stream.servers.wheel_postgres import SHARED, WheelPostgres


@dataclass(frozen=True)
class EmbeddedServers:
    """A broker in memory and a database on disk, both on loopback.

    Attributes
    ----------
    folder
        Holds records, logs and (but for root) the data. A second start on it resumes on the same ports.
    shared
        Where an unprivileged user's data lie when we are root.
    """

    folder: Path
    shared: Path = SHARED
    kind: str = "embedded"

    @property
    def broker(self) -> TansuBroker:
        """Return the broker."""
        return TansuBroker(self.folder)

    @property
    def database(self) -> PostgresServer:
        """Return the database."""
        return PostgresServer(self.folder, WheelPostgres(self.folder, self.shared))

    @property
    def brokers(self) -> tuple[TansuBroker, ...]:
        """Return the one broker."""
        return (self.broker,)

    @property
    def databases(self) -> tuple[PostgresServer, ...]:
        """Return the one database."""
        return (self.database,)

    def start(self, progress: Progress = quiet) -> Servers:
        """Start what does not run; blocks for about 2 s the first time."""
        self.database.start(progress)
        self.broker.start(progress)
        return self._servers()

    def stop(self, progress: Progress = quiet) -> None:
        """Stop both, the database last."""
        progress("stopping the message log")
        self.broker.stop()
        progress("stopping the database")
        self.database.stop()

    def forget(self) -> None:
        """Stop both and remove the database's files, also those outside the folder."""
        self.stop()
        self.database.programs.forget()

    def running(self) -> Servers | None:
        """Return the addresses where both run."""
        return self._servers() if self.broker.is_running() and self.database.is_running() else None

    def _servers(self) -> Servers:
        return Servers(self.kind, self.broker.address, self.database.url)
