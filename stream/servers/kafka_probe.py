"""Ask a broker how many brokers it knows: the readiness check that needs no client library.

One Metadata request, version 4, for no topic (https://kafka.apache.org/protocol): an open port alone says nothing,
because a broker listens before its cluster has let it in.
"""

from __future__ import annotations

import socket
import struct

_METADATA, _VERSION, _CORRELATION = 3, 4, 1
_CLIENT = b"atlas-servers"


def brokers_known(host: str, port: int, timeout_s: float = 2.0) -> int:
    """Return the number of brokers in the cluster's metadata; 0 where nobody answers in time."""
    try:
        with socket.create_connection((host, port), timeout=timeout_s) as line:
            line.settimeout(timeout_s)
            line.sendall(_request())
            return _count(_read_frame(line))
    except (OSError, struct.error, EOFError):
        return 0


def _request() -> bytes:
    header = struct.pack(">hhih", _METADATA, _VERSION, _CORRELATION, len(_CLIENT)) + _CLIENT
    body = struct.pack(">ib", 0, 0)  # an empty list of topics; do not create any
    return struct.pack(">i", len(header) + len(body)) + header + body


def _read_frame(line: socket.socket) -> bytes:
    (size,) = struct.unpack(">i", _read(line, 4))
    return _read(line, size)


def _read(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = line.recv(size - len(parts))
        if not part:
            raise EOFError("the broker closed the connection")
        parts += part
    return bytes(parts)


def _count(frame: bytes) -> int:
    correlation, _throttle_ms, brokers = struct.unpack_from(">iii", frame)
    return brokers if correlation == _CORRELATION else 0
