"""One record of the inbox, as anybody may write it: JSON to readings by source, and why some of it cannot be taken.

Only what cannot be a reading at all is refused here. Times out of the plant's history and values that are no numbers go
on, because `stream.scan.admit` alone quarantines readings (rule admit-once).
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np

from connectors.errors import MalformedPushError
from connectors.port import MOST_READINGS, Readings
from stream.envelope import Origin
from twin.atlas.tag_definition import PUSH
from twin.atlas.tags import Tag, TagTable

MAX_RECORD_BYTES: Final = 1_000_000
LATE_US: Final = 60_000_000
"""A record with a reading older than this is back-fill, where it does not say what it is."""
FORM: Final = 1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INT64: Final = range(-(2**63), 2**63)
_UINT32: Final = range(2**32)
_INT32_MAX: Final = 2**31 - 1
_ORIGINS: Final[tuple[Origin, ...]] = ("live", "backfill", "correction")


class PushedRecord(NamedTuple):
    """A record's plant, what it says of its origin (None: nothing) and version, and its readings as they came."""

    plant: str
    origin: Origin | None
    version: int
    readings: list[Any]


class RefusedReading(NamedTuple):
    """A reading as it came, and why it cannot be taken."""

    reading: Any
    reason: str


@dataclass(frozen=True)
class SortedReadings:
    """Readings by source, those that cannot be taken, and whether one of these names a tag that is not known."""

    taken: dict[str, Readings] = field(default_factory=dict)
    refused: list[RefusedReading] = field(default_factory=list)
    unknown_tag: bool = False


class _UnknownTagError(MalformedPushError):
    """The plant has no such tag, as far as is known."""


class _Reading(NamedTuple):
    source: str
    tag_id: int
    time: int
    value: float
    quality: int


def parse(body: bytes) -> PushedRecord:
    """Read a record's frame; its readings are looked at by `sort_readings`.

    Raises
    ------
    MalformedPushError
        Where it has none of the form's fields right; nothing of it can be taken.
    """
    if len(body) > MAX_RECORD_BYTES:
        raise MalformedPushError(f"record of {len(body)} bytes; send at most {MAX_RECORD_BYTES} in one")
    try:
        # Not the faster parsers: these refuse the whole record for one NaN, which Python's clients write.
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedPushError(f"record of {len(body)} bytes is not JSON: {error}; send one JSON object") from None
    if not isinstance(content, dict):
        raise MalformedPushError(f"record is a {type(content).__name__}; send one JSON object")
    if type(content.get("v")) is not int or content["v"] != FORM:
        raise MalformedPushError(
            f"v is {_shown(content.get('v'))}; this connector reads form {FORM}: write 'v': {FORM}"
        )
    plant, readings = content.get("plant"), content.get("readings")
    if not isinstance(plant, str) or not plant:
        raise MalformedPushError(f"plant is {_shown(plant)}; send the plant's id")
    if not isinstance(readings, list) or not 0 < len(readings) <= MOST_READINGS:
        number = f"a list of {len(readings)}" if isinstance(readings, list) else _shown(readings)
        raise MalformedPushError(f"readings is {number}; send a list of 1 to {MOST_READINGS}")
    return PushedRecord(plant, *_origin(content), readings)


def sort_readings(record: PushedRecord, table: TagTable, sources: Collection[str], now_us: int) -> SortedReadings:
    """The record's readings by source, in their order, times in microseconds UTC and values as the source speaks.

    Parameters
    ----------
    sources
        Names of the plant's sources of kind push; tags of any other source are pushed as `PUSH`.
    now_us
        Microseconds UTC; a record older than `LATE_US` is back-fill.
    """
    taken: dict[str, list[_Reading]] = {}
    found = SortedReadings()
    unknown = False
    for entry in record.readings:
        try:
            reading = _reading(entry, table, sources)
        except MalformedPushError as error:
            found.refused.append(RefusedReading(entry, str(error)))
            unknown = unknown or isinstance(error, _UnknownTagError)
        else:
            taken.setdefault(reading.source, []).append(reading)
    for source, readings in taken.items():
        found.taken[source] = _arrays(readings, record, now_us)
    return SortedReadings(found.taken, found.refused, unknown)


def _origin(content: dict[str, Any]) -> tuple[Origin | None, int]:
    origin = content.get("origin")
    if origin is not None and origin not in _ORIGINS:
        raise MalformedPushError(f"origin is {_shown(origin)}; leave it out or send one of {', '.join(_ORIGINS)}")
    lowest = 1 if origin == "correction" else 0
    version = content.get("version", lowest)
    highest = _INT32_MAX if origin == "correction" else 0
    if type(version) is not int or not lowest <= version <= highest:
        raise MalformedPushError(f"version is {_shown(version)}; corrections have 1 to {_INT32_MAX}, others none")
    return origin, version


def _reading(entry: object, table: TagTable, sources: Collection[str]) -> _Reading:
    if not isinstance(entry, dict):
        raise MalformedPushError(f"reading is {_shown(entry)}; send an object with tag, time and value")
    tag = _tag(entry.get("tag"), table)
    quality = entry.get("quality", 0)
    if type(quality) is not int or quality not in _UINT32:
        raise MalformedPushError(f"{tag.name}: quality is {_shown(quality)}; send an OPC UA status code, 0 for Good")
    unit = entry.get("unit")
    if unit is not None and unit != tag.unit:
        raise MalformedPushError(f"{tag.name}: unit is {_shown(unit)}; send the value in {tag.unit or 'no unit'}")
    value = _value(entry.get("value"), tag)
    time = _time(entry["time_us"] if "time_us" in entry else entry.get("time"), tag)
    return _Reading(tag.source if tag.source in sources else PUSH, tag.tag_id, time, value, quality)


def _tag(name: object, table: TagTable) -> Tag:
    if not isinstance(name, str):
        raise MalformedPushError(f"tag is {_shown(name)}; send a tag's name")
    position = table.positions.get(name)
    if position is None:
        raise _UnknownTagError(
            f"plant {table.plant} has no tag {_shown(name)}; GET /v1/plants/{table.plant} lists them"
        )
    tag = table.tags[position]
    if tag.kind == "derived":
        raise MalformedPushError(f"{tag.name} is computed from other tags; send the readings of those")
    return tag


def _value(given: object, tag: Tag) -> float:
    """The value as the tag's source speaks, because admission converts it from there."""
    if given is None:
        return float("nan")
    if not isinstance(given, int | float):
        raise MalformedPushError(f"{tag.name}: value is {_shown(given)}; send a number")
    try:
        return (float(given) - tag.offset) / tag.scale
    except OverflowError:
        raise MalformedPushError(f"{tag.name}: value is {_shown(given)}; send a number below 1.8e308") from None


def _time(given: object, tag: Tag) -> int:
    if isinstance(given, str):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return (moment - _EPOCH) // timedelta(microseconds=1)
    elif type(given) is int and given in _INT64:
        return given
    raise MalformedPushError(
        f"{tag.name}: time is {_shown(given)}; send microseconds since 1970 UTC, or text like 2026-11-24T00:00:00Z"
    )


def _arrays(readings: list[_Reading], record: PushedRecord, now_us: int) -> Readings:
    times = np.array([reading.time for reading in readings], dtype=np.int64)
    late = bool((times < now_us - LATE_US).any())
    return Readings(
        tag_ids=np.array([reading.tag_id for reading in readings], dtype=np.int32),
        times=times,
        values=np.array([reading.value for reading in readings], dtype=np.float64),
        quality=np.array([reading.quality for reading in readings], dtype=np.uint32),
        origin=record.origin or ("backfill" if late else "live"),
        version=record.version,
    )


def _shown(given: object) -> str:
    """What was sent, short and printable; what is nested deeply or has many digits cannot be written at all."""
    if isinstance(given, list | dict):
        return "a list" if isinstance(given, list) else "an object"
    if type(given) is int and given.bit_length() > 128:
        return f"an integer of {given.bit_length()} bits"
    shown = repr(given)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
