"""Quantities: what a text means, arithmetic that keeps units honest, and what is refused."""

import copy
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.quantities import Quantity, QuantityError
from twin.atlas.units import UnitError, UnknownUnitError, WrongDimensionError

UNITS = (
    "degC",
    "K",
    "delta_degC",
    "bar(g)",
    "kPa",
    "kg/s",
    "bbl/d",
    "Nm3/h",
    "Sm3/h",
    "USD/kg",
    "wt%",
    "mol%",
    "",
    "1/s",
)
ZERO_BASED = tuple(unit for unit in UNITS if unit not in ("degC", "bar(g)"))
values = st.floats(-1e9, 1e9)
quantities = st.builds(Quantity, values, st.sampled_from(UNITS))


def q(text: str) -> Quantity:
    return Quantity.parse(text)


@given(quantities)
def test_what_is_written_reads_the_same(quantity: Quantity) -> None:
    again = Quantity.parse(str(quantity))
    assert (again.value, again.unit) == (quantity.value, quantity.unit)
    assert copy.deepcopy(quantity) == quantity


@given(a=quantities, by=st.sampled_from(ZERO_BASED), factor=st.floats(1e-3, 1e3))
def test_products_are_undone_by_quotients(a: Quantity, by: str, factor: float) -> None:
    if a.unit.offset:
        with pytest.raises(QuantityError, match="turn it into K"):
            a * Quantity(factor, by)
        return
    there = a * Quantity(factor, by)
    back = there / Quantity(factor, by)
    assert math.isclose(back.base_value, a.base_value, rel_tol=1e-9, abs_tol=1e-300)


@given(
    start=values,
    step=st.floats(-1e6, 1e6),
    unit=st.sampled_from((("degC", "delta_degC"), ("bar(g)", "kPa"), ("degF", "K"))),
)
def test_a_move_is_undone(start: float, step: float, unit: tuple[str, str]) -> None:
    point, move = Quantity(start, unit[0]), Quantity(step, unit[1])
    assert ((point + move) - move).value == pytest.approx(start, abs=1e-6)
    assert (move + point).value == (point + move).value
    assert ((point + move) - point).value_in(unit[1]) == pytest.approx(step, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "value", "unit", "dimension"),
    [
        ("85 degC", 85.0, "degC", "temperature"),
        ("5 delta_degC", 5.0, "delta_degC", "temperature difference"),
        ("4.8 kg/s", 4.8, "kg/s", "mass flow"),
        ("12 bar(g)", 12.0, "bar(g)", "pressure"),
        ("1143.38 USD/kg", 1143.38, "USD/kg", "money in USD per mass"),
        ("1.6599e6 1/s", 1.6599e6, "1/s", "frequency"),
        (" -5% ", -5.0, "%", "a bare number"),
        ("0.3", 0.3, "", "a bare number"),
        ("40 wt%", 40.0, "wt%", "mass fraction"),
        ("120 kbbl/d", 120.0, "kbbl/d", "volume flow"),
    ],
)
def test_texts_as_plants_write_them(text: str, value: float, unit: str, dimension: str) -> None:
    quantity = q(text)
    assert (quantity.value, quantity.unit.text, quantity.dimension) == (value, unit, dimension)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("12 bar(g)", "bar", 13.01325),
        ("12 bar g", "bar a", 13.01325),
        ("12 kPag", "kPa", 113.325),
        ("1 bbl", "L", 158.987294928),
        ("1 bbl", "m3", 0.158987294928),
        ("1 Nm3", "mol", 44.61503),
        ("1 kSm3/h", "Sm3/h", 1000.0),
        ("1 USD/kg", "USD/t", 1000.0),
        ("36 EUR/MWh", "EUR/GJ", 10.0),
        ("1 lbmol", "mol", 453.59237),
        ("185 degF", "degC", 85.0),
    ],
)
def test_published_conversions(text: str, unit: str, expected: float) -> None:
    assert q(text).value_in(unit) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (q("85 degC") + q("10 K"), "95 degC"),
        (q("10 delta_degF") + q("32 degF"), "42 degF"),
        (q("85 degC") - q("176 degF"), "5 delta_degC"),
        (q("358.15 K") - q("25 degC"), "60 K"),
        (q("12 bar(g)") - q("200 kPa(g)"), "10 bar"),
        (q("12 bar(g)") - q("0.5 bar"), "11.5 bar(g)"),
        (q("1 h") - q("15 min"), "45 min"),
        (q("90 °C") - q("85 celsius"), "5 delta_degC"),
        (q("85 degree_Celsius") + q("5 delta_degC"), "90 degC"),
        (q("2 kg/s") * q("1 h"), "7200 kg"),
        (q("4.7 kg/s") * q("10 wt%"), "0.47 kg/s"),
        (2 * q("3 m3/h"), "6 m3/h"),
        (q("6 m3") / q("2 m3/h"), "3 h"),
        (1 / q("2 s"), "0.5 Hz"),
        (q("4.184 kJ/(kg K)") * q("2 kg/s") * q("5 delta_degC"), "41.84 kW"),
        (q("100 USD/t") * q("2 t/h"), "200 USD/h"),
        (-q("3 kW"), "-3 kW"),
    ],
)
def test_arithmetic(got: Quantity, expected: str) -> None:
    assert got.is_close(q(expected))


def test_equal_and_ordered_by_what_is_measured() -> None:
    assert q("1 h") == q("60 min")
    assert hash(q("85 degC")) == hash(q("358.15 K"))
    assert q("0 bar(g)") > q("1 bar")
    assert q("1 h") <= q("60 min")
    assert not q("1 h") < q("60 min")
    assert q("5 mol%") != q("5 wt%")
    assert sorted([q("1 h"), q("5 s"), q("2 min")]) == [q("5 s"), q("2 min"), q("1 h")]
    assert float(q("5 %")) == pytest.approx(0.05)


def test_formats_for_people() -> None:
    assert f"{q('85 degC'):.1f}" == "85.0 degC"
    assert f"{q('1143.38 USD/t'):,.0f}" == "1,143 USD/t"
    assert str(q("12.0 bar(g)")) == "12 bar(g)"
    assert f"{q('0.25')}" == "0.25"


@pytest.mark.parametrize("text", ["", "degC", "1,5 m", "--5 K", "nan degC", "inf", "1e999 K", "5 K\n6 K", "1" * 100])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises((QuantityError, UnknownUnitError)) as refused:
        q(text)
    assert refused.value.remedy
    assert len(str(refused.value)) < 250


def test_a_thousand_and_a_million_barrels_are_not_confused() -> None:
    with pytest.raises(UnknownUnitError):
        q("5 Mbbl/d")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: q("85 degC").to("kPa"),
        lambda: q("1 USD") + q("1 EUR"),
        lambda: q("85 degC") < q("1 bar"),
        lambda: q("1 Nm3") - q("1 Sm3"),
        lambda: Quantity.parse("5 kg", like="m3"),
    ],
)
def test_a_wrong_dimension_names_both(wrong: object) -> None:
    with pytest.raises(WrongDimensionError, match=r"'.+' \(.+\) can't be turned into '.+' \(.+\)"):
        wrong()  # type: ignore[operator]


def test_two_temperatures_have_no_sum() -> None:
    with pytest.raises(QuantityError, match="delta_degC"):
        q("85 degC") + q("10 degC")


@given(st.text(st.sampled_from("0123456789.eE+- kgmsPaCbardh%°()/^Nm3USD"), max_size=90))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    try:
        quantity = Quantity.parse(text)
    except UnitError:
        return
    assert math.isfinite(quantity.value)
    assert Quantity.parse(str(quantity)).value == quantity.value
