"""The plant's grid of scans: sample-and-hold vectors that close once and never reopen (rule closed-scans).

Scan k stands for the time k * period. It closes when log time passes that time plus the grace, and holds the newest
reading of each tag at or before it among those that lie in the log before the record that closed it.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from analytics.quality import BAD_WAITING_FOR_INITIAL_DATA
from stream.scan.admit import Admitted
from twin.atlas.tags import TagTable


@dataclass(frozen=True, slots=True)
class Scan:
    """One closed scan: its time and, by tag position, shape (tags,), values, qualities and times of the readings held.

    Times in microseconds UTC.
    """

    time: int
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    times: NDArray[np.int64]


@dataclass(slots=True)
class Grid:
    """Held values by tag position and the readings that wait for their scan.

    `closed` is the time of the newest closed scan, microseconds UTC, 0 before the first; `late` counts readings that
    came after the scan they belong to had closed.
    """

    period: int
    grace: int
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    closed: int = 0
    late: int = 0
    waiting: list[Admitted] = field(default_factory=list)

    @classmethod
    def of(cls, table: TagTable) -> "Grid":
        """An empty grid for the table's tags."""
        tags = len(table)
        return cls(
            period=table.content.scan_period_us,
            grace=table.content.grace_us,
            times=np.zeros(tags, dtype=np.int64),
            values=np.full(tags, np.nan),
            quality=np.full(tags, BAD_WAITING_FOR_INITIAL_DATA, dtype=np.uint32),
        )

    def offer(self, readings: Admitted, is_live: bool) -> None:
        """Let readings wait for their scan; those that can't change any scan to come are dropped here."""
        if len(readings.times) == 0:
            return
        if is_live:
            self.late += int(np.count_nonzero(readings.times <= self.closed))
        useful = readings.times > self.times[readings.positions]
        if useful.all():
            self.waiting.append(readings)
        elif useful.any():
            self.waiting.append(_only(readings, useful))

    def close(self, log_time: int) -> list[Scan]:
        """Close every scan whose grace `log_time` has passed; those in which something changed, in order of time.

        A scan in which no tag got a new reading equals the one before, and is closed without being returned.
        """
        newest = (log_time - self.grace) // self.period * self.period
        if newest <= self.closed:
            return []
        pending = self._take_due(newest)
        scans: list[Scan] = []
        if pending is not None:
            # Readings from before the newest closed scan act on the first one to close now.
            floor = self.closed + self.period if self.closed else newest
            due = np.maximum(-(-pending.times // self.period) * self.period, floor)
            times = _distinct(due)
            for time in times:
                if self._hold(pending if len(times) == 1 else _only(pending, due == time)):
                    scans.append(Scan(time, self.values.copy(), self.quality.copy(), self.times.copy()))
        self.closed = newest
        return scans

    def _take_due(self, newest: int) -> Admitted | None:
        """The waiting readings of scans up to `newest`, in their order; the others go on waiting."""
        due, rest = [], []
        for readings in self.waiting:
            later = readings.times > newest
            # Nearly every batch is of one scan, and then it is neither cut nor copied.
            if later.all():
                rest.append(readings)
            elif not later.any():
                due.append(readings)
            else:
                due.append(_only(readings, ~later))
                rest.append(_only(readings, later))
        self.waiting = rest
        return _joined(due)

    def hold(self, readings: Admitted, until: int) -> None:
        """Hold these readings as they are; no scan up to the time `until` closes any more."""
        self._hold(readings)
        self.closed = max(self.closed, until // self.period * self.period)

    def _hold(self, readings: Admitted) -> bool:
        positions = readings.positions
        if (positions[1:] > positions[:-1]).all():  # Each tag once, as in nearly every scan: any order will do.
            order = np.arange(len(positions))
        else:
            # Backwards: of two readings of one tag and time the first comes last and stands, as in `live.apply`.
            order = len(positions) - 1 - np.argsort(readings.times[::-1], kind="stable")
        order = order[readings.times[order] > self.times[positions[order]]]
        if len(order) == 0:
            return False
        # With repeated positions numpy keeps the last assignment, which is the newest reading.
        positions = positions[order]
        self.times[positions] = readings.times[order]
        self.values[positions] = readings.values[order]
        self.quality[positions] = readings.quality[order]
        return True

    def fork(self) -> "Grid":
        """An equal grid that shares no memory that changes; readings that wait never do."""
        return replace(
            self,
            times=self.times.copy(),
            values=self.values.copy(),
            quality=self.quality.copy(),
            waiting=list(self.waiting),
        )

    def carried(self, old: TagTable, new: TagTable) -> "Grid":
        """The same grid for another revision's positions; held values move by tag number, and so does what waits."""
        at = old.find(new.tag_ids)
        known = at >= 0
        moved = Grid.of(new)
        moved.times[known], moved.values[known] = self.times[at[known]], self.values[at[known]]
        moved.quality[known] = self.quality[at[known]]
        moved.closed, moved.late = self.closed // moved.period * moved.period, self.late
        for readings in self.waiting:
            target = new.find(readings.tag_ids)
            kept = _only(readings, target >= 0)
            if len(kept.times):
                moved.waiting.append(Admitted(target[target >= 0], kept.tag_ids, kept.times, kept.values, kept.quality))
        return moved


def _distinct(times: NDArray[np.int64]) -> list[int]:
    """The distinct times, ascending; nearly always there is one, which needs no sorting."""
    if len(times) == 0:
        return []
    low, high = int(times.min()), int(times.max())
    return [low] if low == high else [int(time) for time in np.unique(times)]


def _only(readings: Admitted, mask: NDArray[np.bool_]) -> Admitted:
    return Admitted(
        readings.positions[mask],
        readings.tag_ids[mask],
        readings.times[mask],
        readings.values[mask],
        readings.quality[mask],
    )


def _joined(waiting: list[Admitted]) -> Admitted | None:
    if len(waiting) <= 1:
        return waiting[0] if waiting else None
    return Admitted(
        np.concatenate([w.positions for w in waiting]),
        np.concatenate([w.tag_ids for w in waiting]),
        np.concatenate([w.times for w in waiting]),
        np.concatenate([w.values for w in waiting]),
        np.concatenate([w.quality for w in waiting]),
    )
