"""Chemical compounds: real ones by their CAS number, and pseudo-compounds that are known by their molar mass only.

>>> find_compound("ethanol")
Compound('ethanol', C2H6O, 46.069 g/mol, CAS 64-17-5)
>>> find_compound("7732-18-5", id="water").name
'water'
>>> Compound.pseudo("A", "100 g/mol", name="Feed A")
Compound('A', 100 g/mol)
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from twin.atlas.errors import ChemistryError
from twin.atlas.formula import Formula, FormulaError
from twin.atlas.quantities import Quantity

LONGEST_TEXT: Final = 500
"""Characters of a compound's name or InChI."""

_CAS: Final = re.compile(r"(\d{2,7})-(\d{2})-(\d)")
_INCHI: Final = re.compile(r"InChI=1S?/(?P<body>.+)", re.IGNORECASE)
_INCHI_KEY: Final = re.compile(r"(?:InChIKey=)?(?P<key>[A-Z]{14}-[A-Z]{10}-[A-Z])", re.IGNORECASE)
_MOST_NAMED: Final = 6


class _Record(Protocol):
    """What the library knows of a compound; its other fields are not used."""

    CASs: str
    common_name: str
    formula: str
    MW: float


class CasNumberError(ChemistryError):
    """A text that is no CAS number, or one whose check digit is wrong."""


class UnknownCompoundError(ChemistryError):
    """A compound that nobody knows."""


class AmbiguousCompoundError(ChemistryError):
    """A formula that several compounds have."""


@dataclass(frozen=True, repr=False)
class Compound:
    """A pure substance, or a lump of them that the plant treats as one.

    Parameters
    ----------
    id
        Short name that reactions and compositions use.
    name
        What people call it.
    molar_mass
        Mass of a mole; more than 0.
    formula
        Elements that it is made of; None for a pseudo-compound.
    cas
        CAS number; None for a pseudo-compound.

    Raises
    ------
    ChemistryError
        Where the molar mass is not above 0.
    CasNumberError
        Where the CAS number's check digit is wrong.
    WrongDimensionError
        Where the molar mass measures something else.
    """

    id: str
    name: str
    molar_mass: Quantity
    formula: Formula | None = None
    cas: str | None = None

    def __post_init__(self) -> None:
        if self.molar_mass.value_in("g/mol") <= 0.0:
            raise ChemistryError(f"{self.id} has the molar mass {self.molar_mass}", remedy="give one above 0 g/mol")
        if self.cas is not None:
            check_cas(self.cas)

    @classmethod
    def pseudo(cls, id: str, molar_mass: str | Quantity, name: str = "") -> "Compound":
        """A compound that has a molar mass and nothing else, like a petroleum cut or a literature plant's `A`."""
        mass = Quantity.parse(molar_mass, like="g/mol") if isinstance(molar_mass, str) else molar_mass
        return cls(id, name or id, mass)

    @classmethod
    def of_formula(cls, id: str, formula: str, cas: str | None = None, name: str = "") -> "Compound":
        """A compound by its formula, looked up nowhere; its molar mass follows from the atomic weights."""
        read = Formula.parse(formula)
        return cls(id, name or id, read.molar_mass, read, cas)

    @property
    def is_real(self) -> bool:
        """Whether its elements are known, so that they can be counted."""
        return self.formula is not None

    def __repr__(self) -> str:
        known = (str(self.formula or ""), str(self.molar_mass), f"CAS {self.cas}" if self.cas else "")
        return f"Compound({', '.join((repr(self.id), *filter(None, known)))})"


def check_cas(text: str) -> str:
    """The CAS number, when its check digit is right: the other digits, weighted 1, 2, 3... from the right, modulo 10.

    Raises
    ------
    CasNumberError
        Where it has another form, or another check digit.
    """
    match = _CAS.fullmatch(text)
    if match is None:
        raise CasNumberError(f"'{text[:LONGEST_TEXT]}' is no CAS number", remedy="write it like 7732-18-5")
    digits = match[1] + match[2]
    expected = sum(weight * int(digit) for weight, digit in enumerate(reversed(digits), start=1)) % 10
    if int(match[3]) != expected:
        raise CasNumberError(
            f"CAS number {text} has a wrong check digit: {match[3]} instead of {expected}", remedy="look it up again"
        )
    return text


@lru_cache(maxsize=4096)
def find_compound(text: str, id: str = "") -> Compound:
    """Find one of 70,000 compounds by CAS number, InChI, InChI key, formula or name.

    The first search of a process takes about 2 s, because the library is loaded only then; one for a rare compound 2 s
    more and 150 MB. A formula is refused where several common compounds have it.

    Parameters
    ----------
    text
        `64-17-5`, `InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3`, `CO2`, `ethyl alcohol`. Formulas mind capitals, names don't.
    id
        Id that the compound gets; the text if empty.

    Raises
    ------
    CasNumberError
        Where the text looks like a CAS number and its check digit is wrong.
    AmbiguousCompoundError, UnknownCompoundError
        Where several compounds have that formula, or none is known by the text.
    """
    asked = text.strip()
    found = _search(asked) if 0 < len(asked) <= LONGEST_TEXT else None
    if found is None:
        raise UnknownCompoundError(
            f"no compound '{text[:LONGEST_TEXT]}'",
            remedy="give its CAS number or another name, or a pseudo-compound its molar mass",
        )
    return _compound(found, id or asked)


def _compound(found: _Record, id: str) -> Compound:
    try:
        formula = Formula.parse(found.formula)
    except FormulaError:  # named isotopes, like H2[18O]
        return Compound(id, found.common_name, Quantity(found.MW, "g/mol"), None, found.CASs)
    return Compound(id, found.common_name, formula.molar_mass, formula, found.CASs)


def _search(text: str) -> _Record | None:
    if re.fullmatch(r"\d+-\d+-\d+", text):
        return _look_up("search_CAS", int(check_cas(text).replace("-", "")))
    if match := _INCHI.fullmatch(text):
        return _look_up("search_InChI", match["body"])
    if match := _INCHI_KEY.fullmatch(text):
        return _look_up("search_InChI_key", match["key"].upper())
    return _by_formula(text) or _look_up("search_name", text) or _look_up("search_name", text.lower())


def _look_up(index: str, key: str | int) -> _Record | None:
    found: _Record | None = getattr(_database()[0], index)(key) or None
    return found


def _by_formula(text: str) -> _Record | None:
    """The one compound of that formula, among the common ones if one is there, else among all."""
    try:
        formula = str(Formula.parse(text))
    except FormulaError:
        return None
    database, common = _database()
    found = [one for one in common if one.formula == formula]
    if not found:
        database.finish_loading()
        found = [one for one in database.CAS_index.values() if one.formula == formula and _CAS.fullmatch(one.CASs)]
    if len(found) > 1:
        named = ", ".join(f"{one.common_name} ({one.CASs})" for one in found[:_MOST_NAMED])
        raise AmbiguousCompoundError(
            f"{len(found)} compounds have the formula {text}", remedy=f"give the name or CAS number: {named}"
        )
    return found[0] if found else None


@lru_cache(maxsize=1)
def _database() -> tuple[Any, tuple[_Record, ...]]:
    """The library's table and its 5,000 common compounds; loaded only here, because that takes 1.5 s.

    A table of our own and not the library's shared one, which anybody may already have filled with rare compounds.
    """
    from chemicals.identifiers import ChemicalMetadataDB

    make: Any = ChemicalMetadataDB
    database = make()
    return database, tuple(one for one in database.CAS_index.values() if _CAS.fullmatch(one.CASs))
