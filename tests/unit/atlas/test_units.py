"""Units: what a text means, how numbers go from one to another, and what is refused."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.atlas.units import (
    ATMOSPHERE_PA,
    UnitError,
    UnknownUnitError,
    WrongDimensionError,
    conversion,
    convert,
    parse_duration,
    parse_unit,
)

KINDS = (
    ("Pa", "kPa", "kPa(g)", "bar", "bar(g)", "barg", "mbar", "psi", "psig", "hPa", "mmHg", "kPa(a)"),
    ("K", "degC", "degF", "°C"),
    ("K", "delta_degC", "delta_degF"),
    ("kg/s", "kg/h", "t/h", "g/min"),
    ("m3/h", "m³/h", "L/min", "m^3/s"),
    ("%", "ppm", "", "1", "mol%"),
    ("Hz", "1/min", "rpm", "1/s"),
    ("kmol/h", "mol/s", "Nm3/h"),
)
pairs = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.sampled_from(kind), st.sampled_from(kind)))
# Below 1e-300 a conversion may leave the numbers that floats hold exactly; no plant measures that.
numbers = st.floats(-1e6, 1e6).filter(lambda value: value == 0.0 or abs(value) > 1e-300)


@given(pair=pairs, value=numbers)
def test_a_number_comes_back_from_its_journey(pair: tuple[str, str], value: float) -> None:
    there, back = convert(value, *pair), convert(convert(value, *pair), pair[1], pair[0])
    size = max(abs(value), abs(conversion(*pair).inverse.offset), 1e-12)
    assert math.isclose(back, value, rel_tol=1e-9, abs_tol=1e-9 * size)
    assert math.isclose(conversion(*pair).inverse(there), value, rel_tol=1e-9, abs_tol=1e-9 * size)


@given(kind=st.sampled_from(KINDS), data=st.data(), value=numbers)
def test_a_detour_over_a_third_unit_changes_nothing(kind: tuple[str, ...], data: st.DataObject, value: float) -> None:
    start, over, end = (data.draw(st.sampled_from(kind)) for _ in range(3))
    direct, detour = convert(value, start, end), convert(convert(value, start, over), over, end)
    size = max(abs(conversion(over, end).offset), abs(conversion(start, end).offset), abs(direct))
    assert math.isclose(direct, detour, rel_tol=1e-9, abs_tol=1e-9 * size)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (25.0, "degC", "K", 298.15),
        (212.0, "degF", "degC", 100.0),
        (10.0, "delta_degC", "delta_degF", 18.0),
        (10.0, "delta_degC", "K", 10.0),
        (0.0, "kPa(g)", "kPa", ATMOSPHERE_PA / 1000),
        (1.0, "barg", "kPa(a)", 201.325),
        (0.0, "psig", "Pa", ATMOSPHERE_PA),
        (1.0, "bar(g)", "kPa(g)", 100.0),
        (1.0, "kscmh", "scmh", 1000.0),
        (5.0, "mol%", "", 0.05),
        (3600.0, "kg/h", "kg/s", 1.0),
        (60.0, "degC/min", "K/s", 1.0),
        (1.0, "kJ/(kg degC)", "J/(kg K)", 1000.0),
        (2.0, "m²", "m2", 2.0),
    ],
)
def test_known_conversions(value: float, source: str, target: str, expected: float) -> None:
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-12)


def test_sixty_revolutions_a_minute_are_one_a_second() -> None:
    assert convert(60.0, "rpm", "Hz") == pytest.approx(1.0)
    assert convert(60.0, "rpm", "1/min") == pytest.approx(60.0)
    assert convert(360.0, "deg", "rad") == pytest.approx(2 * math.pi)


@pytest.mark.parametrize(
    ("source", "target", "kinds"),
    [
        ("degC", "kPa", ("temperature", "pressure")),
        ("degC", "delta_degC", ("temperature", "temperature difference")),
        ("delta_degC", "degF", ("temperature difference", "temperature")),
        ("wt%", "mol%", ("mass fraction", "mole fraction")),
        ("rad/s", "Hz", ("angular velocity", "frequency")),
        ("Nm3/h", "scmh", ("molar flow", "standard volume flow")),
        ("kg/s", "m3/s", ("mass flow", "volume flow")),
        ("USD", "EUR", ("money",)),
        ("W/(m2 K)", "W", ("kilogram / kelvin", "power")),
    ],
)
def test_wrong_dimension_names_both_units_and_what_they_measure(
    source: str, target: str, kinds: tuple[str, ...]
) -> None:
    with pytest.raises(WrongDimensionError) as refused:
        conversion(source, target)
    for word in (f"'{source}'", f"'{target}'", *kinds):
        assert word in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["degX", "m/", "/m", "kg(g)", "degC(g)", "((kg)", "kg)", "m10", "m**2", "10 m", "kg+m", "dB", "__class__", "nan",
     "Pa(g)(g)", "degC2", "kg;drop", "m" * 41, "9" * 10_000, "m^9999999999", "(" * 39 + "m"],
)  # fmt: skip
def test_what_is_no_unit_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(UnknownUnitError) as refused:
        parse_unit(text)
    assert refused.value.remedy
    assert len(str(refused.value)) < 200


def test_remedy_names_the_nearest_unit() -> None:
    with pytest.raises(UnknownUnitError, match=r"did you mean 'degC'\?"):
        parse_unit("degc")


@settings(max_examples=100)
@given(st.text(st.sampled_from("kgmsPaCKbardeh%°µ³ ()/*·^-0123 _.+"), max_size=45))
def test_any_text_is_a_unit_or_refused(text: str) -> None:
    try:
        unit = parse_unit(text)
    except UnitError:
        return
    assert unit.scale > 0
    assert math.isfinite(unit.scale)
    assert math.isfinite(unit.offset)
    assert unit.text == text


@pytest.mark.parametrize(
    ("text", "seconds"), [("10 s", 10.0), ("15min", 900.0), (" 2 h ", 7200.0), (".5 s", 0.5), ("0 s", 0.0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "s", "-1 s", "1 kg", "1 degC", "1e3 s", "1 s 2", "1" * 5000])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_duration(text)
