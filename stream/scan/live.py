"""What readings and the passing of time do to the live state of a plant, `twin.atlas.state.PlantState`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.conditions import LimitArrays, limit_states
from analytics.quality import BAD
from stream.scan.admit import Admitted
from stream.scan.estimate_rules import EstimateRules
from twin.atlas.state import NEVER, PlantState
from twin.atlas.tags import TagTable

Positions = NDArray[np.intp]


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


def apply(
    live: PlantState, limits: LimitArrays, readings: Admitted, source: str, log_time: int, is_live: bool
) -> Positions:
    """Take a source's admitted readings into `live`, in place; the positions that changed, in no order, perhaps twice.

    Only a reading newer than the tag's value moves it, so back-fill never moves a newer live value. Readings of one
    tag act in time order, one after another, so that a batch has the effect of its readings one by one.
    """
    if len(readings.positions) == 0:
        return np.empty(0, dtype=np.intp)
    reports = np.full(len(readings.times), log_time) if is_live else np.minimum(readings.times, log_time)
    np.maximum.at(live.reported, readings.positions, reports)
    newer = np.flatnonzero(readings.times > live.times[readings.positions])
    if len(newer):
        live.source[readings.positions[newer]] = live.place_of(source)
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


def age(live: PlantState, rules: AgeRules, log_time: int) -> Positions:
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


def age_shown(live: PlantState, rules: EstimateRules, log_time: int) -> Positions:
    """Find out which tags that show an estimate are stale, in place; the positions whose staleness changed."""
    at = rules.shown.positions
    stale = (live.times[at] + rules.stale_us < log_time) & (live.times[at] > NEVER)
    changed: Positions = at[stale != live.stale[at]]
    live.stale[at] = stale
    return changed
