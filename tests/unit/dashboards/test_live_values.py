from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashboards.live_values import live_values, micros


@pytest.mark.parametrize(("word", "rank"), [("low_low", -2), ("low", -1), ("none", 0), ("high", 1), ("high_high", 2)])
def test_a_state_takes_the_streams_short_form(word: str, rank: int) -> None:
    entry = {"name": "T", "value": 1.5, "time_us": 7, "quality": 5, "limit": word, "stale": True}
    assert live_values({"log_time": 9, "tags": [entry]}) == {"log_time": 9, "tags": {"T": [1.5, 7, 5, rank, 1]}}


def test_a_plant_without_a_clock_yet_has_time_zero() -> None:
    assert live_values({"log_time": None, "tags": []}) == {"log_time": 0, "tags": {}}


def test_micros_are_exact_and_know_the_offset() -> None:
    moment = datetime(2026, 11, 24, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert micros(moment) == micros(moment.astimezone(UTC)) == 1_795_478_523_999_999
