import pytest

from api.reports.written import difference, moment, money, number, quantity, span, unit_sign, zone_offset


def test_numbers_have_a_true_minus_thousands_apart_and_no_negative_nothing() -> None:
    assert number(-1234567.891, 1) == "−1\u202f234\u202f567.9"
    assert number(2.5, 1, signed=True) == "+2.5"
    assert (number(-0.04, 1), number(-0.04, 1, signed=True)) == ("0.0", "0.0")
    assert (number(None, 1), number(float("nan"), 1)) == ("—", "—")


def test_units_are_written_as_people_write_them() -> None:
    assert [unit_sign(unit) for unit in ("degC", "percent", "dimensionless", "m^3/h")] == ["°C", "%", "", "m³/h"]
    assert quantity(85.0, 2, "degC") == "85.00 °C"
    assert quantity(2.0, 0, "dimensionless") == "2"


def test_differences_of_temperatures_are_in_kelvin_and_of_percents_in_points() -> None:
    assert difference(5.0, 1, "degC") == "+5.0 K"
    assert difference(-0.5, 1, "percent") == "−0.5 %-points"
    assert difference(0.25, 2, "kg/s") == "+0.25 kg/s"


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0 USD"), (1.234, "1.23 USD"), (56.78, "56.8 USD"), (-1234.5, "−1\u202f234 USD")]
)
def test_money_is_told_to_about_three_figures(amount: float, text: str) -> None:
    assert money(amount, "USD") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (1200, "20 min"), (4800, "1 h 20 min"), (28_800, "8 h"), (273_600, "3 d 4 h")],
)
def test_spans_are_told_in_the_units_that_say_most(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_moments_stand_on_the_plants_clock_over_a_change_of_it() -> None:
    winter = 1_792_890_000_000_000  # 2026-10-25 01:00 UTC, when Berlin's clocks go back
    assert moment(winter - 1e6, "Europe/Berlin") == "2026-10-25 02:59:59"
    assert moment(winter, "Europe/Berlin") == "2026-10-25 02:00:00"
    assert zone_offset(winter, "Europe/Berlin") == "UTC+01:00"
    assert zone_offset(winter, "America/St_Johns") == "UTC−02:30"
