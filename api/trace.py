"""The way of a tag's newest reading: sensor, connector, Kafka, twin, row, with the time at each."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from analytics.quality import name_of
from api.live_state import LivePlant
from api.plant_time import iso, zone_of
from api.ports import LoggedBatch
from api.schemas import Trace, TraceStep

_Where = Literal["sensor", "connector", "Kafka", "twin", "row"]
_Step = tuple[_Where, int | None, bool, str]
_SOURCE: Final = {"live": "as it happened", "backfill": "from the plant's history", "correction": "as a correction"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One tag's newest reading in the twin; times in microseconds UTC."""

    tag_id: int
    time_us: int
    value: float
    quality: int
    offset: int | None
    written_us: int | None
    derived: bool = False


def sight(live: LivePlant, position: int) -> Sighting:
    """What the twin has of the tag at a position of its table.

    Raises
    ------
    LookupError
        Where no value of the tag has come.
    """
    if live.table is None or position not in live.seen():
        raise LookupError(f"no value of this tag of plant {live.plant} has come yet")
    tag = live.table.tags[position]
    return Sighting(
        tag.tag_id,
        int(live.times[position]),
        float(live.values[position]),
        int(live.quality[position]),
        live.changed_offset(position),
        int(live.written[position]) or None,
        tag.kind == "derived",
    )


def carries(logged: LoggedBatch | None, sighting: Sighting) -> bool:
    """Whether the batch is the one that brought the reading; a change may also come from the clock or a revision."""
    if logged is None:
        return False
    tag_ids, times, _, _ = logged.batch.arrays()
    return bool(np.any((tag_ids == sighting.tag_id) & (times == sighting.time_us)))


def describe(
    live: LivePlant,
    position: int,
    sighting: Sighting,
    logged: LoggedBatch | None,
    stored: bool | None,
) -> Trace:
    """The way told step by step.

    Parameters
    ----------
    live, position
        The plant and the tag's place in its table.
    sighting
        The reading.
    logged
        The batch that brought it; None where the log no longer tells.
    stored
        Whether the table has the row; None where the database does not answer.
    """
    if live.table is None:
        raise LookupError(f"no value of plant {live.plant} has come yet")
    tag, zone = live.table.tags[position], zone_of(live.table.content.time_zone)
    steps: list[TraceStep] = []
    before: int | None = None
    for where, at, reached, text in _way(sighting, logged, stored):
        after_ms = None if at is None or before is None else round((at - before) / 1000, 3)
        time = None if at is None else iso(at, zone)
        steps.append(TraceStep(where=where, time=time, time_us=at, after_ms=after_ms, reached=reached, text=text))
        before = before if at is None else at
    return Trace(
        plant=live.plant,
        tag=tag.name,
        description=tag.description,
        unit=tag.unit,
        value=sighting.value if np.isfinite(sighting.value) else None,
        quality=sighting.quality,
        status=name_of(sighting.quality),
        steps=steps,
    )


def _way(sighting: Sighting, logged: LoggedBatch | None, stored: bool | None) -> list[_Step]:
    """Each place, the time there, whether the reading has come there, and words."""
    if sighting.derived:
        computed = "computed by the twin from other tags"
        middle: list[_Step] = [("connector", None, False, computed), ("Kafka", None, False, computed)]
    elif logged is None:
        unknown = "no longer told by the log"
        middle = [("connector", None, True, unknown), ("Kafka", None, True, unknown)]
    else:
        came = f"came {_SOURCE[logged.batch.origin]} from the source {logged.batch.source}"
        received = logged.batch.received or None
        middle = [("connector", received, True, came), ("Kafka", logged.log_time, True, "taken by the log")]
    row = {True: "in the table", False: "waits for the table", None: "the database does not answer"}[stored]
    return [
        ("sensor", sighting.time_us, True, "computed" if sighting.derived else "measured"),
        *middle,
        ("twin", sighting.written_us, True, "in the twin"),
        ("row", None, stored is True, row),
    ]
