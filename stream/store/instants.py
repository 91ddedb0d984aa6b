"""Microseconds UTC, as wire and arrays carry them, to and from the datetimes that the driver takes; exact."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LATEST_US: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_EARLIEST_US: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def instant(us: int) -> datetime:
    """The datetime of a time in microseconds UTC; what lies outside the years 1 to 9999 is taken to their ends."""
    return _EPOCH + timedelta(microseconds=min(max(us, _EARLIEST_US), _LATEST_US))


def microseconds(at: datetime) -> int:
    """The time in microseconds UTC of an aware datetime."""
    return (at - _EPOCH) // _MICROSECOND
