"""Readings that come over HTTP: checked against the plant's tag table, and written as one record of the inbox.

Everything that can be known here is told to the sender with the reading's number; the connector and the twin check
again, because the inbox is open to other programs too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from api import problems
from api.plant_time import iso, read_iso, zone_of
from api.problems import Problem
from api.schemas import NewReading
from twin.atlas.tags import Tag, TagTable

AHEAD_US: Final = 60_000_000
"""How far a reading's time may lie ahead of the clock (rule honest-times)."""
_MOST_FAULTS: Final = 100


@dataclass(frozen=True, slots=True)
class _Fault(Exception):
    field: str
    detail: str
    remedy: str


def encode(plant: str, readings: Sequence[NewReading], table: TagTable, now_us: int) -> bytes:
    """The readings as the JSON of an inbox record: plant, when they came, and for each tag, time, value, quality, unit.

    Times become microseconds UTC; values stay in the tag's stored unit, which each entry names.

    Raises
    ------
    Problem
        422 with every fault.
    """
    entries: list[dict[str, Any]] = []
    faults: list[dict[str, Any]] = []
    for index, reading in enumerate(readings):
        try:
            entries.append(_entry(reading, table, now_us))
        except _Fault as fault:
            path = f"readings[{index}].{fault.field}"
            faults.append({"index": index, "path": path, "detail": fault.detail, "remedy": fault.remedy})
    if faults:
        many = f"{len(faults)} of {len(readings)} readings cannot be taken, so none was."
        more = "" if len(faults) <= _MOST_FAULTS else f" The first {_MOST_FAULTS} are listed."
        raise Problem(problems.INVALID, many + more, faults=faults[:_MOST_FAULTS])
    return orjson.dumps({"v": 1, "plant": plant, "received_us": now_us, "readings": entries})


def _entry(reading: NewReading, table: TagTable, now_us: int) -> dict[str, Any]:
    tag = _tag(reading, table)
    value = float(reading.value)
    if not math.isfinite(value):
        raise _Fault("value", f"{value} is no number", "send a finite number, with a Bad quality if it is not known")
    if reading.unit is not None and reading.unit != tag.unit:
        raise _Fault(
            "unit", f"{reading.unit[:40]!r} is not the unit of {tag.name}", f"send the value in {tag.unit or 'no unit'}"
        )
    time_us = _time(reading, table, now_us)
    return {"tag": tag.name, "time_us": time_us, "value": value, "quality": reading.quality, "unit": tag.unit}


def _tag(reading: NewReading, table: TagTable) -> Tag:
    position = table.positions.get(reading.tag)
    if position is None:
        raise _Fault(
            "tag",
            f"plant {table.plant} has no tag {reading.tag[:100]!r}",
            f"GET /v1/plants/{table.plant} lists its tags",
        )
    tag = table.tags[position]
    if tag.kind == "derived":
        raise _Fault("tag", f"{tag.name} is computed from other tags", "send the readings of those")
    return tag


def _time(reading: NewReading, table: TagTable, now_us: int) -> int:
    try:
        time_us = reading.time if isinstance(reading.time, int) else read_iso(reading.time)
    except ValueError as error:
        raise _Fault("time", str(error), "write it like 2026-11-24T00:00:00Z") from None
    zone = zone_of(table.content.time_zone)
    if time_us > now_us + AHEAD_US:
        ahead_s = (time_us - now_us) / 1e6
        raise _Fault("time", f"{iso(time_us, zone)} is {ahead_s:.0f} s ahead", "set the sender's clock")
    earliest = table.content.history_from_us
    if time_us < earliest:
        raise _Fault(
            "time", f"{iso(time_us, zone)} is too long ago", f"the plant's history starts {iso(earliest, zone)}"
        )
    return time_us
