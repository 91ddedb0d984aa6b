"""Compounds, reactions and compositions as a plant file writes them; what must hold of them is `chemistry`'s."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Final, Literal, TypeVar

from pydantic import Field

from twin.atlas.compounds import Compound, check_cas, find_compound
from twin.atlas.entry import Entry, Name, Number, Text
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.formula import Formula
from twin.atlas.kinetics import Basis, Kinetics
from twin.atlas.mixtures import Mixture
from twin.atlas.quantities import Quantity
from twin.atlas.reactions import Equation, Reaction, parse_equation

_MASS_OFF: Final = 1e-3
_SUM_OFF: Final = 1e-4

_T = TypeVar("_T")


class CompoundEntry(Entry):
    """A compound: by CAS number, by formula, or by its molar mass only."""

    id: Name = Field(description="short name that reactions and compositions use, like A or water")
    name: Text = Field("", max_length=120, description="what people call it; its common name or id if unset")
    cas: Text = Field("", max_length=12, description="CAS number, like 7732-18-5; looked up if no formula is given")
    formula: Text = Field("", max_length=200, description="its elements, like H2O or Ca(OH)2")
    molar_mass: Text = Field("", max_length=40, description="like 100 g/mol; of the formula if unset")


class ReverseEntry(Entry):
    """The way back of a reversible reaction, on the basis of the way there."""

    factor: Text = Field(max_length=80, description="factor in front of the exponential, with its unit")
    activation: Text = Field("", max_length=80, description="activation energy (kJ/mol) or temperature (K)")
    orders: dict[Text, Number] | None = Field(None, description="order by compound; as in the equation if unset")


class KineticsEntry(ReverseEntry):
    """How fast a reaction is."""

    law: Literal["arrhenius"] = Field("arrhenius", description="factor * exp(-activation / T) * amounts ** orders")
    basis: Basis = Field("concentration", description="amounts: fractions, mol/m3 or Pa")
    reference: Text = Field("", description="compound whose consumption the rate counts; first reactant if unset")
    reverse: ReverseEntry | None = Field(None, description="the way back of a reversible reaction")


class ReactionEntry(Entry):
    """A reaction."""

    id: Name = Field(description="its name, like R1")
    equation: Text = Field(max_length=500, description="ids of compounds with numbers of moles, like A + 2 B -> C")
    equipment: Text = Field("", description="id of the equipment that it happens in; everywhere if unset")
    kinetics: KineticsEntry | None = Field(None, description="how fast it is; unknown if unset")
    heat: Text = Field("", max_length=80, description="heat set free per kg or mol of the reference: 263.8 kJ/kg")


def read_compounds(entries: Mapping[int, CompoundEntry]) -> tuple[dict[int, Compound], list[Finding]]:
    """The compounds by their index, and a finding for each that can't be one.

    Paths of findings begin with the entry's index. A CAS number alone is looked up in the library, which takes about
    1.5 s the first time; with a formula beside it, it isn't.
    """
    findings: list[Finding] = []
    read = {index: _compound(entry, (index,), findings) for index, entry in entries.items()}
    return {index: compound for index, compound in read.items() if compound is not None}, findings


def _compound(entry: CompoundEntry, path: Path, findings: list[Finding]) -> Compound | None:
    if not (entry.cas or entry.formula or entry.molar_mass):
        findings.append(Finding(path, f"nothing is known of {entry.id}", "give its cas, formula or molar_mass"))
        return None
    faults = len(findings)
    mass = _tried((*path, "molar_mass"), _optional(_molar_mass, entry.molar_mass), findings)
    formula = _tried((*path, "formula"), _optional(Formula.parse, entry.formula), findings)
    cas = _tried((*path, "cas"), _optional(check_cas, entry.cas), findings)
    if len(findings) > faults:
        return None
    if cas and not formula:
        found = _tried((*path, "cas"), lambda: find_compound(cas, entry.id), findings)
    else:
        known = formula.molar_mass if formula else mass
        found = None
        if known is not None:
            make = partial(Compound, entry.id, entry.id, known, formula, cas)
            found = _tried((*path, "molar_mass"), make, findings)
    if found is None:
        return None
    if mass and not math.isclose(mass.base_value, found.molar_mass.base_value, rel_tol=_MASS_OFF):
        message = f"{mass} isn't the molar mass of {found.formula or found.name}, {found.molar_mass}"
        findings.append(Finding((*path, "molar_mass"), message, "leave molar_mass out, or mend the formula or cas"))
    return replace(found, name=entry.name or found.name, molar_mass=mass or found.molar_mass)


def _molar_mass(text: str) -> Quantity:
    return Quantity.parse(text, like="g/mol")


def _optional(read: Callable[[str], _T], text: str) -> Callable[[], _T | None]:
    return lambda: read(text) if text else None


def read_reactions(entries: Mapping[int, ReactionEntry]) -> tuple[dict[int, Reaction], list[Finding]]:
    """The reactions by their index, and every text in them that can't be read.

    Paths of findings begin with the entry's index. Whether their compounds exist and they balance is found by
    `chemistry.find_chemistry_faults`.
    """
    findings: list[Finding] = []
    reactions = {}
    for index, entry in entries.items():
        faults = len(findings)
        reaction = _reaction(entry, (index,), findings)
        if reaction is not None and len(findings) == faults:
            reactions[index] = reaction
    return reactions, findings


def _reaction(entry: ReactionEntry, path: Path, findings: list[Finding]) -> Reaction | None:
    equation = _tried((*path, "equation"), lambda: parse_equation(entry.equation), findings)
    kinetics = None
    if entry.kinetics and equation:
        kinetics = _kinetics(entry.kinetics, equation, (*path, "kinetics"), findings)
    heat = _tried((*path, "heat"), lambda: Quantity.parse(entry.heat), findings) if entry.heat else None
    if equation is None:
        return None
    return _tried((*path, "heat"), lambda: Reaction(entry.id, equation, kinetics, entry.equipment, heat), findings)


def _kinetics(entry: KineticsEntry, equation: Equation, path: Path, findings: list[Finding]) -> Kinetics | None:
    reverse = None
    if entry.reverse:
        reverse = _law(entry.reverse, dict(equation.products), entry.basis, (*path, "reverse"), findings)
    law = _law(entry, dict(equation.reactants), entry.basis, path, findings)
    if law is None:
        return None
    return _tried(path, lambda: replace(law, reference=entry.reference, reverse=reverse), findings)


def _law(
    entry: ReverseEntry, elementary: Mapping[str, float], basis: Basis, path: Path, findings: list[Finding]
) -> Kinetics | None:
    factor = _tried((*path, "factor"), lambda: Quantity.parse(entry.factor), findings)
    faults = len(findings)
    activation = _tried((*path, "activation"), _optional(Quantity.parse, entry.activation), findings)
    if factor is None or len(findings) > faults:
        return None
    orders = elementary if entry.orders is None else entry.orders
    return _tried(path, lambda: Kinetics.of(factor, orders, activation, basis), findings)


def read_composition(
    given: Mapping[str, str], compounds: Mapping[str, Compound], broken: Collection[str] = ()
) -> tuple[Mixture | None, list[Finding]]:
    """A stream's mixture from texts such as `{A: 40 wt%, B: 60 wt%}`: all wt% or all mol%, together 100 %.

    Paths of findings are relative to `given`; compounds in `broken` could not be read and are nobody's fault here.
    """
    findings: list[Finding] = []
    shares = {name: _tried((name,), partial(Quantity.parse, text), findings) for name, text in given.items()}
    for name in given:
        if name not in compounds and name not in broken:
            remedy = did_you_mean(name, compounds, "list it under compounds")
            findings.append(Finding((name,), f"no compound '{name}'", remedy))
    read = {name: share for name, share in shares.items() if share is not None}
    kinds = {share.dimension for share in read.values()}
    if read and kinds not in ({"mass fraction"}, {"mole fraction"}):
        findings.append(Finding((), f"shares are {' and '.join(sorted(kinds))}", "write all in wt%, or all in mol%"))
    elif (
        given
        and len(read) == len(given)
        and not math.isclose(total := sum(map(float, read.values())), 1.0, abs_tol=_SUM_OFF)
    ):
        findings.append(Finding((), f"shares add up to {100 * total:g} %", "make them add up to 100 %"))
    if findings or not given or any(name not in compounds for name in given):
        return None, findings
    make = Mixture.of_mass if kinds == {"mass fraction"} else Mixture.of_moles
    amounts: dict[Compound, float | Quantity] = {compounds[name]: float(share) for name, share in read.items()}
    return _tried((), lambda: make(amounts), findings), findings


def _tried(path: Path, make: Callable[[], _T], findings: list[Finding]) -> _T | None:
    try:
        return make()
    except AtlasError as error:
        findings.append(Finding(path, error.message, error.remedy))
        return None
