"""Microseconds and datetimes convert without loss."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.store.instants import instant, microseconds


@settings(deadline=None)
@given(st.integers(-62_000_000_000_000_000, 250_000_000_000_000_000))
def test_there_and_back(us: int) -> None:
    assert microseconds(instant(us)) == us


def test_what_no_datetime_can_hold_is_taken_to_the_end() -> None:
    assert instant(2**62) == datetime.max.replace(tzinfo=UTC)
    assert instant(-(2**62)) == datetime.min.replace(tzinfo=UTC)
