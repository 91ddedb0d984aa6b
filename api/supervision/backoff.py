"""How long to wait before something that died is started again."""

from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Doubling delays in seconds: `first`, twice that, … up to `longest`; a life of `settled` seconds starts anew."""

    first: float = 1.0
    longest: float = 30.0
    settled: float = 60.0
    _failures: int = 0

    def delay_after(self, lived_s: float) -> float:
        """The delay before the next start, after a life of `lived_s` seconds."""
        if lived_s >= self.settled:
            self._failures = 0
        delay = min(self.longest, self.first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return delay
