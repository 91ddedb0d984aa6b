"""A plant's state in the short form that the live stream uses, so that the browser has one way to take values."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_LIMITS: Final = {"low_low": -2, "low": -1, "none": 0, "high": 1, "high_high": 2}


def live_values(state: Mapping[str, Any]) -> dict[str, Any]:
    """`{"log_time", "tags": {name: [value, time_us, quality, limit, stale]}}` of an answer of `/state`."""
    return {
        "log_time": state["log_time"] or 0,
        "tags": {
            tag["name"]: [tag["value"], tag["time_us"], tag["quality"], _LIMITS[tag["limit"]], int(tag["stale"])]
            for tag in state["tags"]
        },
    }


def micros(moment: datetime) -> int:
    """A moment with time zone as whole microseconds since 1970 UTC; by timedelta, as a float would lose some."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
