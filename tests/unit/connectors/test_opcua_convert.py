"""From OPC UA values to readings: numbers of every type, times as the rule has them, and only the condition's bits."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from analytics.quality import BAD_NO_DATA, SERVER_TIME_USED, is_bad
from connectors.opcua.convert import convert, to_number, to_time, to_us

V = ua.VariantType
AT = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
NULL = datetime(1601, 1, 1, tzinfo=UTC)
AT_US = 1_795_521_600_123_456
RECEIVED = AT_US + 5


def value(
    content: object = 1.5,
    kind: V = V.Double,
    code: int = 0,
    source: datetime | None = AT,
    server: datetime | None = None,
) -> ua.DataValue:
    return ua.DataValue(
        Value=ua.Variant(content, kind) if content is not None else None,
        StatusCode=ua.StatusCode(ua.UInt32(code)),
        SourceTimestamp=source,
        ServerTimestamp=server,
    )


@pytest.mark.parametrize(
    ("content", "kind", "number"),
    [(True, V.Boolean, 1.0), (-5, V.SByte, -5.0), (2**63 - 1, V.Int64, float(2**63 - 1)), (7, V.Byte, 7.0),
     (2**64 - 1, V.UInt64, float(2**64 - 1)), (0.1, V.Float, 0.1), (-0.0, V.Double, -0.0)],
)  # fmt: skip
def test_numbers_of_every_type_are_read(content: object, kind: V, number: float) -> None:
    assert to_number(ua.Variant(content, kind)) == (number, "")


@pytest.mark.parametrize(
    ("variant", "reason"),
    [(ua.Variant("1.5", V.String), "String"), (ua.Variant([1.0, 2.0], V.Double), "array"),
     (ua.Variant(AT, V.DateTime), "DateTime"), (ua.Variant(b"1", V.ByteString), "ByteString")],
)  # fmt: skip
def test_what_is_no_number_is_refused_and_counted(variant: ua.Variant, reason: str) -> None:
    number, why = to_number(variant)
    assert math.isnan(number)
    assert why == reason
    converted = convert([(3, ua.DataValue(Value=variant)), (3, ua.DataValue(Value=variant)), (4, value())], RECEIVED)
    assert converted.tag_ids == [4]
    assert converted.refused == {(3, reason): 2}


@pytest.mark.parametrize(
    ("source", "server", "expected", "flag"),
    [
        (AT, AT + timedelta(seconds=9), AT_US, 0),
        (AT.replace(tzinfo=None), None, AT_US, 0),
        (None, AT, AT_US, SERVER_TIME_USED),
        (NULL, AT, AT_US, SERVER_TIME_USED),
        (None, None, RECEIVED, SERVER_TIME_USED),
        (NULL, NULL, RECEIVED, SERVER_TIME_USED),
        (datetime(1970, 1, 1, tzinfo=UTC), AT, 0, 0),
    ],
)
def test_honest_times_the_servers_time_stands_in_for_a_missing_one_and_is_flagged(
    source: datetime | None, server: datetime | None, expected: int, flag: int
) -> None:
    converted = convert([(1, value(source=source, server=server))], RECEIVED)
    assert (converted.times, converted.quality) == ([expected], [flag])


@pytest.mark.parametrize(
    ("code", "kept", "overflowed"),
    [
        (0x0000_0480, 0, True),  # Good, with the overflow bit of a data value
        (0x408F_0480, 0x408F_0000, True),
        (0x0000_0080, 0, False),  # the same bit, but not of a data value
        (0x0000_0400, 0, False),
        (0x808C_0702, 0x808C_0000, False),  # limit bits
        (0xFFFF_FFFF, 0xFFFF_0000, True),
    ],
)
def test_only_the_condition_is_kept_of_a_status_and_overflow_is_told(code: int, kept: int, overflowed: bool) -> None:
    converted = convert([(8, value(code=code))], RECEIVED)
    assert converted.quality == [kept]
    assert converted.overflowed == ({8} if overflowed else set())


def test_a_value_that_is_absent_is_bad_whatever_its_status_says() -> None:
    converted = convert([(1, value(None)), (2, value(None, code=0x808C_0000)), (3, value(math.nan))], RECEIVED)
    assert converted.quality == [BAD_NO_DATA, 0x808C_0000, 0]
    assert np.isnan(converted.values).all()


def test_a_value_without_status_is_good() -> None:
    assert convert(
        [(1, ua.DataValue(Value=ua.Variant(1.0, V.Double), StatusCode=None, SourceTimestamp=AT))], 5
    ).quality == [0]


@given(st.integers(-(10**16), 10**17))
def test_times_come_back_to_the_microsecond(us: int) -> None:
    assert to_us(to_time(us)) == us


@given(
    st.lists(st.tuples(st.integers(1, 2**31 - 1), st.floats(), st.integers(0, 2**32 - 1), st.booleans()), max_size=20)
)
def test_readings_are_arrays_in_the_order_of_their_coming(rows: list[tuple[int, float, int, bool]]) -> None:
    values = [(tag, value(None if absent else number, code=code)) for tag, number, code, absent in rows]
    readings = convert(values, RECEIVED).readings("live")
    assert readings.tag_ids.tolist() == [row[0] for row in rows]
    assert (readings.tag_ids.dtype, readings.times.dtype) == (np.int32, np.int64)
    assert (readings.values.dtype, readings.quality.dtype) == (np.float64, np.uint32)
    absent = np.array([row[3] for row in rows], dtype=np.bool_)
    assert not (absent & ~np.isnan(readings.values)).any()
    # An absent value is never Good; what is Bad stays so.
    assert ((readings.quality[absent] >> np.uint32(30)) > 0).all()
    assert (is_bad(readings.quality) >= is_bad(np.array([row[2] for row in rows], dtype=np.uint32))).all()
