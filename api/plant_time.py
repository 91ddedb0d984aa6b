"""Times as they enter and leave the API: microseconds UTC inside, ISO 8601 with the plant's offset outside."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The time zone of that name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def iso(time_us: int, zone: tzinfo) -> str:
    """A time with the zone's offset; the extremes that no calendar holds are cut to those that it does."""
    try:
        return (_EPOCH + timedelta(microseconds=time_us)).astimezone(zone).isoformat(timespec="microseconds")
    except OverflowError:
        return "9999-12-31T23:59:59.999999+00:00" if time_us > 0 else "0001-01-01T00:00:00.000000+00:00"


def read_iso(text: str) -> int:
    """Microseconds UTC of an ISO 8601 time that says its offset.

    Raises
    ------
    ValueError
        Where it is none, or says no offset; the message tells which.
    """
    try:
        # In a query, a plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no ISO 8601 time") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text[:60]!r} has no offset from UTC")
    return (moment - _EPOCH) // _MICROSECOND
