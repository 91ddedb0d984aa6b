"""Whose servers these are: a run stops the servers that it started, or that a killed run of the folder left.

Servers that were there before it, as `make servers` starts them, or that somebody else runs, go on without it.
"""

from pathlib import Path

from stream.servers.port import ServerSet


def claim(servers: ServerSet, data_dir: Path) -> bool:
    """Whether the servers are this run's to stop; call it before they are started, while holding the folder."""
    if servers.kind == "external":
        return False
    claimed = _file(data_dir)
    left_over = claimed.exists() and claimed.read_text(encoding="utf-8") == servers.kind
    if not left_over and servers.kind != "embedded" and servers.running() is not None:
        return False
    claimed.write_text(servers.kind, encoding="utf-8")
    return True


def release(data_dir: Path) -> None:
    """Take note that the servers were stopped."""
    _file(data_dir).unlink(missing_ok=True)


def _file(data_dir: Path) -> Path:
    return data_dir / "servers_of_run"
