"""From what an OPC UA server reports to readings: numbers, times and status codes, value by value.

Source: OPC UA Part 4, 7.11 (DataValue), 7.39 (StatusCode) and Part 6, 5.1.9 (Variant).
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from asyncua import ua

from analytics.quality import BAD_NO_DATA, SERVER_TIME_USED, UNCERTAIN
from connectors.port import Readings
from stream.envelope import Origin

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NULL_YEAR: Final = 1601
_CODE: Final = 0xFFFF_0000
_DATA_VALUE_OVERFLOW: Final = 0x0480
"""InfoType DataValue with the bit Overflow: the server's queue of this tag lost values before this one."""

NUMBERS: Final = frozenset(
    {
        ua.VariantType.Boolean,
        ua.VariantType.SByte,
        ua.VariantType.Byte,
        ua.VariantType.Int16,
        ua.VariantType.UInt16,
        ua.VariantType.Int32,
        ua.VariantType.UInt32,
        ua.VariantType.Int64,
        ua.VariantType.UInt64,
        ua.VariantType.Float,
        ua.VariantType.Double,
    }
)


@dataclass
class Converted:
    """Values turned into readings, and what could not be: reasons by tag number, and tags whose queue overflowed."""

    tag_ids: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    refused: Counter[tuple[int, str]] = field(default_factory=Counter)
    overflowed: set[int] = field(default_factory=set)

    def add(self, tag_id: int, value: ua.DataValue, received_us: int) -> None:
        """Turn one value into a reading; one that is no number is refused and counted."""
        code = int(value.StatusCode.value) if value.StatusCode is not None else 0
        if code & _DATA_VALUE_OVERFLOW == _DATA_VALUE_OVERFLOW:
            self.overflowed.add(tag_id)
        number, reason = to_number(value.Value)
        if reason:
            self.refused[tag_id, reason] += 1
            return
        if math.isnan(number) and value_is_absent(value) and code < UNCERTAIN:
            code = BAD_NO_DATA
        time, flag = time_of(value, received_us)
        self.tag_ids.append(tag_id)
        self.times.append(time)
        self.values.append(number)
        # Only the condition is kept: limit, overflow and history bits would make a live value and the same value
        # read from history differ.
        self.quality.append(code & _CODE | flag)

    def readings(self, origin: Origin) -> Readings:
        """The readings as arrays, in the order in which they were added."""
        return Readings(
            np.array(self.tag_ids, dtype=np.int32),
            np.array(self.times, dtype=np.int64),
            np.array(self.values, dtype=np.float64),
            np.array(self.quality, dtype=np.uint32),
            origin,
        )


def convert(reported: Iterable[tuple[int, ua.DataValue]], received_us: int) -> Converted:
    """Turn (tag number, value) pairs into readings; `received_us` stands in where a value has no time at all."""
    converted = Converted()
    for tag_id, value in reported:
        converted.add(tag_id, value, received_us)
    return converted


def to_number(variant: "ua.Variant | None") -> tuple[float, str]:
    """The variant as a number and an empty text, or NaN and why it isn't one; a missing value is NaN."""
    if variant is None or variant.Value is None:
        return math.nan, ""
    if isinstance(variant.Value, (list, tuple)) or variant.is_array:
        return math.nan, "array"
    if variant.VariantType not in NUMBERS:
        return math.nan, variant.VariantType.name
    return float(variant.Value), ""


def value_is_absent(value: ua.DataValue) -> bool:
    """Whether the server reported no value, as it does with most bad statuses."""
    return value.Value is None or value.Value.Value is None


def time_of(value: ua.DataValue, received_us: int) -> tuple[int, int]:
    """The reading's time in microseconds UTC, and a flag where it isn't the source's (rule honest-times)."""
    source = to_us(value.SourceTimestamp)
    if source is not None:
        return source, 0
    server = to_us(value.ServerTimestamp)
    return (received_us if server is None else server), SERVER_TIME_USED


def to_us(time: Any) -> int | None:
    """A server's time as microseconds UTC; None for one that is missing or OPC UA's null (1601-01-01)."""
    if not isinstance(time, datetime) or time.year <= _NULL_YEAR:
        return None
    since = (time if time.tzinfo is not None else time.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def to_time(us: int) -> datetime:
    """Microseconds UTC as OPC UA's client library wants them."""
    return datetime.fromtimestamp(us // 1_000_000, tz=UTC).replace(microsecond=us % 1_000_000)
