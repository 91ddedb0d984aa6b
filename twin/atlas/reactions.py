"""Reactions: equations read from text, their balance, and what sets of them conserve.

>>> burning = Reaction.parse("R1", "2 H2 + O2 -> 2 H2O")
>>> burning.coefficients
{'H2': -2.0, 'O2': -1.0, 'H2O': 2.0}
>>> from twin.atlas.compounds import find_compound
>>> check_balance(parse_equation("H2 + O2 -> H2O"), {id: find_compound(id) for id in ("H2", "O2", "H2O")})
Traceback (most recent call last):
    ...
twin.atlas.reactions.BalanceError: H2 + O2 -> H2O doesn't balance: O 2 used, 1 made; did you mean 2 H2 + O2 -> 2 H2O?
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.atlas.compounds import Compound
from twin.atlas.errors import ChemistryError
from twin.atlas.kinetics import Kinetics
from twin.atlas.null_space import null_space
from twin.atlas.quantities import Quantity

LONGEST_EQUATION: Final = 500
CHARGE: Final = "charge"
"""Name under which electric charge is counted beside the elements."""

_ARROW: Final = re.compile(r"\s*(?P<both><-+>|<=+>|⇌|⇄)\s*|\s*(?:-+>|=+>|→)\s*")
_TERM: Final = re.compile(
    r"(?:(?P<count>\d+/[1-9]\d*|\d+(?:\.\d*)?|\.\d+)(?:\s+|(?=[A-Za-z])))?(?P<id>[A-Za-z0-9][A-Za-z0-9_.\-/()\[\]]*)"
)
_MOST_MOLES: Final = 1e6
_SAME: Final = 1e-6
_MASS_LOST: Final = 1e-3
"""Part of the mass that molar masses of pseudo-compounds may leave open, because they are rounded."""


class EquationError(ChemistryError):
    """A text that is no reaction."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(f"'{text[:LONGEST_EQUATION]}' is no reaction: {what}", remedy="write it like A + 2 B -> C")


class BalanceError(ChemistryError):
    """A reaction that makes or loses an element, charge or mass."""


@dataclass(frozen=True)
class Equation:
    """Who reacts to what: pairs of compound and number of moles on each side, as written."""

    reactants: tuple[tuple[str, float], ...]
    products: tuple[tuple[str, float], ...]
    is_reversible: bool = False

    @property
    def coefficients(self) -> dict[str, float]:
        """Moles made (+) or used (-) by compound, in the order written; 0 for a catalyst on both sides."""
        made: dict[str, float] = {}
        for sign, side in ((-1.0, self.reactants), (1.0, self.products)):
            for compound, count in side:
                made[compound] = made.get(compound, 0.0) + sign * count
        return made

    def __str__(self) -> str:
        sides = (" + ".join(_term(*term) for term in side) for side in (self.reactants, self.products))
        return (" <-> " if self.is_reversible else " -> ").join(sides)


def _term(compound: str, count: float) -> str:
    return compound if count == 1.0 else f"{repr(count).removesuffix('.0')} {compound}"


def parse_equation(text: str) -> Equation:
    """Read a text like `A + 2 B -> C`, `N2 + 3 H2 <-> 2 NH3` or `CO + 1/2 O2 -> CO2`; names are compounds' ids.

    Raises
    ------
    EquationError
        Where it can't be read.
    """
    arrows = list(_ARROW.finditer(text)) if len(text) <= LONGEST_EQUATION else []
    if len(arrows) != 1:
        raise EquationError(text, f"it has {len(arrows)} arrows" if arrows else "it has no arrow, or is too long")
    left, right = text[: arrows[0].start()], text[arrows[0].end() :]
    return Equation(_side(left, text), _side(right, text), arrows[0]["both"] is not None)


def _side(side: str, text: str) -> tuple[tuple[str, float], ...]:
    counts: dict[str, float] = {}
    for written in side.split("+"):
        match = _TERM.fullmatch(written.strip())
        if match is None:
            raise EquationError(text, f"'{written.strip()}' is no compound with its number")
        top, _, bottom = (match["count"] or "1").partition("/")
        count = float(top) / float(bottom or 1)
        if not 0.0 < count <= _MOST_MOLES:
            raise EquationError(text, f"the number of {match['id']} is 0 or too large")
        counts[match["id"]] = counts.get(match["id"], 0.0) + count
    return tuple(counts.items())


@dataclass(frozen=True)
class Reaction:
    """A reaction and what is known of it.

    Parameters
    ----------
    id
        Its name, like `R1`.
    equation
        Who reacts to what, by moles.
    kinetics
        How fast; None where nobody knows or it is at equilibrium.
    equipment
        Id of the equipment that it happens in; empty for everywhere.
    heat
        Heat set free per mass or amount of the reference compound, like `263.8 kJ/kg`; negative if it takes heat up.

    Raises
    ------
    WrongDimensionError
        Where the heat is neither per mass nor per amount.
    """

    id: str
    equation: Equation
    kinetics: Kinetics | None = None
    equipment: str = ""
    heat: Quantity | None = None

    def __post_init__(self) -> None:
        if self.heat is not None and self.heat.dimension != "specific energy":
            self.heat.value_in("kJ/mol")

    @classmethod
    def parse(
        cls,
        id: str,
        equation: str,
        kinetics: Kinetics | None = None,
        equipment: str = "",
        heat: str | Quantity | None = None,
    ) -> "Reaction":
        """The same with the equation, and the heat, read from text; see `parse_equation`."""
        freed = Quantity.parse(heat) if isinstance(heat, str) else heat
        return cls(id, parse_equation(equation), kinetics, equipment, freed)

    @property
    def coefficients(self) -> dict[str, float]:
        """Moles made (+) or used (-) by compound."""
        return self.equation.coefficients

    @property
    def reference(self) -> str:
        """Compound whose consumption rate and heat count: the kinetics' reference, else the first reactant."""
        named = self.kinetics.reference if self.kinetics else ""
        return named or self.equation.reactants[0][0]

    def made_per_mass(self, compounds: Mapping[str, Compound]) -> dict[str, float]:
        """Kilograms made (+) or used (-) per kilogram of the reference compound that reacts."""
        grams = {
            name: count * compounds[name].molar_mass.value_in("g/mol") for name, count in self.coefficients.items()
        }
        return {name: mass / -grams[self.reference] for name, mass in grams.items()}


def element_balance(equation: Equation, compounds: Mapping[str, Compound]) -> dict[str, float] | None:
    """Atoms made less atoms used, by element, and charge; None where a compound's elements aren't known."""
    balance: dict[str, float] = {}
    for name, count in equation.coefficients.items():
        formula = compounds[name].formula
        if formula is None:
            return None
        for element, atoms in (*formula.elements.items(), (CHARGE, formula.charge)):
            balance[element] = balance.get(element, 0.0) + count * atoms
    return balance


def check_balance(equation: Equation, compounds: Mapping[str, Compound]) -> None:
    """Check that nothing is made of nothing: by elements and charge where all are known, by mass where not.

    Mass may be off by a thousandth, because molar masses of pseudo-compounds are rounded.

    Raises
    ------
    BalanceError
        Where it doesn't balance; the remedy is the balanced equation where there is one way to balance it.
    KeyError
        Where a compound isn't among those given.
    """
    if (elements := element_balance(equation, compounds)) is not None:
        wrong = ", ".join(
            f"{element} {_atoms(equation.reactants, element, compounds):g} used, "
            f"{_atoms(equation.products, element, compounds):g} made"
            for element, difference in elements.items()
            if abs(difference) > _SAME
        )
        if wrong:
            better = balanced(equation, compounds)
            remedy = f"did you mean {better}?" if better else "add what is missing"
            raise BalanceError(f"{equation} doesn't balance: {wrong}", remedy=remedy)
        return
    used, made = (
        sum(count * compounds[name].molar_mass.value_in("g/mol") for name, count in side)
        for side in (equation.reactants, equation.products)
    )
    if abs(made - used) > _MASS_LOST * used:
        raise BalanceError(
            f"{equation} doesn't balance: {used:g} g used, {made:g} g made",
            remedy="mend the numbers of moles or the molar masses",
        )


def _atoms(side: Iterable[tuple[str, float]], element: str, compounds: Mapping[str, Compound]) -> float:
    return sum(count * _count(compounds[name], element) for name, count in side)


def _count(compound: Compound, element: str) -> int:
    if compound.formula is None:
        return 0
    return compound.formula.charge if element == CHARGE else compound.formula.elements.get(element, 0)


def balanced(equation: Equation, compounds: Mapping[str, Compound]) -> Equation | None:
    """The equation with the smallest whole numbers that balance it; None where there is no such way, or several."""
    left, right = (tuple(name for name, _ in side) for side in (equation.reactants, equation.products))
    names = (*left, *right)
    elements = element_balance(equation, compounds)
    if elements is None or len(set(names)) < len(names):
        return None
    matrix = [
        [(-1 if at < len(left) else 1) * _count(compounds[name], element) for at, name in enumerate(names)]
        for element in elements
    ]
    solutions = null_space(matrix, len(names))
    if len(solutions) != 1:
        return None
    counts = [abs(number) for number in solutions[0]]
    if 0 in counts or len({number > 0 for number in solutions[0]}) > 1:
        return None
    terms = tuple(zip(names, map(float, counts), strict=True))
    return Equation(terms[: len(left)], terms[len(left) :], equation.is_reversible)


@dataclass(frozen=True)
class ReactionSet:
    """Reactions in order, with the matrix that says who makes what.

    Parameters
    ----------
    reactions
        The reactions.
    """

    reactions: tuple[Reaction, ...]

    @classmethod
    def parse(cls, *equations: str) -> "ReactionSet":
        """A set from equations alone; ids are R1, R2..."""
        return cls(tuple(Reaction.parse(f"R{number}", text) for number, text in enumerate(equations, start=1)))

    @cached_property
    def compounds(self) -> tuple[str, ...]:
        """Ids of the compounds in order of their first mention; the rows of `matrix`."""
        return tuple(dict.fromkeys(name for reaction in self.reactions for name in reaction.coefficients))

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """Moles made (+) or used (-), shape (compounds, reactions); can't be written to."""
        columns = [reaction.coefficients for reaction in self.reactions]
        matrix = np.array([[made.get(name, 0.0) for made in columns] for name in self.compounds], dtype=np.float64)
        matrix = matrix.reshape(len(self.compounds), len(columns))
        matrix.setflags(write=False)
        return matrix

    @cached_property
    def conserved(self) -> tuple[dict[str, int], ...]:
        """Sums of moles that no reaction changes: whole numbers by compound, linearly independent and all there are."""
        found = null_space(self.matrix.T.tolist(), len(self.compounds))
        return tuple(
            {name: number for name, number in zip(self.compounds, vector, strict=True) if number} for vector in found
        )

    @property
    def independent(self) -> int:
        """How many of the reactions are no sum of the others."""
        return len(self.compounds) - len(self.conserved)

    def __iter__(self) -> Iterator[Reaction]:
        return iter(self.reactions)

    def __len__(self) -> int:
        return len(self.reactions)
