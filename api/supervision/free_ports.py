"""Another port where one is taken."""

import socket
from dataclasses import dataclass, field


@dataclass(slots=True)
class PortPicker:
    """Hands out ports that can be bound on `host` now, none of them twice."""

    host: str = "127.0.0.1"
    _given: set[int] = field(default_factory=set)

    def pick(self, wanted: int = 0) -> int:
        """`wanted` or the next free of the nine after it, else whatever the system has; 0 wants any."""
        candidates = range(wanted, min(wanted + 10, 65_536)) if wanted else ()
        for port in (*candidates, *[0] * 20):
            bound = 0 if port in self._given else self._bind(port)
            if bound and bound not in self._given:
                self._given.add(bound)
                return bound
        raise OSError(f"no free port on {self.host}")

    def _bind(self, port: int) -> int:
        with socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, port))
            except OSError:
                return 0
            return int(probe.getsockname()[1])
