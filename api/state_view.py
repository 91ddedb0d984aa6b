"""A plant's values as `/state` tells them, now and at a past time."""

from collections.abc import Sequence
from typing import Any

from analytics.quality import name_of
from api.live_state import LivePlant
from api.plant_time import iso, zone_of
from api.schemas import LIMIT_WORDS
from stream.store.history import PastReading
from twin.atlas.tags import Limits, Tag, TagTable


def present(live: LivePlant, now_us: int) -> dict[str, Any]:
    """The newest values; ages are seconds at `now_us`."""
    all_values = live.snapshot()
    zone = zone_of(all_values.table.content.time_zone)
    columns = zip(
        all_values.positions.tolist(),
        all_values.values.tolist(),
        all_values.times.tolist(),
        all_values.quality.tolist(),
        all_values.limits.tolist(),
        all_values.flags.tolist(),
        strict=True,
    )
    tags = [
        {
            "name": tag.name,
            "value": value,
            "unit": tag.unit,
            "quality": quality,
            "status": name_of(quality),
            "time": iso(time, zone),
            "time_us": time,
            "age_s": round(max(0.0, (now_us - time) / 1e6), 3),
            "stale": bool(flags & 1),
            "limit": LIMIT_WORDS.get(limit, "none"),
        }
        for position, value, time, quality, limit, flags in columns
        for tag in (all_values.table.tags[position],)
    ]
    log_time = live.log_time
    return {"plant": live.plant, "id": live.event_id, "log_time": log_time, "time": iso(log_time, zone), "tags": tags}


def empty(plant: str) -> dict[str, Any]:
    """The state of a plant of which no value has come."""
    return {"plant": plant, "id": None, "log_time": None, "time": None, "tags": []}


def past(plant: str, table: TagTable, values: Sequence[PastReading], at_us: int) -> dict[str, Any]:
    """The values that the table has for `at_us`, with the limit that each was beyond, without deadband."""
    zone = zone_of(table.content.time_zone)
    by_id = {tag.tag_id: tag for tag in table.tags}
    tags = [_past_tag(by_id[value.tag_id], value, at_us, iso(value.time_us, zone)) for value in values]
    return {"plant": plant, "id": None, "log_time": at_us, "time": iso(at_us, zone), "tags": tags}


def _past_tag(tag: Tag, value: PastReading, at_us: int, time: str) -> dict[str, Any]:
    age_s = (at_us - value.time_us) / 1e6
    return {
        "name": tag.name,
        "value": value.value,
        "unit": tag.unit,
        "quality": value.quality,
        "status": name_of(value.quality),
        "time": time,
        "time_us": value.time_us,
        "age_s": round(age_s, 3),
        "stale": 0.0 < tag.stale_after_s < age_s,
        "limit": LIMIT_WORDS[_beyond(tag.limits, value.value)],
    }


def _beyond(limits: Limits, value: float) -> int:
    if limits.high_high is not None and value >= limits.high_high:
        return 2
    if limits.low_low is not None and value <= limits.low_low:
        return -2
    if limits.high is not None and value >= limits.high:
        return 1
    if limits.low is not None and value <= limits.low:
        return -1
    return 0
