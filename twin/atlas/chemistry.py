"""The chemistry of a plant: its compounds and the reactions between them, and what must hold of both.

>>> from twin.atlas.compounds import Compound
>>> from twin.atlas.reactions import Reaction
>>> plant = Chemistry.of(
...     [Compound.pseudo(id, mass) for id, mass in (("A", "100 g/mol"), ("B", "100 g/mol"), ("C", "200 g/mol"))],
...     [Reaction.parse("R1", "A + B -> C", equipment="R-101")],
... )
>>> plant.compound("A").molar_mass, plant.reactions_in("R-101").matrix.tolist()
(Quantity('100 g/mol'), [[-1.0], [-1.0], [1.0]])
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from twin.atlas.compounds import Compound, UnknownCompoundError
from twin.atlas.errors import ChemistryError
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.reactions import BalanceError, Reaction, ReactionSet, check_balance


@dataclass(frozen=True)
class Chemistry:
    """Compounds and reactions, each in the order of the plant's description; empty where a plant tells none."""

    compounds: tuple[Compound, ...] = ()
    reactions: tuple[Reaction, ...] = ()

    @classmethod
    def of(cls, compounds: Iterable[Compound], reactions: Iterable[Reaction] = ()) -> "Chemistry":
        """Put compounds and reactions together, checked.

        Raises
        ------
        ChemistryError
            Where anything is wrong, with everything that is: two with one id, an unknown compound, no balance.
        """
        chemistry = cls(tuple(compounds), tuple(reactions))
        findings = find_chemistry_faults(
            dict(enumerate(chemistry.compounds)), dict(enumerate(chemistry.reactions)), equipment=None
        )
        if findings:
            raise ChemistryError("\n".join(str(finding.fault()) for finding in findings))
        return chemistry

    @cached_property
    def by_id(self) -> dict[str, Compound]:
        """Compounds by their id."""
        return {compound.id: compound for compound in self.compounds}

    def compound(self, id: str) -> Compound:
        """The compound of that id.

        Raises
        ------
        UnknownCompoundError
            Where the plant has none; the remedy names the nearest.
        """
        if id not in self.by_id:
            raise UnknownCompoundError(f"no compound '{id}'", remedy=did_you_mean(id, self.by_id, "list it"))
        return self.by_id[id]

    def reactions_in(self, equipment: str) -> ReactionSet:
        """The reactions of a piece of equipment: its own, and those that name none."""
        return ReactionSet(tuple(one for one in self.reactions if one.equipment in ("", equipment)))


def find_chemistry_faults(
    compounds: Mapping[int, Compound],
    reactions: Mapping[int, Reaction],
    equipment: Collection[str] | None,
    broken: Collection[str] = (),
) -> list[Finding]:
    """Everything that is wrong with compounds and reactions, each given by its index in the description.

    Parameters
    ----------
    compounds, reactions
        What could be read.
    equipment
        Ids of the plant's equipment; None where they aren't known and aren't looked at.
    broken
        Ids of compounds that could not be read; nobody who mentions one is at fault for that.
    """
    findings = [*_twice("compounds", compounds), *_twice("reactions", reactions)]
    known = {compound.id: compound for compound in compounds.values()}
    for index, reaction in reactions.items():
        path: Path = ("reactions", index)
        found = [*_unknown(reaction, known, broken), *_unbalanced(reaction, known), *_kinetics(reaction)]
        findings += [Finding((*path, *each.path), each.message, each.remedy) for each in found]
        if equipment is not None and reaction.equipment and reaction.equipment not in equipment:
            remedy = did_you_mean(reaction.equipment, equipment, "list it under equipment")
            findings.append(Finding((*path, "equipment"), f"no equipment '{reaction.equipment}'", remedy))
    return findings


def _twice(part: str, listed: Mapping[int, Compound] | Mapping[int, Reaction]) -> Iterable[Finding]:
    seen: dict[str, int] = {}
    for index, item in listed.items():
        first = seen.setdefault(item.id, index)
        if first != index:
            yield Finding((part, index, "id"), f"'{item.id}' is already that of {part}[{first}]", "give each its own")


def _unknown(reaction: Reaction, known: Mapping[str, Compound], broken: Collection[str]) -> Iterable[Finding]:
    mentioned: list[tuple[Path, str]] = [(("equation",), name) for name in reaction.coefficients]
    if reaction.kinetics:
        mentioned += [(("kinetics", "orders"), name) for name in reaction.kinetics.compounds]
    told: set[str] = set(broken)
    for path, name in mentioned:
        if name not in known and name not in told:
            told.add(name)
            yield Finding(path, f"no compound '{name}'", did_you_mean(name, known, "list it under compounds"))


def _unbalanced(reaction: Reaction, known: Mapping[str, Compound]) -> Iterable[Finding]:
    if not all(name in known for name in reaction.coefficients):
        return
    try:
        check_balance(reaction.equation, known)
    except BalanceError as error:
        yield Finding(("equation",), error.message, error.remedy)


def _kinetics(reaction: Reaction) -> Iterable[Finding]:
    kinetics = reaction.kinetics
    if kinetics is None:
        return
    if reaction.coefficients.get(reaction.reference, 0.0) >= 0.0:
        used = ", ".join(name for name, count in reaction.coefficients.items() if count < 0.0)
        message = f"{reaction.id} doesn't use up '{reaction.reference}', whose rate its kinetics tell"
        yield Finding(("kinetics", "reference"), message, f"name one of {used or 'its reactants'}")
    if kinetics.reverse and not reaction.equation.is_reversible:
        yield Finding(("equation",), f"{reaction.id} has kinetics of a way back", "write <-> instead of ->")
