"""Quantities: a number with its unit, as an engineer writes it: `85 degC`, `12 bar(g)`, `4.8 kg/s`, `1143.38 USD/kg`.

>>> reactor = Quantity.parse("85 degC")
>>> reactor.to("K"), f"{reactor.to('degF'):.1f}"
(Quantity('358.15 K'), '185.0 degF')
>>> reactor + Quantity.parse("5 delta_degC"), reactor - Quantity.parse("80 degC")
(Quantity('90 degC'), Quantity('5 delta_degC'))
>>> (Quantity.parse("4.8 kg/s") * Quantity.parse("76.23 USD/kg")).to("USD/h")
Quantity('1317254.4 USD/h')
"""

import math
import re
from dataclasses import dataclass
from functools import cached_property, total_ordering
from typing import Final

from twin.atlas.units import (
    Unit,
    UnitError,
    conversion,
    difference_unit,
    parse_unit,
    product_unit,
)

LONGEST_TEXT: Final = 80

_WRITTEN: Final = re.compile(
    r"\s*(?P<value>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>.*?)\s*", re.DOTALL
)
_SAME_DIGITS: Final = 12
_ZERO_BASED: Final = "K, an absolute pressure or a difference"


class QuantityError(UnitError):
    """A text that is no number with a unit, or an operation that its unit has no meaning for."""


@total_ordering
@dataclass(frozen=True, init=False, eq=False, repr=False)
class Quantity:
    """A number with its unit.

    Quantities are equal where they measure the same to 12 significant digits, whatever their units: 1 h is 60 min.
    Sums and differences keep the unit of the left side; products and quotients come in SI units, see `to`. Values
    that count from a zero of their own (degC, kPa(g)) are moved by differences (delta_degC, K, kPa) and can't be
    multiplied.

    Parameters
    ----------
    value
        The number; finite.
    unit
        Its unit, read or as text; the bare number if left out.

    Raises
    ------
    QuantityError
        Where the number isn't finite.
    UnknownUnitError
        Where the unit is unknown.
    """

    value: float
    unit: Unit

    def __init__(self, value: float, unit: Unit | str = "") -> None:
        if not math.isfinite(value):
            raise QuantityError(f"{value} is no finite number", remedy="give one that can be measured")
        object.__setattr__(self, "value", float(value))
        object.__setattr__(self, "unit", parse_unit(unit) if isinstance(unit, str) else unit)

    @classmethod
    def parse(cls, text: str, like: str | None = None) -> "Quantity":
        """Read a text such as `85 degC`, `12 bar(g)`, `5 wt%` or `1.66e6 1/s`.

        Parameters
        ----------
        text
            A number, and its unit behind it; a number alone is a bare number.
        like
            A unit that it must be convertible to, where only one kind will do. The unit stays as written.

        Raises
        ------
        QuantityError
            Where it doesn't begin with a number.
        UnknownUnitError, WrongDimensionError
            Where the unit is unknown, or of another kind than `like`.
        """
        match = _WRITTEN.fullmatch(text) if len(text) <= LONGEST_TEXT else None
        if match is None:
            raise QuantityError(
                f"'{text[:LONGEST_TEXT]}' is no quantity", remedy="write a number and its unit: 85 degC"
            )
        quantity = cls(float(match["value"]), match["unit"])
        if like is not None:
            conversion(quantity.unit.text, like)
        return quantity

    @property
    def dimension(self) -> str:
        """What it measures, like `temperature` or `money in USD per mass`."""
        return self.unit.dimension

    @cached_property
    def base_value(self) -> float:
        """The number in SI base units (K, Pa, kg, mol, m, s); absolute where the unit counts from another zero."""
        return self.unit.scale * self.value + self.unit.offset

    def value_in(self, unit: str) -> float:
        """The number in another unit of the same kind.

        Raises
        ------
        UnknownUnitError, WrongDimensionError
            Where the unit is unknown, or measures something else.
        """
        return conversion(self.unit.text, unit)(self.value)

    def to(self, unit: str) -> "Quantity":
        """The same quantity in another unit; see `value_in`."""
        return Quantity(self.value_in(unit), unit)

    def is_close(self, other: "Quantity", relative: float = 1e-9) -> bool:
        """Whether both measure the same, within a part of the larger one's SI value."""
        return math.isclose(self.value, self._here(other), rel_tol=relative)

    def __eq__(self, other: object) -> bool:
        return self._same == other._same if isinstance(other, Quantity) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._same)

    def __lt__(self, other: "Quantity") -> bool:
        return self != other and self.value < self._here(other)

    @property
    def _same(self) -> tuple[str, str]:
        return self.dimension, f"{self.base_value + 0.0:.{_SAME_DIGITS}g}"

    def _here(self, other: "Quantity") -> float:
        return other.value_in(self.unit.text)

    def __add__(self, other: "Quantity") -> "Quantity":
        if self.unit.offset and other.unit.offset:
            raise QuantityError(
                f"{self} and {other} can't be added", remedy=f"add a difference, in {difference_unit(other.unit).text}"
            )
        if other.unit.offset:
            return other + self
        return self._moved(other, 1.0)

    def __sub__(self, other: "Quantity") -> "Quantity":
        between_points = other.unit.offset or (self.unit.offset == 0.0 and self.dimension == other.dimension)
        if not between_points:
            return self._moved(other, -1.0)
        return Quantity(self.value - self._here(other), difference_unit(self.unit))

    def _moved(self, by: "Quantity", sign: float) -> "Quantity":
        own = difference_unit(self.unit)
        return Quantity(self.value + sign * conversion(by.unit.text, own.text)(by.value), self.unit)

    def __neg__(self) -> "Quantity":
        _check_zero(self)
        return Quantity(-self.value, self.unit)

    def __mul__(self, other: "Quantity | float") -> "Quantity":
        return self._combined(other, 1)

    __rmul__ = __mul__

    def __truediv__(self, other: "Quantity | float") -> "Quantity":
        return self._combined(other, -1)

    def __rtruediv__(self, other: float) -> "Quantity":
        return Quantity(other)._combined(self, -1)

    def _combined(self, other: "Quantity | float", power: int) -> "Quantity":
        other = other if isinstance(other, Quantity) else Quantity(other)
        for one in (self, other):
            _check_zero(one)
        factor = other.base_value**power
        if _is_bare(other):
            return Quantity(self.value * factor, self.unit)
        if _is_bare(self) and power == 1:
            return Quantity(other.value * self.base_value, other.unit)
        unit = product_unit(self.unit.text, other.unit.text, power)
        return Quantity(self.base_value * factor / unit.scale, unit)

    def __float__(self) -> float:
        """The number of a bare number or fraction: 5 % is 0.05."""
        return self.value_in("")

    def __str__(self) -> str:
        """Exactly, so that `Quantity.parse` reads the same again."""
        return f"{_shortest(self.value)} {self.unit.text.strip()}".rstrip()

    def __format__(self, spec: str) -> str:
        """For people, the number as `format` would: `f"{q:.1f}"` gives `85.0 degC`, `f"{q:,.0f}"` `1,143 USD/t`."""
        return f"{format(self.value, spec)} {self.unit.text.strip()}".rstrip() if spec else str(self)

    def __repr__(self) -> str:
        return f"Quantity('{self}')"


def _check_zero(quantity: Quantity) -> None:
    if quantity.unit.offset:
        raise QuantityError(f"{quantity} can't be multiplied", remedy=f"turn it into {_ZERO_BASED} first")


def _is_bare(quantity: Quantity) -> bool:
    return quantity.dimension == "a bare number" or quantity.dimension.endswith(" fraction")


def _shortest(value: float) -> str:
    text = repr(value)
    return text.removesuffix(".0")
