"""Free TCP ports on loopback."""

from __future__ import annotations

import secrets
import socket
import time

from stream.servers.errors import ServerError

LOOPBACK = "127.0.0.1"

# Below the range from which Linux takes ports for outgoing connections (32768 and up): there, a client that tries a
# stopped server again and again ends up connected to itself, and the server's port is taken.
_FIRST, _COUNT, _TRIES = 20_000, 12_000, 200


def free_port(wanted: int | None = None, patience_s: float = 2.0) -> int:
    """Return `wanted` where it can be bound on loopback within `patience_s`, else another free port.

    The patience is for a killed server, whose last threads hold its port for a moment.
    """
    if wanted is not None and _wait_free(wanted, patience_s):
        return wanted
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_COUNT)
        if _can_bind(port):
            return port
    raise ServerError(
        f"no free port found on {LOOPBACK} between {_FIRST} and {_FIRST + _COUNT}",
        remedy="see what holds them: ss -ltn",
    )


def _wait_free(port: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not _can_bind(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Servers reuse a port whose old connections linger in TIME_WAIT; so must the probe, or a restart would move.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def is_listening(host: str, port: int, timeout_s: float = 0.5) -> bool:
    """Tell whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s):
            return True
    except OSError:
        return False


def split_address(address: str, field: str) -> tuple[str, int]:
    """Split `host:port`; `field` names the setting in the error."""
    host, colon, port = address.strip().rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise ServerError(f"{field} holds {address!r}", remedy="give it as host:port, for example 127.0.0.1:9092")
    return host.strip("[]"), int(port)
