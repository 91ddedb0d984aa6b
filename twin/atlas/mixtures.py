"""Mixtures: compounds by moles or by mass, and the one turned into the other.

>>> from twin.atlas.compounds import find_compound
>>> water, ethanol = find_compound("water"), find_compound("ethanol")
>>> spirit = Mixture.of_mass({ethanol: 40, water: 60})
>>> f"{spirit.mole_fractions['ethanol']:.4f}", f"{spirit.molar_mass:.2f}"
('0.2068', '23.82 g/mol')
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from twin.atlas.compounds import Compound
from twin.atlas.errors import ChemistryError
from twin.atlas.quantities import Quantity


class MixtureError(ChemistryError):
    """Amounts that make no mixture."""


@dataclass(frozen=True)
class Mixture:
    """Compounds and their mole fractions, in order; make one with `of_moles` or `of_mass`.

    Parameters
    ----------
    parts
        Pairs of compound and mole fraction; fractions add up to 1.
    """

    parts: tuple[tuple[Compound, float], ...]

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
        return cls(_shares(_numbers(amounts)))

    @classmethod
    def of_mass(cls, amounts: Mapping[Compound, float | Quantity]) -> "Mixture":
        """A mixture of these masses or mass flows; errors as of `of_moles`."""
        return cls(_shares([(one, mass / _grams(one)) for one, mass in _numbers(amounts)]))

    @property
    def compounds(self) -> tuple[Compound, ...]:
        """The compounds in their order."""
        return tuple(compound for compound, _ in self.parts)

    @cached_property
    def mole_fractions(self) -> dict[str, float]:
        """Mole fraction by compound's id; together 1."""
        return {compound.id: share for compound, share in self.parts}

    @cached_property
    def mass_fractions(self) -> dict[str, float]:
        """Mass fraction by compound's id; together 1."""
        return {one.id: share for one, share in _shares([(one, share * _grams(one)) for one, share in self.parts])}

    @property
    def molar_mass(self) -> Quantity:
        """Mean molar mass; mass flow over it is the molar flow."""
        return Quantity(math.fsum(share * _grams(compound) for compound, share in self.parts), "g/mol")

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
    return tuple((one, number / total) for one, number in numbers)
