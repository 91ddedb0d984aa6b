"""When disturbances act: a schedule that follows from a seed and the time alone, and switches thrown by hand."""

from dataclasses import dataclass

import numpy as np

from connectors.simulated.config import ScheduleConfig


@dataclass(frozen=True)
class Disturbance:
    """One scheduled disturbance: index in the plant's list of words, begin and end in seconds UTC (end excluded)."""

    number: int
    begin_s: int
    end_s: int


class Schedule:
    """One disturbance in every period of `config`; which, when and how long follow from (seed, period)."""

    def __init__(self, config: ScheduleConfig, seed: int, kinds: int) -> None:
        self._config = config
        self._seed = seed
        self._kinds = kinds
        self._known: dict[int, Disturbance] = {}

    def of_period(self, period: int) -> Disturbance:
        """The disturbance of one period, counted from the epoch."""
        known = self._known.get(period)
        if known is None:
            config = self._config
            draw = np.random.default_rng((self._seed, 0xD157, period))
            begin = period * config.period_s + int(draw.integers(0, config.spread_s + 1))
            # The cycle visits every kind before any comes again; the seed only turns it.
            number = (period * self._stride() + self._seed) % self._kinds
            end = begin + int(draw.integers(config.shortest_s, config.longest_s + 1))
            known = Disturbance(number, begin, end)
            self._known = {period: known, **{p: d for p, d in self._known.items() if abs(p - period) <= 1}}
        return known

    def acting(self, now_s: int) -> Disturbance | None:
        """The scheduled disturbance that acts at a time, if any."""
        if not self._config.on:
            return None
        found = self.of_period(now_s // self._config.period_s)
        return found if found.begin_s <= now_s < found.end_s else None

    def coming(self, now_s: int) -> Disturbance | None:
        """The next scheduled disturbance that begins after a time; None where the schedule is off."""
        if not self._config.on:
            return None
        period = now_s // self._config.period_s
        found = self.of_period(period)
        return found if found.begin_s > now_s else self.of_period(period + 1)

    def _stride(self) -> int:
        return next(step for step in (5, 7, 3, 11, 1) if np.gcd(step, self._kinds) == 1)
