"""What a policy allows to be changed, and by how much."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """How far a tag may be changed: its range, the largest step, and the largest rate, a second.

    All in the tag's stored `unit`, which only the words of a refusal use.
    """

    low: float = -math.inf
    high: float = math.inf
    max_step: float = math.inf
    max_rate: float = math.inf
    unit: str = ""

    def __call__(self, before: float, after: float, elapsed_s: float = math.inf) -> tuple[str, ...]:
        """Why a change is refused; empty where it is allowed. `elapsed_s` is the time since the last change."""
        step, refused = abs(after - before), []
        if not self.low <= after <= self.high:
            refused.append(f"{self._told(after)} is outside {self.low:g} to {self._told(self.high)}")
        if step > self.max_step:
            refused.append(f"a step of {self._told(step)} is more than {self._told(self.max_step)}")
        if step > self._reach(elapsed_s):
            rate = self._told(60 * self.max_rate)
            refused.append(f"{self._told(step)} after {elapsed_s:g} s is faster than {rate} in a minute")
        return tuple(refused)

    def nearest(self, before: float, wanted: float, elapsed_s: float = math.inf) -> float:
        """The value nearest to the wanted one that may be set; `before` where the range is out of reach."""
        reach = min(self.max_step, self._reach(elapsed_s))
        low, high = max(self.low, before - reach), min(self.high, before + reach)
        return before if low > high else min(max(wanted, low), high)

    def both(self, other: "Allowed") -> "Allowed":
        """What both allow."""
        return Allowed(
            low=max(self.low, other.low),
            high=min(self.high, other.high),
            max_step=min(self.max_step, other.max_step),
            max_rate=min(self.max_rate, other.max_rate),
            unit=self.unit or other.unit,
        )

    def _reach(self, elapsed_s: float) -> float:
        return math.inf if math.inf in (self.max_rate, elapsed_s) else self.max_rate * elapsed_s

    def _told(self, number: float) -> str:
        return f"{number:g} {self.unit}".rstrip()
