"""Tags that do not report: who is silent, how patience grows, and who never is."""

from itertools import pairwise

import pytest

from connectors.opcua.silence import Silence
from twin.atlas.tags import Tag


def tag(number: int, stale_after_s: float) -> Tag:
    return Tag(tag_id=number, name=f"T-{number}", description="", unit="", low=0, high=1, stale_after_s=stale_after_s)


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def silence(clock: list[float]) -> Silence:
    return Silence("mill", [tag(1, 10), tag(2, 100), tag(3, 0)], lambda: clock[0])


def test_a_tag_is_silent_after_three_times_its_staleness_but_half_a_minute_at_least(
    silence: Silence, clock: list[float]
) -> None:
    clock[0] += 30.0
    assert silence.silent() == []
    clock[0] += 0.1
    assert silence.silent() == [1]
    clock[0] = 1300.5
    silence.heard([1])
    assert silence.silent() == [2]


def test_asking_again_at_once_gives_none_and_the_next_attempt_waits_twice_as_long(
    silence: Silence, clock: list[float]
) -> None:
    attempts = []
    while clock[0] < 1000 + 500:
        silence.heard([2])
        if silence.silent():
            attempts.append(clock[0] - 1000)
            assert silence.silent() == []
        clock[0] += 1
    assert attempts == [31, 61, 121, 241, 481]


def test_attempts_go_on_once_an_hour_at_least(silence: Silence, clock: list[float]) -> None:
    attempts = []
    while clock[0] < 1000 + 86_400:
        silence.heard([2])
        if silence.silent():
            attempts.append(clock[0])
        clock[0] += 10
    gaps = [later - sooner for sooner, later in pairwise(attempts)]
    assert max(gaps) <= 3600 + 10
    assert gaps == sorted(gaps)


def test_a_tag_that_talks_again_is_watched_as_closely_as_before(silence: Silence, clock: list[float]) -> None:
    clock[0] += 31
    assert silence.silent() == [1]
    silence.heard([1, 2])
    assert silence.silent() == []
    clock[0] += 31
    assert silence.silent() == [1]


def test_a_tag_that_reports_on_change_only_is_never_silent(silence: Silence, clock: list[float]) -> None:
    clock[0] += 1e7
    assert 3 not in silence.silent()
