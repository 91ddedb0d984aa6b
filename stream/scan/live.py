"""Live values of a plant's tags: the newest reading of each, its age, its limit state, and whether it is stale."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import LimitArrays, limit_states
from analytics.quality import BAD, BAD_WAITING_FOR_INITIAL_DATA
from stream.scan.admit import Admitted
from twin.atlas.tags import TagTable

Positions = NDArray[np.intp]
NEVER: Final = 0
"""Time of what never was."""


@dataclass(slots=True)
class LiveValues:
    """Arrays by tag position, each of shape (tags,): the state of `apply` and `age`.

    `times` is the source's time and `reported` the log time of the newest report, microseconds UTC, `NEVER` before
    the first. `values` are in stored units, `limits` are `analytics.conditions.LimitState` numbers.
    """

    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    reported: NDArray[np.int64]
    limits: NDArray[np.int8]
    stale: NDArray[np.bool_]

    @classmethod
    def empty(cls, tags: int) -> "LiveValues":
        """No tag has a value yet."""
        return cls(
            times=np.full(tags, NEVER, dtype=np.int64),
            values=np.full(tags, np.nan),
            quality=np.full(tags, BAD_WAITING_FOR_INITIAL_DATA, dtype=np.uint32),
            reported=np.full(tags, NEVER, dtype=np.int64),
            limits=np.zeros(tags, dtype=np.int8),
            stale=np.zeros(tags, dtype=np.bool_),
        )

    def carried(self, old: TagTable, new: TagTable) -> "LiveValues":
        """The same state for another revision's positions; it moves by tag number, new tags begin empty."""
        at = old.find(new.tag_ids)
        known = at >= 0
        moved = LiveValues.empty(len(new))
        for target, source in zip(self._arrays(moved), self._arrays(self), strict=True):
            target[known] = source[at[known]]
        return moved

    @staticmethod
    def _arrays(state: "LiveValues") -> tuple[NDArray[np.generic], ...]:
        return (state.times, state.values, state.quality, state.reported, state.limits, state.stale)


@dataclass(frozen=True, slots=True)
class AgeRules:
    """What makes values stale: arrays by tag position, shape (tags,), times in microseconds.

    `watched` tells the tags that report periodically; a source's silence counts only where it has such a tag, which
    `watched_sources` tells, shape (sources,). `measured` are the positions of tags that are not derived.
    """

    stale_after: NDArray[np.int64]
    watched: NDArray[np.bool_]
    source: NDArray[np.intp]
    sources: int
    silent_after: int
    derived: NDArray[np.bool_]
    measured: Positions
    watched_sources: NDArray[np.bool_]


def limit_arrays(table: TagTable) -> LimitArrays:
    """The table's limits by position; a limit that a tag lacks is infinite."""

    def column(name: str, missing: float) -> NDArray[np.float64]:
        return np.array(
            [missing if (limit := getattr(tag.limits, name)) is None else limit for tag in table.tags], dtype=np.float64
        )

    return LimitArrays(
        low_low=column("low_low", -np.inf),
        low=column("low", -np.inf),
        high=column("high", np.inf),
        high_high=column("high_high", np.inf),
        deadband=np.array([tag.limits.deadband for tag in table.tags], dtype=np.float64),
    )


def age_rules(table: TagTable) -> AgeRules:
    """The table's rules of age."""
    names = sorted({tag.source for tag in table.tags})
    derived = np.array([tag.kind == "derived" for tag in table.tags], dtype=np.bool_)
    watched = (table.stale_after_us > 0) & ~derived
    source = np.array([names.index(tag.source) for tag in table.tags], dtype=np.intp)
    watched_sources = np.zeros(len(names), dtype=np.bool_)
    watched_sources[source[watched]] = True
    return AgeRules(
        stale_after=table.stale_after_us,
        watched=watched,
        source=source,
        sources=len(names),
        silent_after=table.content.silent_after_us,
        derived=derived,
        measured=np.flatnonzero(~derived),
        watched_sources=watched_sources,
    )


def apply(live: LiveValues, limits: LimitArrays, readings: Admitted, log_time: int, is_live: bool) -> Positions:
    """Take admitted readings into `live`, in place; the positions that changed, in no order, perhaps repeated.

    Only a reading newer than the tag's value moves it, so back-fill never moves a newer live value. Readings of one
    tag act in time order, one after another, so that a batch has the effect of its readings one by one.
    """
    if len(readings.positions) == 0:
        return np.empty(0, dtype=np.intp)
    reports = np.full(len(readings.times), log_time) if is_live else np.minimum(readings.times, log_time)
    np.maximum.at(live.reported, readings.positions, reports)
    newer = np.flatnonzero(readings.times > live.times[readings.positions])
    for chosen in _rounds(readings.positions[newer], readings.times[newer]):
        index = newer[chosen]
        positions, times = readings.positions[index], readings.times[index]
        live.times[positions] = times
        live.values[positions] = readings.values[index]
        live.quality[positions] = readings.quality[index]
        trusted = np.where(readings.quality[index] >= np.uint32(BAD), np.nan, readings.values[index])
        live.limits[positions] = limit_states(live.limits[positions], trusted, limits.take(positions))
    return readings.positions[newer]


def _rounds(positions: Positions, times: NDArray[np.int64]) -> list[Positions]:
    """Indices of readings in rounds in which each tag occurs once; a later round holds a tag's later readings."""
    if len(positions) == 0:
        return []
    if (positions[1:] > positions[:-1]).all():
        return [np.arange(len(positions))]  # A scan in the table's order, as nearly all are, needs no sorting.
    order = np.lexsort((times, positions))
    ordered = positions[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    if len(starts) == len(ordered):
        return [order]
    same = np.r_[False, (ordered[1:] == ordered[:-1]) & (times[order][1:] == times[order][:-1])]
    rank = np.arange(len(ordered)) - np.repeat(starts, np.diff(np.r_[starts, len(ordered)]))
    keep = ~same  # Of two readings of one tag and time the first stands; the table's rule settles the rest.
    by_rank = np.argsort(rank[keep], kind="stable")
    kept = order[keep][by_rank]
    cuts = np.flatnonzero(np.diff(rank[keep][by_rank])) + 1
    return np.split(kept, cuts)


def age(live: LiveValues, rules: AgeRules, log_time: int) -> Positions:
    """Find out which values are stale at `log_time`, in place; the positions whose staleness changed, ascending.

    Derived tags are left alone: they are as stale as what they are made of (`stream.scan.derived`).
    """
    last = np.full(rules.sources, NEVER, dtype=np.int64)
    np.maximum.at(last, rules.source[rules.measured], live.reported[rules.measured])
    silent = rules.watched_sources & (last + rules.silent_after < log_time)
    old = rules.watched & (live.reported + rules.stale_after < log_time)
    stale = np.where(rules.derived, live.stale, (old | silent[rules.source]) & (live.reported > NEVER))
    changed = np.flatnonzero(stale != live.stale)
    live.stale[:] = stale
    return changed
