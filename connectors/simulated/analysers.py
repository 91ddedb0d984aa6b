"""Analysers: they take a sample every few minutes and report it after a while; in between they say nothing."""

from collections.abc import Sequence
from typing import Any


class DelayedAnalyser:
    """Samples every `period_s` of plant time and reports each sample `delay_s` later."""

    def __init__(self, period_s: int, delay_s: int) -> None:
        if not 0 <= delay_s < period_s:
            raise ValueError(f"analyser: a delay of {delay_s} s must be shorter than its period of {period_s} s")
        self.period_s = period_s
        self.delay_s = delay_s
        self._sample: list[float] | None = None

    def report(self, scan: int, now: Sequence[float]) -> list[float] | None:
        """What is reported at second `scan` of plant time, if anything; `now` is the truth at that second."""
        if scan % self.period_s == 0:
            self._sample = list(now)
        if scan % self.period_s == self.delay_s:
            return self._sample
        return None

    def snapshot(self) -> Any:
        """The sample under way."""
        return self._sample

    def restore(self, state: Any) -> None:
        """Take back what `snapshot` gave."""
        self._sample = None if state is None else list(state)


class ReportOnChange:
    """For instruments that sample and delay by themselves: a report is a value that differs from the last."""

    def __init__(self) -> None:
        self._last: list[float] = []

    def changed(self, now: Sequence[float]) -> list[bool]:
        """Which of the values are new reports."""
        last, self._last = self._last, list(now)
        if len(last) != len(self._last):
            return [True] * len(self._last)
        return [a != b for a, b in zip(last, self._last, strict=True)]

    def snapshot(self) -> Any:
        """The last values."""
        return self._last

    def restore(self, state: Any) -> None:
        """Take back what `snapshot` gave."""
        self._last = list(state)
