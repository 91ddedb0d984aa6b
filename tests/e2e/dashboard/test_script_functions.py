"""The screen's pure functions, run where they run: in the browser."""

from typing import Any

import pytest

from dashboards.components.live import script

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def run(browser: Any) -> Any:
    page = browser.new_page()
    functions = script().replace("export default function", "function")
    names = "age, number, reading, unitOf, timeOf, offsetOf, trustOf, trustWords, limitOf, niceTicks, timeTicks, Series"
    page.evaluate(f"window.screenScript = new Function({functions!r} + '; return {{ {names}, nextText }};')()")
    yield lambda expression: page.evaluate(f"(() => {{ const s = window.screenScript; return {expression}; }})()")
    page.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (119.9, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7260, "2 h 1 min"),
        (180000, "2 d"),
    ],
)
def test_ages_count_in_words(run: Any, seconds: float, words: str) -> None:
    assert run(f"s.age({seconds})") == words


def test_numbers_keep_their_decimals_and_a_true_minus(run: Any) -> None:
    assert run("[s.number(1.5, 3), s.number(-0.004, 2), s.number(-2, 0), s.number(null, 1), s.number(NaN, 1)]") == [
        "1.500",
        "0.00",
        "−2",
        "—",
        "—",
    ]


def test_enumerations_read_as_words_and_an_unnamed_state_says_so(run: Any) -> None:
    assert run("[0, 1, 7].map(v => s.reading({states: ['Manual', 'Automatic'], decimals: 0}, v))") == [
        "Manual",
        "Automatic",
        "7 (no word)",
    ]


def test_units_are_written_as_people_write_them(run: Any) -> None:
    units = run("['degC', 'percent', 'dimensionless', 'm^3/h', 'kg/s'].map(unit => s.unitOf({unit, states: []}))")
    assert units == ["°C", "%", "", "m³/h", "kg/s"]


def test_plant_time_and_offset_follow_the_zone_over_a_change_of_the_clock(run: Any) -> None:
    winter = 1_792_890_000_000  # 2026-10-25 01:00 UTC, when Berlin's clocks go back
    words = f"[{winter} - 1000, {winter}].map(t => s.timeOf(t, 'Europe/Berlin') + ' ' + s.offsetOf(t, 'Europe/Berlin'))"
    assert run(words) == ["02:59:59 UTC+02:00", "02:00:00 UTC+01:00"]
    assert run(f"s.offsetOf({winter}, 'UTC')") == "UTC+00:00"
    assert run(f"s.offsetOf({winter}, 'America/St_Johns')").startswith("UTC−0")


@pytest.mark.parametrize(
    ("entry", "trust"),
    [
        ("[1, 5, 0, 0, 0]", "good"),
        ("[1, 5, 0x00960000, 0, 0]", "manual"),
        ("[1, 5, 0x40940000, 0, 0]", "uncertain"),
        ("[1, 5, 0x40940000, 0, 1]", "stale"),
        ("[1, 5, 0x808c0000, 0, 1]", "bad"),
        ("[1, 5, 0xc0000000, 0, 0]", "bad"),
        ("[null, 5, 0, 0, 0]", "bad"),
        ("undefined", "none"),
    ],
)
def test_trust_takes_the_worst_of_quality_and_age(run: Any, entry: str, trust: str) -> None:
    assert run(f"s.trustOf({entry})") == trust


def test_a_bad_value_passes_no_limit(run: Any) -> None:
    assert run("[s.limitOf([1, 5, 0, -2, 0]), s.limitOf([1, 5, 0x80000000, 2, 0])]") == [-2, 0]


def test_axis_steps_are_round_and_at_least_two(run: Any) -> None:
    assert run("s.niceTicks(81.3, 84.9, 4).ticks") == pytest.approx([82, 83, 84])
    assert len(run("s.niceTicks(2691, 2719, 2).ticks")) >= 2
    assert run("s.timeTicks(0, 3600000, 5).step") == 900_000


def test_history_replaces_what_lies_before_its_end_and_live_points_stay(run: Any) -> None:
    found = run(
        "(() => { const x = new s.Series({}); x.takeLive([1, 1e6, 0]); x.takeLive([2, 9e6, 0]);"
        " x.takeHistory({times_us: [5e5, 1e6, 2e6], values: [5, 6, 7], quality: [0, 0, 0], resolution: 'raw'});"
        " x.takeLive([99, 3e6, 0]); return [x.times, x.values]; })()"
    )
    assert found == [[500, 1000, 2000, 9000], [5, 6, 7, 2]], "a late live value waits for the next history"


def test_series_are_bounded_and_drop_the_oldest(run: Any) -> None:
    first, count = run(
        "(() => { const x = new s.Series({}); for (let i = 1; i <= 90000; i++) x.takeLive([i, i * 1e6, 0]);"
        " return [x.times[0], x.times.length]; })()"
    )
    assert count <= 40_000
    assert first > 1000


def test_the_next_disturbance_is_counted_down_from_when_it_was_read(run: Any) -> None:
    assert run("s.nextText({what: 'Feed cools', in_s: 720}, Date.now() - 60000)") == "Next: Feed cools in 11 min"
    assert run("s.nextText({what: 'Feed cools', in_s: 30}, Date.now() - 60000)") == "Now: Feed cools"
    assert run("s.nextText(null, 0)") == "Next: nothing scheduled"
