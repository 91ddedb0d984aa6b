"""Kinetics as data: a power law whose constant follows Arrhenius, forwards and perhaps backwards.

>>> law = Kinetics.of(factor="1.6599e6 1/s", activation="6666.7 K", orders={"A": 1, "B": 1}, basis="mass_fraction")
>>> f"{law.constant(Quantity.parse('80 degC')):.4f}"
'0.0105 1/s'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from twin.atlas.errors import ChemistryError
from twin.atlas.quantities import Quantity
from twin.atlas.units import UnitError, parse_unit, product_unit

GAS_CONSTANT: Final = 8.314462618
"""J/(mol K), CODATA 2018."""

Basis = Literal["mass_fraction", "mole_fraction", "concentration", "partial_pressure"]
Numbers = float | NDArray[np.float64]

_BASIS_UNIT: Final[Mapping[str, str]] = {
    "mass_fraction": "", "mole_fraction": "", "concentration": "mol/m3", "partial_pressure": "Pa",
}  # fmt: skip
_HIGHEST_ORDER: Final = 4
_RATE_UNITS: Final = ("1/s", "mol/(m3 s)", "kg/(m3 s)", "mol/(kg s)")


class KineticsError(ChemistryError):
    """A rate law that gives no rate, or a term that doesn't fit its reaction."""


@dataclass(frozen=True)
class Kinetics:
    """Rate = factor * exp(-activation / T) * product of amount ** order, less the same of the way back.

    Parameters
    ----------
    factor
        The constant in front, in a unit that makes a rate of the product: 1/s (kg a second per kg of contents),
        mol/(m3 s), kg/(m3 s) or mol/(kg s) of catalyst.
    activation
        Activation energy (J/mol), or activation temperature, energy over gas constant (K); None where temperature
        doesn't matter.
    orders
        Pairs of compound and order.
    basis
        What the amounts are: fractions, mol/m3 or Pa.
    reference
        Compound whose consumption the rate counts; if empty, the reaction's first reactant.
    reverse
        The way back of a reversible reaction, on the same basis and of the same reference.

    Raises
    ------
    KineticsError
        Where the product is no rate.
    WrongDimensionError
        Where the activation is neither temperature nor molar energy.
    """

    factor: Quantity
    orders: tuple[tuple[str, float], ...]
    activation: Quantity | None = None
    basis: Basis = "concentration"
    reference: str = ""
    reverse: "Kinetics | None" = None

    @classmethod
    def of(
        cls,
        factor: str | Quantity,
        orders: Mapping[str, float],
        activation: str | Quantity | None = None,
        basis: Basis = "concentration",
        reference: str = "",
        reverse: "Kinetics | None" = None,
    ) -> "Kinetics":
        """The same from texts, as a plant file has them."""
        energy = None if activation is None else _quantity(activation)
        return cls(_quantity(factor), tuple(orders.items()), energy, basis, reference, reverse)

    def __post_init__(self) -> None:
        if self.basis not in get_args(Basis):
            raise KineticsError(f"no basis '{self.basis}'", remedy=f"use one of {', '.join(get_args(Basis))}")
        if self.factor.value < 0.0 or self.factor.unit.offset:
            raise KineticsError(f"the factor {self.factor} gives no rate", remedy="give a number of 0 or more")
        _ = self.activation_k, self.rate_unit
        if self.reverse and (self.reverse.basis, self.reverse.rate_unit) != (self.basis, self.rate_unit):
            raise KineticsError("the way back has another basis or unit", remedy="give both ways in the same")

    @property
    def compounds(self) -> tuple[str, ...]:
        """Compounds that the rate depends on, forwards, then those that matter for the way back only."""
        back = self.reverse.compounds if self.reverse else ()
        return tuple(dict.fromkeys((*(compound for compound, _ in self.orders), *back)))

    @property
    def activation_k(self) -> float:
        """Activation temperature, K."""
        if self.activation is None:
            return 0.0
        if self.activation.dimension == "molar energy":
            return self.activation.value_in("J/mol") / GAS_CONSTANT
        return self.activation.value_in("K")

    @property
    def rate_unit(self) -> str:
        """The unit of the rate: 1/s or another SI unit."""
        order = sum(order for _, order in self.orders)
        unit, each = self.factor.unit.text, _BASIS_UNIT[self.basis]
        if each and (order % 1 or abs(order) > _HIGHEST_ORDER):
            raise KineticsError(
                f"orders of {self.basis} add up to {order:g}",
                remedy=f"use fractions, or orders that add up to a whole number up to {_HIGHEST_ORDER}",
            )
        try:
            for _ in range(abs(round(order)) if each else 0):
                unit = product_unit(unit, each, 1 if order > 0 else -1).text
        except UnitError:  # powers that nobody writes; no rate has them
            unit = ""
        for known in _RATE_UNITS:
            if parse_unit(unit).dimension == parse_unit(known).dimension:
                return known
        per = f" times {each} to the power of {order:g}" if each else ""
        raise KineticsError(
            f"the factor's unit {self.factor.unit.text}{per} is no rate",
            remedy=f"choose it so that the rate is in {', '.join(_RATE_UNITS)}",
        )

    def constant(self, temperature: Quantity) -> Quantity:
        """The forward rate constant at a temperature, in the factor's SI unit."""
        unit = product_unit(self.factor.unit.text, "")
        return Quantity(float(self._constant_si(temperature.value_in("K"))) / unit.scale, unit)

    def rate(self, temperature: Quantity, amounts: Mapping[str, Quantity]) -> Quantity:
        """The rate at a temperature with these amounts, each in a unit that fits the basis, in `rate_unit`.

        Raises
        ------
        KeyError
            Where an amount is missing.
        WrongDimensionError
            Where one doesn't fit the basis.
        """
        unit = _BASIS_UNIT[self.basis]
        numbers = {name: amounts[name].value_in(unit) for name in self.compounds}
        return Quantity(float(self.rate_si(temperature.value_in("K"), numbers)), self.rate_unit)

    def rate_si(self, temperature_k: Numbers, amounts: Mapping[str, Numbers]) -> Numbers:
        """The rate for programs: K and amounts in SI (fractions, mol/m3, Pa), numbers or arrays of one shape."""
        rate = self._constant_si(temperature_k)
        for compound, order in self.orders:
            rate = rate * amounts[compound] ** order
        return rate if self.reverse is None else rate - self.reverse.rate_si(temperature_k, amounts)

    def _constant_si(self, temperature_k: Numbers) -> Numbers:
        constant: Numbers = self.factor.base_value * np.exp(-self.activation_k / temperature_k)
        return constant


def _quantity(given: str | Quantity) -> Quantity:
    return Quantity.parse(given) if isinstance(given, str) else given
