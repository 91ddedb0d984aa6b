"""Times of the API: plant time with its offset outside, microseconds UTC inside, over changes of the clock too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.plant_time import iso, read_iso, zone_of

ZONES = ("Europe/Berlin", "UTC", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "no such zone", "../etc")


@given(time_us=st.integers(-(10**16), 10**17), zone=st.sampled_from(ZONES))
def test_a_time_comes_back_to_the_microsecond_in_any_zone(time_us: int, zone: str) -> None:
    assert read_iso(iso(time_us, zone_of(zone))) == time_us


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    berlin = zone_of("Europe/Berlin")
    first = read_iso("2026-10-25T00:30:00Z")
    assert iso(first, berlin) == "2026-10-25T02:30:00.000000+02:00"
    assert iso(first + 3_600_000_000, berlin) == "2026-10-25T02:30:00.000000+01:00"


@pytest.mark.parametrize(("time_us", "year"), [(2**63 - 1, "9999"), (-(2**63), "0001")])
def test_what_no_calendar_holds_is_cut(time_us: int, year: str) -> None:
    assert iso(time_us, zone_of("Asia/Kolkata")).startswith(year)


def test_a_plus_sign_that_was_not_escaped_is_meant() -> None:
    assert read_iso("2026-11-24T12:00:00 01:00") == read_iso("2026-11-24T11:00:00Z")


@pytest.mark.parametrize("text", ["", "now", "2026-11-24", "2026-11-24T12:00:00", "2026-13-01T00:00:00Z", "1" * 5000])
def test_what_is_no_time_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no ISO 8601 time|has no offset"):
        read_iso(text)
