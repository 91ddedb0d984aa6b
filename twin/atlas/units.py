"""Units of measurement: one registry for the project, and the straight line that leads from one unit to another.

A unit is text as people write it on a data sheet: `degC`, `m3/h`, `kPa(g)`, `mol%`, `1/min`. Gauge pressures, marked
`(g)` or written `barg`, `bar g`, `psig`, count from the standard atmosphere, 101.325 kPa. `kscmh` (thousand standard
cubic metres an hour), `scm` and `Sm3` have a dimension of their own, because plants differ in the conditions they call
standard; `Nm3` is an amount, because 0 degC and 101.325 kPa are agreed on. `bbl` is the oil barrel of 42 US gallons.
Each currency has a dimension of its own too, so that no price is taken for one in another currency; there is no
exchange rate here. `rpm` is 1/min. What only looks alike stays apart: degC and delta_degC, mol% and wt%, rad/s and Hz.
"""

import difflib
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, cast

import pint

from twin.atlas.errors import AtlasError

ATMOSPHERE_PA: Final = 101_325.0
"""Standard atmosphere in Pa, from which gauge pressures count."""

LONGEST_UNIT: Final = 40

_DEFINITIONS: Final = (
    "standard_cubic_metre = [standard_volume] = scm",
    "scmh = standard_cubic_metre / hour",
    "kscmh = 1000 * standard_cubic_metre / hour",
    "normal_cubic_metre = 44.61503 * mol = Nm3",  # 0 degC and 101.325 kPa
    "barrel = 42 * gallon = bbl",  # pint's own barrel holds 31.5 gallons
    "pound_mole = 453.59237 * mol = lbmol",
    "ppb = 1e-9",
)

CURRENCIES: Final = (
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "KRW", "CAD", "AUD", "BRL", "MXN", "NOK", "SEK", "DKK", "PLN",
    "CZK", "SAR", "SGD", "ZAR",
)  # fmt: skip
"""Currencies that a price may be told in (ISO 4217)."""

_GAUGE: Final = re.compile(r"^(?P<unit>.+?)\s*\((?P<mark>[ga])\)$|^(?P<short>bar|mbar|psi|kPa|MPa) ?(?P<letter>[ga])$")
_FRACTION: Final = re.compile(r"^(mol|wt|mass|vol)\s*%$")
_FRACTION_OF: Final = {"mol": "mole", "wt": "mass", "mass": "mass", "vol": "volume"}
_POWERS: Final = str.maketrans("²³", "23")
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<name>k?[NS]m3|[A-Za-z_°µ%]+)(?:\^?(?P<power>-?\d))?|(?P<sign>[*·/()])|(?P<one>1))\s*"
)

_RELAXED: Final = {
    "mole fraction": "a bare number", "mass fraction": "a bare number", "volume fraction": "a bare number",
    "temperature difference": "temperature",
}  # fmt: skip
"""What may also be told in a unit of a wider kind, where that counts from zero: mol% in %, delta_degC in K."""

_COMMON: Final = (
    "degC", "degF", "K", "delta_degC", "Pa", "kPa", "kPa(g)", "bar", "bar(g)", "barg", "psi", "psig", "mbar", "%",
    "mol%", "wt%", "vol%", "ppm", "kg/s", "kg/h", "t/h", "m3/h", "m3/s", "L/min", "kmol/h", "mol/s", "kscmh", "scmh",
    "Nm3/h", "m", "mm", "m3", "L", "kg", "W", "kW", "MW", "J", "kJ", "MJ", "s", "min", "h", "1/min", "rpm", "Hz", "V",
    "A", "mA", "bbl", "bbl/d", "Sm3/h", "USD/h", "USD/s", "USD/kg", "USD/t", "EUR/h", "EUR/t",
    "EUR/MWh", "kg/mol", "g/mol", "kW/K", "kJ/(kg K)", "kg/m3", "mol/L",
)  # fmt: skip


class UnitError(AtlasError):
    """A unit that cannot be used where it stands."""


class UnknownUnitError(UnitError):
    """A unit that nobody knows."""

    def __init__(self, text: str) -> None:
        common = {unit.casefold(): unit for unit in _COMMON}
        near = difflib.get_close_matches(text.casefold(), common, n=1)
        remedy = f"did you mean '{common[near[0]]}'?" if near else "write it like degC, kPa(g), m3/h, kg/s or %"
        super().__init__(f"unknown unit '{text}'", remedy=remedy)


class WrongDimensionError(UnitError):
    """Two units that measure different things."""

    def __init__(self, source: "Unit", target: "Unit") -> None:
        super().__init__(
            f"'{source.text}' ({source.dimension}) can't be turned into '{target.text}' ({target.dimension})",
            remedy="give both units of the same kind",
        )


@dataclass(frozen=True)
class Unit:
    """A unit, and the line that leads to its base unit: base = scale * number + offset.

    `dimension` names what it measures; `text` is what the plant file says, which screens show.
    """

    text: str
    dimension: str
    scale: float
    offset: float


@dataclass(frozen=True)
class Conversion:
    """target = scale * source + offset."""

    scale: float
    offset: float

    def __call__(self, value: float) -> float:
        """The number in the target's unit."""
        return self.scale * value + self.offset

    @property
    def inverse(self) -> "Conversion":
        """The way back."""
        return Conversion(1.0 / self.scale, -self.offset / self.scale)


def _make_registry() -> "pint.UnitRegistry[float]":
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(
        autoconvert_offset_to_baseunit=True, cache_folder=None, on_redefinition="ignore"
    )
    for line in (*_DEFINITIONS, *(f"{code} = [money_{code}]" for code in CURRENCIES)):
        registry.define(line)
    return registry


@lru_cache(maxsize=1)
def registry() -> "pint.UnitRegistry[float]":
    """Return the project's one pint registry, made when it is first asked for (0.3 s)."""
    return _make_registry()


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """Read a unit; the empty text and `1` are the bare number.

    Raises
    ------
    UnknownUnitError
        Where the text is no unit; the remedy names the nearest known one.
    """
    stripped = text.strip().translate(_POWERS)
    if len(stripped) > LONGEST_UNIT:
        raise UnknownUnitError(text[:LONGEST_UNIT])
    if fraction := _FRACTION.match(stripped):
        return Unit(text, f"{_FRACTION_OF[fraction[1]]} fraction", 0.01, 0.0)
    plain, gauge = _without_gauge(stripped)
    unit = _Reader(plain, text).read()
    slope, zero = _line(unit, text)
    if gauge:
        if unit.dimensionality != registry().Pa.dimensionality:
            raise UnknownUnitError(text)
        zero += ATMOSPHERE_PA
    return Unit(text, _name_dimension(unit), slope, zero)


def conversion(source: str, target: str) -> Conversion:
    """Scale and offset that turn a number in `source` into one in `target`.

    Raises
    ------
    UnknownUnitError, WrongDimensionError
        Where either is unknown, or they measure different things.
    """
    if source == target:
        parse_unit(source)
        return Conversion(1.0, 0.0)
    from_unit, to_unit = parse_unit(source), parse_unit(target)
    if not _is_comparable(from_unit, to_unit):
        raise WrongDimensionError(from_unit, to_unit)
    return Conversion(from_unit.scale / to_unit.scale, (from_unit.offset - to_unit.offset) / to_unit.scale)


def _is_comparable(one: Unit, other: Unit) -> bool:
    if one.dimension == other.dimension:
        return True
    narrow, wide = (one, other) if one.dimension in _RELAXED else (other, one)
    return _RELAXED.get(narrow.dimension) == wide.dimension and wide.offset == 0.0


def convert(value: float, source: str, target: str) -> float:
    """One number from `source` to `target`; see `conversion`."""
    return conversion(source, target)(value)


def parse_duration(text: str) -> float:
    """Seconds of a text like `10 s`, `15 min` or `2 h`; never negative.

    Raises
    ------
    UnitError
        Where the text is no number with a unit of time.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]+)\s*", text)
    if match is None:
        raise UnitError(
            f"'{text[:LONGEST_UNIT]}' is no duration", remedy="write a number and its unit, like 10 s, 15 min"
        )
    return float(match[1]) * conversion(match[2], "s").scale


def difference_unit(unit: Unit) -> Unit:
    """The unit of a difference of two values in `unit`: delta_degC for degC, kPa for kPa(g); most are their own."""
    if unit.offset == 0.0:
        return unit
    plain, _ = _without_gauge(unit.text.strip())
    return parse_unit(plain if unit.dimension == "pressure" else f"delta_{plain}".replace("°", "deg"))


@lru_cache(maxsize=4096)
def product_unit(first: str, second: str, power: int = 1) -> Unit:
    """SI unit of `first` times `second`, or of the quotient where `power` is -1.

    What has a name of its own gets its usual unit (kg/s, W, 1/s), everything else its base units.
    """
    unit = (_pint_unit(first) * _pint_unit(second) ** power).to_base_units()
    example = dict(_WORDS).get(_name_dimension(unit.units))
    return parse_unit(_as_written(f"{unit.units:~C}" if example is None else example))


def _as_written(pint_text: str) -> str:
    return pint_text.replace("**", "")


def _pint_unit(text: str) -> "pint.Quantity[float]":
    """One of a unit as pint knows it, gauge marks and kinds of fraction left out."""
    stripped = text.strip().translate(_POWERS)
    plain = "" if _FRACTION.match(stripped) else _without_gauge(stripped)[0]
    return registry().Quantity(1.0, _Reader(plain, text).read())


def _without_gauge(text: str) -> tuple[str, bool]:
    match = _GAUGE.match(text)
    if match is None:
        return text, False
    if match["unit"] is not None:
        return match["unit"], match["mark"] == "g"
    return match["short"], match["letter"] == "g"


def _line(unit: pint.Unit, text: str) -> tuple[float, float]:
    """Slope and intercept of the line to the base unit; units without one, like decibels, are refused."""
    quantity = registry().Quantity
    try:
        zero, two = (float(quantity(number, unit).to_base_units().magnitude) for number in (0.0, 2.0))
        per_one = quantity(1.0, f"delta_{unit}" if zero else unit)  # f(1) - f(0) would lose digits
        slope = float(per_one.to_base_units().magnitude)
    except (pint.PintError, ValueError, ArithmeticError) as error:
        raise UnknownUnitError(text) from error
    if not (slope > 0.0 and math.isclose(two, zero + 2.0 * slope, rel_tol=1e-9)):
        raise UnknownUnitError(text)
    return slope, zero


class _Reader:
    """Reads products of named units; pint sees single names only, because its own parser computes any power in full."""

    def __init__(self, plain: str, text: str) -> None:
        self._text = text
        self._tokens: list[re.Match[str]] = []
        at = 0
        while at < len(plain):
            match = _TOKEN.match(plain, at)
            if match is None:
                raise UnknownUnitError(text)
            self._tokens.append(match)
            at = match.end()
        self._at = 0
        # A temperature in a product, like degC/min or kJ/(kg degC), is a difference.
        self._is_product = sum(token["name"] is not None for token in self._tokens) > 1

    def read(self) -> pint.Unit:
        """The whole text as one unit."""
        if not self._tokens:
            return registry().Unit("")
        unit = self._product()
        if self._at != len(self._tokens):
            raise UnknownUnitError(self._text)
        return unit

    def _sign(self) -> str:
        return (self._tokens[self._at]["sign"] or "") if self._at < len(self._tokens) else ")"

    def _product(self) -> pint.Unit:
        unit = self._factor()
        while (sign := self._sign()) != ")":
            self._at += sign in ("*", "·", "/")
            unit = unit / self._factor() if sign == "/" else unit * self._factor()
        return unit

    def _factor(self) -> pint.Unit:
        if self._at >= len(self._tokens):
            raise UnknownUnitError(self._text)
        token = self._tokens[self._at]
        self._at += 1
        if token["name"]:
            return cast("pint.Unit", self._named(token["name"]) ** int(token["power"] or 1))
        if token["one"]:
            return registry().Unit("")
        if token["sign"] != "(":
            raise UnknownUnitError(self._text)
        unit = self._product()
        if self._at >= len(self._tokens):
            raise UnknownUnitError(self._text)
        self._at += 1
        return unit

    def _named(self, name: str) -> pint.Unit:
        name = _PINT_NAMES.get(name, name)
        if name in _TWO_MEANINGS:
            raise UnknownUnitError(self._text)
        try:
            unit = registry().Unit(name)
            counts_from_zero = not registry().Quantity(0.0, unit).to_base_units().magnitude
            return unit if counts_from_zero or not self._is_product else registry().Unit(f"delta_{name}")
        except (pint.UndefinedUnitError, pint.DefinitionSyntaxError, ValueError, SyntaxError) as error:
            raise UnknownUnitError(self._text) from error


def _name_dimension(unit: pint.Unit) -> str:
    """Return what a unit measures in words, like `pressure`; its base units where there is no word for it.

    Base units and not dimensions are compared, because pint's radian has no dimension and rad/s would pass for Hz.
    """
    base = registry().get_base_units(unit)[1]
    if str(unit).startswith("delta_") and base == registry().kelvin:
        return "temperature difference"
    return _words().get(str(base), str(base))


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    return {str(registry().get_base_units(registry().Unit(example))[1]): word for word, example in _WORDS}


_PINT_NAMES: Final = {"%": "percent", "rpm": "1/min", "Sm3": "scm", "kSm3": "kscm"}
"""Names that pint reads otherwise: its rpm is an angle per time, 2 pi times too many for a speed in 1/min or Hz."""

_TWO_MEANINGS: Final = frozenset({"Mbbl"})
"""A million by SI and a thousand in oil fields; write kbbl, or bbl with its number."""

_WORDS: Final = (
    ("a bare number", ""), ("temperature", "K"), ("pressure", "Pa"), ("length", "m"), ("area", "m**2"),
    ("volume", "m**3"), ("mass", "kg"), ("amount", "mol"), ("time", "s"), ("mass flow", "kg/s"),
    ("volume flow", "m**3/s"), ("molar flow", "mol/s"), ("standard volume flow", "scmh"), ("energy", "J"),
    ("power", "W"), ("density", "kg/m**3"), ("concentration", "mol/m**3"), ("frequency", "1/s"),
    ("current", "ampere"), ("voltage", "V"), ("velocity", "m/s"), ("angle", "rad"), ("angular velocity", "rad/s"),
    ("molar mass", "kg/mol"), ("specific energy", "J/kg"), ("molar energy", "J/mol"), ("heat capacity", "J/kg/K"),
    *(
        (f"money in {code}{per}", f"{code}{unit}")
        for code in CURRENCIES
        for per, unit in (
            ("", ""), (" per time", "/s"), (" per mass", "/kg"), (" per volume", "/m**3"), (" per energy", "/J"),
            (" per amount", "/mol"),
        )
    ),
)  # fmt: skip
