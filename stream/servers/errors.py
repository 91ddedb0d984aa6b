"""Errors of the servers beneath Atlas Live.

AtlasError
`-- ServerError               a server could not be started, stopped or found
    |-- ServerMissingError    this machine lacks what the server needs; the remedy says what to install
    `-- ServerStartError      it was started and did not become ready; the text ends with its last log lines
"""

from __future__ import annotations

from pathlib import Path

from twin.atlas.errors import AtlasError

_TAIL_BYTES = 2_000


class ServerError(AtlasError):
    """A server could not be started, stopped or found."""


class ServerMissingError(ServerError):
    """The machine lacks what the server needs."""


class ServerStartError(ServerError):
    """A server was started and did not become ready."""


def log_tail(log: Path) -> str:
    """Return the end of a server's log, for the text of an error."""
    if not log.exists():
        return f"{log} was never written"
    text = log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace").strip()
    return f"the end of {log}:\n{text}" if text else f"{log} is empty"
