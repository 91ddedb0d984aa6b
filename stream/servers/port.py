"""What every kind of servers offers: start, stop, and two addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Progress = Callable[[str], None]
"""Told one short line, in a user's words, whenever a start or stop makes progress."""


def quiet(_line: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class Servers:
    """The addresses of a Kafka and a database that accept connections.

    Attributes
    ----------
    kind
        `embedded`, `native`, `containers` or `external`.
    kafka
        Bootstrap servers, `host:port[,host:port]`.
    database
        `postgresql://user@host:port/name`.
    """

    kind: str
    kafka: str
    database: str


class Server(Protocol):
    """One broker or one database: what a supervisor restarts and a chaos test breaks."""

    @property
    def name(self) -> str:
        """Return what it is called in logs and progress lines."""
        ...

    @property
    def address(self) -> str:
        """Return `host:port`; kept over restarts where the port is still free.

        Raises
        ------
        ServerError
            Where it has never been started.
        """
        ...

    def start(self, progress: Progress = quiet) -> None:
        """Start it and wait until it answers; nothing happens where it runs already."""
        ...

    def stop(self) -> None:
        """Stop it cleanly; nothing happens where it does not run."""
        ...

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        ...

    def pause(self) -> None:
        """Freeze it (SIGSTOP): its connections stay open and nothing answers."""
        ...

    def resume(self) -> None:
        """Let a frozen one go on (SIGCONT)."""
        ...

    def wipe(self) -> None:
        """End it and forget all that it has stored."""
        ...

    def is_running(self) -> bool:
        """Tell whether its process lives, frozen or not."""
        ...

    def memory_bytes(self) -> int:
        """Return the resident memory of its processes in bytes; 0 where it does not run."""
        ...


class ServerSet(Protocol):
    """A Kafka and a database that belong together."""

    @property
    def kind(self) -> str:
        """Return `embedded`, `native`, `containers` or `external`."""
        ...

    @property
    def brokers(self) -> tuple[Server, ...]:
        """Return the brokers that can be stopped and started one by one; none where they are not ours."""
        ...

    @property
    def databases(self) -> tuple[Server, ...]:
        """Return the one database that can be stopped and started; none where it is not ours."""
        ...

    def start(self, progress: Progress = quiet) -> Servers:
        """Start what does not run yet, wait until all answers, and return the addresses. Blocks."""
        ...

    def stop(self, progress: Progress = quiet) -> None:
        """Stop all of it cleanly, database last. Blocks. Data stays."""
        ...

    def running(self) -> Servers | None:
        """Return the addresses where all of it runs, started by this or another process; else None."""
        ...
