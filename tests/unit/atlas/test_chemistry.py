"""A plant's chemistry: what must hold of compounds and reactions, and how a plant file tells them."""

import doctest
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.chemistry import Chemistry, find_chemistry_faults
from twin.atlas.chemistry_file import (
    CompoundEntry,
    ReactionEntry,
    read_composition,
    read_compounds,
    read_reactions,
)
from twin.atlas.chemistry_writing import write_composition, write_compounds, write_reactions
from twin.atlas.compounds import Compound, UnknownCompoundError
from twin.atlas.errors import ChemistryError
from twin.atlas.faults import Finding, written
from twin.atlas.kinetics import Kinetics
from twin.atlas.quantities import Quantity
from twin.atlas.reactions import Reaction

A, B, C = (Compound.pseudo(id, mass) for id, mass in (("A", "100 g/mol"), ("B", "100 g/mol"), ("C", "200 g/mol")))
ARRHENIUS = {
    "law": "arrhenius", "factor": "1.6599e6 1/s", "activation": "6666.7 K", "orders": {"A": 1, "B": 1},
    "basis": "mass_fraction",
}  # fmt: skip


def compounds(*given: dict[str, object]) -> dict[int, CompoundEntry]:
    return {index: CompoundEntry.model_validate(entry) for index, entry in enumerate(given)}


def reactions(*given: dict[str, object]) -> dict[int, ReactionEntry]:
    return {index: ReactionEntry.model_validate(entry) for index, entry in enumerate(given)}


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    assert all(finding.remedy for finding in findings)
    return [(written(finding.path), finding.message) for finding in findings]


@pytest.mark.parametrize(
    "module", ["quantities", "parameters", "formula", "compounds", "mixtures", "kinetics", "reactions", "chemistry"]
)
def test_the_docstrings_examples_are_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"twin.atlas.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_compounds_of_a_plant_file() -> None:
    read, findings = read_compounds(
        compounds(
            {"id": "A", "name": "Feed A", "molar_mass": "100 g/mol"},
            {"id": "water", "cas": "7732-18-5"},
            {"id": "MeOH", "formula": "CH3OH", "cas": "67-56-1", "name": "Methanol", "molar_mass": "32.04 g/mol"},
        )
    )
    assert not findings
    assert read[0] == Compound("A", "Feed A", Quantity(100, "g/mol"))
    assert (read[1].name, str(read[1].formula), read[1].cas) == ("water", "H2O", "7732-18-5")
    assert (read[2].name, str(read[2].formula), read[2].cas) == ("Methanol", "CH4O", "67-56-1")


def test_every_fault_of_compounds_at_once() -> None:
    read, findings = read_compounds(
        compounds(
            {"id": "A"},
            {"id": "B", "molar_mass": "100 g", "cas": "7732-18-4", "formula": "h2o"},
            {"id": "C", "cas": "999999-99-4"},
            {"id": "D", "molar_mass": "0 g/mol"},
            {"id": "E", "formula": "H2O", "molar_mass": "19 g/mol"},
        )
    )
    assert told(findings) == [
        ("[0]", "nothing is known of A"),
        ("[1].molar_mass", "'g' (mass) can't be turned into 'g/mol' (molar mass)"),
        ("[1].formula", "'h2o' is no formula: 'h2o' can't be read"),
        ("[1].cas", "CAS number 7732-18-4 has a wrong check digit: 4 instead of 5"),
        ("[2].cas", "no compound '999999-99-4'"),
        ("[3].molar_mass", "D has the molar mass 0 g/mol"),
        ("[4].molar_mass", "19 g/mol isn't the molar mass of H2O, 18.015 g/mol"),
    ]
    assert list(read) == [4]


def test_reactions_of_a_plant_file() -> None:
    read, findings = read_reactions(
        reactions(
            {"id": "R1", "equation": "A + B -> C", "equipment": "R-101", "kinetics": ARRHENIUS, "heat": "263.8 kJ/kg"},
            {"id": "R2", "equation": "A + 2 B <-> C", "kinetics": {
                "factor": "2 m6/(mol2 s)", "reverse": {"factor": "3 1/s", "activation": "10 kJ/mol"},
            }},
            {"id": "R3", "equation": "A <-> B"},
        )
    )  # fmt: skip
    assert not findings
    law = Kinetics.of("1.6599e6 1/s", {"A": 1, "B": 1}, "6666.7 K", "mass_fraction")
    assert read[0] == Reaction.parse("R1", "A + B -> C", law, "R-101", "263.8 kJ/kg")
    elementary = read[1].kinetics
    assert elementary is not None
    assert elementary.reverse is not None
    assert elementary.orders == (("A", 1.0), ("B", 2.0))
    assert elementary.reverse.orders == (("C", 1.0),)
    assert read[2].kinetics is None


def test_every_fault_of_reactions_at_once() -> None:
    read, findings = read_reactions(
        reactions(
            {"id": "R1", "equation": "A + B"},
            {"id": "R2", "equation": "A -> B", "heat": "5 kg", "kinetics": {"factor": "5 1/x", "activation": "much"}},
            {"id": "R3", "equation": "A -> B", "kinetics": {"factor": "5 kg"}},
            {"id": "R4", "equation": "A <-> B", "kinetics": {"factor": "5 1/s", "reverse": {"factor": "5 m"}}},
        )
    )
    assert not read
    assert told(findings) == [
        ("[0].equation", "'A + B' is no reaction: it has no arrow, or is too long"),
        ("[1].kinetics.factor", "unknown unit '1/x'"),
        ("[1].kinetics.activation", "'much' is no quantity"),
        ("[1].heat", "'kg' (mass) can't be turned into 'kJ/mol' (molar energy)"),
        ("[2].kinetics", "the factor's unit kg times mol/m3 to the power of 1 is no rate"),
        ("[3].kinetics.reverse", "the factor's unit m times mol/m3 to the power of 1 is no rate"),
    ]


def test_what_does_not_fit_together_is_found_at_once() -> None:
    law = Kinetics.of("1 1/s", {"X": 1}, basis="mole_fraction", reference="C", reverse=None)
    back = Kinetics.of(
        "1 1/s", {"A": 1}, basis="mole_fraction", reverse=Kinetics.of("1 1/s", {"B": 1}, basis="mole_fraction")
    )
    found = find_chemistry_faults(
        {0: A, 1: B, 2: C, 3: A},
        {
            0: Reaction.parse("R1", "A + B -> C", law, "R-1O1"),
            1: Reaction.parse("R2", "A + 2 B -> C"),
            2: Reaction.parse("R2", "A -> B", back),
            3: Reaction.parse("R4", "A + Q -> lost", equipment="R-101"),
        },
        equipment=["R-101"],
        broken=["lost"],
    )
    assert told(found) == [
        ("compounds[3].id", "'A' is already that of compounds[0]"),
        ("reactions[2].id", "'R2' is already that of reactions[1]"),
        ("reactions[0].kinetics.orders", "no compound 'X'"),
        ("reactions[0].kinetics.reference", "R1 doesn't use up 'C', whose rate its kinetics tell"),
        ("reactions[0].equipment", "no equipment 'R-1O1'"),
        ("reactions[1].equation", "A + 2 B -> C doesn't balance: 300 g used, 200 g made"),
        ("reactions[2].equation", "R2 has kinetics of a way back"),
        ("reactions[3].equation", "no compound 'Q'"),
    ]


def test_chemistry_from_objects() -> None:
    chemistry = Chemistry.of(
        [A, B, C],
        [Reaction.parse("R1", "A + B -> C", equipment="R-101"), Reaction.parse("R2", "C -> A + B", equipment="R-102")],
    )
    assert chemistry.compound("C") is C
    assert [one.id for one in chemistry.reactions_in("R-102")] == ["R2"]
    assert Chemistry() == Chemistry.of([])
    with pytest.raises(UnknownCompoundError, match="no compound 'D'"):
        chemistry.compound("D")
    with pytest.raises(ChemistryError, match=r"(?s)compounds\[1\].*reactions\[0\]\.equation"):
        Chemistry.of([A, A], [Reaction.parse("R1", "A -> D")])


@given(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3), st.sampled_from(("wt%", "mol%")))
def test_compositions_come_back(numbers: list[float], unit: str) -> None:
    known = {one.id: one for one in (A, B, C)}
    shares = [100 * number / sum(numbers) for number in numbers]
    text = {name: f"{share} {unit}" for name, share in zip(known, shares, strict=True)}
    mixture, findings = read_composition(text, known)
    assert mixture is not None
    assert not findings
    found = mixture.mass_fractions if unit == "wt%" else mixture.mole_fractions
    assert [100 * share for share in found.values()] == pytest.approx(shares)
    again, _ = read_composition(write_composition(mixture), known)
    assert again == mixture


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"A": "40 wt%", "B": "50 wt%"}, [("", "shares add up to 90 %")]),
        ({"A": "40 wt%", "B": "60 mol%"}, [("", "shares are mass fraction and mole fraction")]),
        ({"A": "100 vol%"}, [("", "shares are volume fraction")]),
        ({"A": "all", "X": "60 wt%"}, [("A", "'all' is no quantity"), ("X", "no compound 'X'")]),
        ({"A": "-10 wt%", "B": "110 wt%"}, [("", "A has the amount -0.1")]),
        ({"lost": "100 wt%"}, []),
        ({}, []),
    ],
)
def test_what_is_no_composition_is_told(given: dict[str, str], faults: list[tuple[str, str]]) -> None:
    mixture, findings = read_composition(given, {"A": A, "B": B}, broken=["lost"])
    assert mixture is None
    assert told(findings) == faults


pseudo = st.builds(
    Compound.pseudo,
    st.just("x"),
    st.floats(1e-3, 1e6).map(lambda mass: Quantity(mass, "g/mol")),
    st.sampled_from(("", "Name")),
)
real = st.builds(
    Compound.of_formula, st.just("x"), st.sampled_from(("H2O", "CuSO4·5H2O", "SO4-2", "D2O", "C6H6")),
    st.sampled_from((None, "7732-18-5")), st.sampled_from(("", "Name")),
)  # fmt: skip
quantities = st.builds(Quantity, st.floats(0, 1e12), st.sampled_from(("1/s", "1/min", "kg/(m3 h)")))
activations = st.one_of(st.none(), st.builds(Quantity, st.floats(0, 1e5), st.sampled_from(("K", "kJ/mol"))))
orders = st.dictionaries(st.sampled_from("ABC"), st.sampled_from((1.0, 2.0, 0.5, -1.0)))


@given(st.one_of(pseudo, real))
def test_compounds_are_written_as_they_read(compound: Compound) -> None:
    read, findings = read_compounds(compounds(*write_compounds([compound])))
    assert not findings
    assert read == {0: compound}


@st.composite
def any_reaction(draw: st.DrawFn) -> Reaction:
    counts = st.floats(1e-3, 100.0)
    sides = [
        " + ".join(
            f"{draw(counts)!r} {name}" for name in draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        )
        for names in ("AB", "CD")
    ]
    both = draw(st.booleans())
    reverse = None
    factor = draw(quantities)
    if both and draw(st.booleans()):
        reverse = Kinetics.of(Quantity(2.5, factor.unit), draw(orders), draw(activations), "mass_fraction")
    law = Kinetics.of(
        factor, draw(orders), draw(activations), "mass_fraction", draw(st.sampled_from(("", "A"))), reverse
    )
    heat = draw(st.sampled_from((None, Quantity(263.8, "kJ/kg"), Quantity(-40, "kJ/mol"))))
    equation = (" <-> " if both else " -> ").join(sides)
    return Reaction.parse(
        "R1", equation, draw(st.sampled_from((None, law))), draw(st.sampled_from(("", "R-101"))), heat
    )


@given(any_reaction())
def test_reactions_are_written_as_they_read(reaction: Reaction) -> None:
    read, findings = read_reactions(reactions(*write_reactions([reaction])))
    assert not findings
    assert read == {0: reaction}


def test_tennessee_eastman_balances() -> None:
    """Molar masses and reactions of J. J. Downs and E. F. Vogel, Computers & Chemical Engineering 17 (1993) 245-255."""
    masses = {"A": 2.0, "B": 25.4, "C": 28.0, "D": 32.0, "E": 46.0, "F": 48.0, "G": 62.0, "H": 76.0}
    equations = ("A + C + D -> G", "A + C + E -> H", "A + E -> F", "3 D -> 2 F")
    chemistry = Chemistry.of(
        [Compound.pseudo(id, f"{mass} g/mol") for id, mass in masses.items()],
        [Reaction.parse(f"R{number}", text) for number, text in enumerate(equations, start=1)],
    )
    reactions = chemistry.reactions_in("R-201")
    assert reactions.independent == 4
    assert len(reactions.conserved) == 3
    weights = [chemistry.compound(name).molar_mass.value for name in reactions.compounds]
    assert weights @ reactions.matrix == pytest.approx([0.0] * 4)
