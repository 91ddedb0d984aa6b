"""Mixtures: compounds by moles or by mass, and the one turned into the other.

>>> from twin.atlas.compounds import find_compound
>>> water, ethanol = find_compound("water"), find_compound("ethanol")
>>> spirit = Mixture.of_mass({ethanol: 40, water: 60})
>>> f"{spirit.mole_fractions['ethanol']:.4f}", f"{spirit.molar_mass:.2f}"
('0.2068', '23.82 g/mol')
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from twin.atlas.compounds import Compound
from twin.atlas.errors import ChemistryError
from twin.atlas.quantities import Quantity

_ONE: Final = 1e-12
_DECIMALS: Final = 15


class MixtureError(ChemistryError):
    """Amounts that make no mixture."""


@dataclass(frozen=True)
class Mixture:
    """Compounds and their shares, in order; make one with `of_moles` or `of_mass`.

    Parameters
    ----------
    shares
        Pairs of compound and fraction, to 15 decimals; together 1.
    basis
        What the fractions are of.
    """

    shares: tuple[tuple[Compound, float], ...]
    basis: Literal["mole", "mass"] = "mole"

    @classmethod
    def of_moles(cls, amounts: Mapping[Compound, float | Quantity]) -> "Mixture":
        """A mixture of these amounts or flows of substance, all in one kind of unit; only their ratios count.

        Raises
        ------
        MixtureError
            Where one is negative, none is above 0, or two compounds have one id.
        WrongDimensionError
            Where two of them measure different things.
        """
        return cls(_shares(_numbers(amounts)), "mole")

    @classmethod
    def of_mass(cls, amounts: Mapping[Compound, float | Quantity]) -> "Mixture":
        """A mixture of these masses or mass flows; errors as of `of_moles`."""
        return cls(_shares(_numbers(amounts)), "mass")

    @property
    def compounds(self) -> tuple[Compound, ...]:
        """The compounds in their order."""
        return tuple(compound for compound, _ in self.shares)

    @cached_property
    def mole_fractions(self) -> dict[str, float]:
        """Mole fraction by compound's id; together 1."""
        return self._fractions("mole", lambda one, mass: mass / _grams(one))

    @cached_property
    def mass_fractions(self) -> dict[str, float]:
        """Mass fraction by compound's id; together 1."""
        return self._fractions("mass", lambda one, moles: moles * _grams(one))

    def _fractions(self, basis: str, turned: Callable[[Compound, float], float]) -> dict[str, float]:
        if basis == self.basis:
            return {one.id: share for one, share in self.shares}
        amounts = {one.id: turned(one, share) for one, share in self.shares}
        total = math.fsum(amounts.values())
        return {name: amount / total for name, amount in amounts.items()}

    @property
    def molar_mass(self) -> Quantity:
        """Mean molar mass; mass flow over it is the molar flow."""
        return Quantity(math.fsum(self.mole_fractions[one.id] * _grams(one) for one in self.compounds), "g/mol")

    def split(self, total: Quantity) -> dict[str, Quantity]:
        """Each compound's part of a mass, mass flow, amount or molar flow, by its id and in the total's unit.

        Raises
        ------
        MixtureError
            Where the total is none of these, so that nobody knows which fractions count.
        """
        if total.dimension in ("mass", "mass flow"):
            shares = self.mass_fractions
        elif total.dimension in ("amount", "molar flow"):
            shares = self.mole_fractions
        else:
            raise MixtureError(f"{total} is neither mass nor amount", remedy="give one in kg, kg/s, mol or mol/s")
        return {name: Quantity(total.value * share, total.unit) for name, share in shares.items()}


def _grams(compound: Compound) -> float:
    return compound.molar_mass.value_in("g/mol")


def _numbers(amounts: Mapping[Compound, float | Quantity]) -> list[tuple[Compound, float]]:
    given = [(one, Quantity(amount) if isinstance(amount, (int, float)) else amount) for one, amount in amounts.items()]
    unit = given[0][1].unit.text if given else ""
    numbers = [(one, amount.value_in(unit)) for one, amount in given]
    for one, number in numbers:
        if number < 0.0:
            raise MixtureError(f"{one.id} has the amount {number:g}", remedy="give 0 or more")
    return numbers


def _shares(numbers: list[tuple[Compound, float]]) -> tuple[tuple[Compound, float], ...]:
    total = math.fsum(number for _, number in numbers)
    if not total > 0.0:
        raise MixtureError("a mixture of nothing", remedy="give at least one compound an amount above 0")
    if len({one.id for one, _ in numbers}) < len(numbers):
        raise MixtureError("two compounds of a mixture have the same id", remedy="give each its own")
    if math.isclose(total, 1.0, abs_tol=_ONE):
        total = 1.0  # shares already; divided anew they would differ from what was written of them
    return tuple((one, round(number / total, _DECIMALS)) for one, number in numbers)
