"""How often one caller may ask: a token bucket per key, bounded in number."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_MOST_BUCKETS: Final = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_us: int


class RateLimiter:
    """Token buckets by name; the one used longest ago is forgotten where there are too many.

    Parameters
    ----------
    per_s
        Tokens that return per second.
    burst
        Tokens of a full bucket.
    now_us
        The clock, microseconds.
    """

    def __init__(self, per_s: float, burst: int, now_us: Callable[[], int]) -> None:
        self._per_us = per_s / 1e6
        self._burst = float(burst)
        self._now_us = now_us
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str) -> float:
        """Take one token; 0.0 where there was one, else the seconds until there is."""
        bucket = self._refilled(name)
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            return 0.0
        return (1.0 - bucket.tokens) / self._per_us / 1e6

    def wait_s(self, name: str) -> float:
        """The seconds until there is a token, without taking one."""
        return max(0.0, (1.0 - self._refilled(name).tokens) / self._per_us / 1e6)

    def _refilled(self, name: str) -> _Bucket:
        now = self._now_us()
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = _Bucket(self._burst, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(name)
        bucket.tokens = min(self._burst, bucket.tokens + max(0, now - bucket.at_us) * self._per_us)
        bucket.at_us = now
        return bucket
