"""How long to wait before trying again: doubling, bounded, and spread by chance, or processes march in step."""

import random
from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Delays in seconds: about `first`, then twice as much each time up to `longest`; `reset` after a success.

    Each delay lies between half of the nominal one and all of it.
    """

    first: float = 0.5
    longest: float = 30.0
    chance: random.Random = field(default_factory=random.SystemRandom)
    _attempts: int = field(default=0, init=False)

    def next(self) -> float:
        """The next delay, s."""
        nominal = min(self.longest, self.first * 2.0 ** min(self._attempts, 30))
        self._attempts += 1
        return nominal * (0.5 + 0.5 * self.chance.random())

    def reset(self) -> None:
        """Start from the first delay again."""
        self._attempts = 0
