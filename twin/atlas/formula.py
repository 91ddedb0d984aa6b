"""Chemical formulas: the elements that a text like `Ca(OH)2`, `CuSO4·5H2O` or `SO4-2` counts, and what they weigh.

>>> Formula.parse("Ca(OH)2").molar_mass
Quantity('74.092 g/mol')
>>> str(Formula.parse("C2H5OH"))
'C2H6O'
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from twin.atlas.elements import ATOMIC_WEIGHTS
from twin.atlas.errors import ChemistryError
from twin.atlas.quantities import Quantity

LONGEST_FORMULA: Final = 200
MOST_ATOMS: Final = 1_000_000

_TOKEN: Final = re.compile(r"(?P<symbol>[A-Z][a-z]?)(?P<count>\d*)|(?P<open>[(\[])|(?P<close>[)\]])(?P<times>\d*)")
_CHARGE: Final = re.compile(r"(?P<sign>[+-])(?P<charge>\d*)$")
_DEUTERIUM: Final = {"D": "H", "T": "H"}


class FormulaError(ChemistryError):
    """A text that is no chemical formula."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__(
            f"'{text[:LONGEST_FORMULA]}' is no formula: {what}", remedy="write it like H2O, Ca(OH)2 or SO4-2"
        )


@dataclass(frozen=True)
class Formula:
    """Elements and their counts in Hill's order (carbon, hydrogen, then by alphabet), and the charge.

    Two formulas are equal where they count the same: C2H5OH is C2H6O.

    Parameters
    ----------
    counts
        Pairs of symbol and number of atoms.
    charge
        Electric charge in elementary charges; 0 for what is neutral.
    """

    counts: tuple[tuple[str, int], ...]
    charge: int = 0

    @classmethod
    def parse(cls, text: str) -> "Formula":
        """Read a formula; groups stand in brackets, water of crystallisation behind a dot, a charge at the end.

        Raises
        ------
        FormulaError
            Where the text is no formula, or names an element that there is not.
        """
        stripped = text.strip()
        if not 0 < len(stripped) <= LONGEST_FORMULA:
            raise FormulaError(text, "it is empty or too long")
        charge = _CHARGE.search(stripped)
        body = stripped[: charge.start()] if charge else stripped
        total: Counter[str] = Counter()
        for part in re.split(r"[·•*.]", body):
            times = re.match(r"\d*", part)
            count = int(times[0] or 1) if times else 1
            for symbol, atoms in _read_group(part[times.end() if times else 0 :], text).items():
                total[symbol] += count * atoms
        if not all(total.values()) or not 0 < sum(total.values()) <= MOST_ATOMS:
            raise FormulaError(text, "an element has no atoms, or too many")
        number = int(charge["sign"] + (charge["charge"] or "1")) if charge else 0
        return cls(tuple(sorted(total.items(), key=lambda item: _hill(item[0], "C" in total))), number)

    @cached_property
    def molar_mass(self) -> Quantity:
        """Mass of a mole, from IUPAC's atomic weights."""
        grams = sum(count * ATOMIC_WEIGHTS[symbol] for symbol, count in self.counts)
        return Quantity(round(grams, 6), "g/mol")

    @cached_property
    def elements(self) -> Mapping[str, int]:
        """Atoms by element; heavy hydrogen counts as hydrogen, because reactions exchange it."""
        total: Counter[str] = Counter()
        for symbol, count in self.counts:
            total[_DEUTERIUM.get(symbol, symbol)] += count
        return dict(total)

    def __str__(self) -> str:
        body = "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in self.counts)
        sign = "" if not self.charge else f"{'+' if self.charge > 0 else '-'}"
        return f"{body}{sign}{abs(self.charge) if abs(self.charge) > 1 else ''}"


def _hill(symbol: str, with_carbon: bool) -> tuple[int, str]:
    first = ("C", "H").index(symbol) if with_carbon and symbol in ("C", "H") else 2
    return first, symbol


def _read_group(text: str, whole: str) -> Counter[str]:
    levels: list[Counter[str]] = [Counter()]
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FormulaError(whole, f"'{text[at : at + 10]}' can't be read")
        at = match.end()
        if match["symbol"]:
            if match["symbol"] not in ATOMIC_WEIGHTS:
                raise FormulaError(whole, f"there is no element '{match['symbol']}'")
            levels[-1][match["symbol"]] += int(match["count"] or 1)
        elif match["open"]:
            levels.append(Counter())
        else:
            _close(levels, int(match["times"] or 1), whole)
    if len(levels) > 1:
        raise FormulaError(whole, "a bracket isn't closed")
    return levels[0]


def _close(levels: list[Counter[str]], times: int, whole: str) -> None:
    if len(levels) == 1:
        raise FormulaError(whole, "a bracket isn't opened")
    for symbol, count in levels.pop().items():
        levels[-1][symbol] += times * count
