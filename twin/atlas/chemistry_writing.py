"""From a plant's chemistry to the plain values of a plant file, which `chemistry_file` reads as the same again."""

from collections.abc import Iterable
from typing import Any

from twin.atlas.compounds import Compound
from twin.atlas.kinetics import Kinetics
from twin.atlas.mixtures import Mixture
from twin.atlas.reactions import Reaction


def write_compounds(compounds: Iterable[Compound]) -> list[dict[str, Any]]:
    """One mapping a compound; formulas are written, so that reading looks nothing up."""
    return [_compound(compound) for compound in compounds]


def _compound(compound: Compound) -> dict[str, Any]:
    written: dict[str, Any] = {"id": compound.id}
    if compound.name != compound.id:
        written["name"] = compound.name
    if compound.cas:
        written["cas"] = compound.cas
    if compound.formula:
        written["formula"] = str(compound.formula)
    if compound.formula is None or compound.molar_mass != compound.formula.molar_mass:
        written["molar_mass"] = str(compound.molar_mass)
    return written


def write_reactions(reactions: Iterable[Reaction]) -> list[dict[str, Any]]:
    """One mapping a reaction."""
    return [_reaction(reaction) for reaction in reactions]


def _reaction(reaction: Reaction) -> dict[str, Any]:
    written: dict[str, Any] = {"id": reaction.id, "equation": str(reaction.equation)}
    if reaction.equipment:
        written["equipment"] = reaction.equipment
    if kinetics := reaction.kinetics:
        law = _law(kinetics, reaction.equation.reactants)
        law["basis"] = kinetics.basis
        if kinetics.reference:
            law["reference"] = kinetics.reference
        if kinetics.reverse:
            law["reverse"] = _law(kinetics.reverse, reaction.equation.products)
        written["kinetics"] = law
    if reaction.heat is not None:
        written["heat"] = str(reaction.heat)
    return written


def _law(kinetics: Kinetics, elementary: tuple[tuple[str, float], ...]) -> dict[str, Any]:
    written: dict[str, Any] = {"factor": str(kinetics.factor)}
    if kinetics.activation is not None:
        written["activation"] = str(kinetics.activation)
    if kinetics.orders != elementary:
        written["orders"] = dict(kinetics.orders)
    return written


def write_composition(mixture: Mixture) -> dict[str, str]:
    """Texts in wt% or mol%, as the mixture was given."""
    unit = "wt%" if mixture.basis == "mass" else "mol%"
    return {compound.id: f"{100.0 * share:.15g} {unit}" for compound, share in mixture.shares}
