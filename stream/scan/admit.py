"""Admission: one pure function accepts or quarantines each reading of a batch and converts it (rule admit-once).

Worker and historian both call it, so they always decide alike; the historian alone writes the dead letters.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.quality import BAD, UNCERTAIN, UNCERTAIN_ENGINEERING_UNITS_EXCEEDED
from stream.envelope import ReadingBatch
from stream.topics import partition_of
from twin.atlas.tags import TagTable

AHEAD_US: Final = 60_000_000
"""How far a reading's time may be ahead of log time (rule honest-times)."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A reading that was not admitted: its index in the batch, its tag number, and why."""

    index: int
    tag_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """The admitted readings of a batch, m of its n, in the batch's order, values in the tags' stored units.

    `positions` point into the batch's own tag table. Arrays have shape (m,).
    """

    positions: NDArray[np.intp]
    tag_ids: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    quality: NDArray[np.uint32]
    quarantined: tuple[Quarantined, ...] = ()


def misplaced(batch: ReadingBatch, table: TagTable, partition: int) -> str | None:
    """Why the batch as a whole cannot be of this plant and partition, or None where it can."""
    if table.plant != batch.plant:
        return f"plant {batch.plant!r} uses tag table {table.name} of plant {table.plant!r}; send the plant's own"
    if partition_of(table.content.number) != partition:
        expected = partition_of(table.content.number)
        return f"plant {batch.plant!r} belongs into partition {expected}, not {partition}; mend the producer"
    return None


def admit(batch: ReadingBatch, table: TagTable, log_time: int) -> Admitted:
    """Accept or quarantine each reading of a batch; see `Admitted`.

    A value outside the range that a transmitter can honestly report (-1.25 % to 103.125 % of span; NAMUR NE 43:
    3.8 mA and 20.5 mA on 4 to 20 mA) stays, with its quality lowered to Uncertain.

    Parameters
    ----------
    batch
        A batch whose buffers agree (`stream.envelope.decode` has checked it).
    table
        The tag table that the batch names.
    log_time
        The record's time in the log, microseconds UTC.
    """
    tag_ids, times, values, quality = batch.arrays()
    positions = table.find(tag_ids)
    known = positions >= 0
    timely = (times <= log_time + AHEAD_US) & (times >= table.content.history_from_us)
    # A Bad reading needs no value; any other that is not a finite number is a fault of the source.
    meaningful = np.isfinite(values) | (quality >= np.uint32(BAD))
    fit = known & timely & meaningful
    quarantined: tuple[Quarantined, ...] = ()
    if not fit.all():
        quarantined = tuple(
            Quarantined(int(i), int(tag_ids[i]), _reason(i, known, timely, tag_ids, times, values, table, log_time))
            for i in np.flatnonzero(~fit)
        )
        positions, tag_ids, times = positions[fit], tag_ids[fit], times[fit]
        values, quality = values[fit], quality[fit]
    stored = values * table.scales[positions] + table.offsets[positions]
    outside = (stored < table.honest_lows[positions]) | (stored > table.honest_highs[positions])
    if outside.any():
        exceeded = outside & (quality < np.uint32(UNCERTAIN))
        quality = np.where(exceeded, np.uint32(UNCERTAIN_ENGINEERING_UNITS_EXCEEDED), quality)
    return Admitted(positions, tag_ids, times, stored, quality, quarantined)


def _reason(
    i: np.intp,
    known: NDArray[np.bool_],
    timely: NDArray[np.bool_],
    tag_ids: NDArray[np.int32],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    table: TagTable,
    log_time: int,
) -> str:
    if not known[i]:
        return f"tag number {tag_ids[i]} is not in tag table {table.name} of plant {table.plant}; store its revision"
    name = table.tags[int(np.searchsorted(table.tag_ids, tag_ids[i]))].name
    if not timely[i]:
        if times[i] > log_time:
            return f"{name}: time {times[i]} us is more than a minute ahead of {log_time} us; set the source's clock"
        start = table.content.history_from_us
        return f"{name}: time {times[i]} us is before the plant's history_from {start} us; mend the clock or the file"
    return f"{name}: value {values[i]} is not a finite number though its quality is not Bad; mend the source"
