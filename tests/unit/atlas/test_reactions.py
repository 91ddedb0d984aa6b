"""Reactions: what a text means, what balances, what a set conserves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.compounds import Compound
from twin.atlas.reactions import (
    BalanceError,
    EquationError,
    ReactionSet,
    balanced,
    check_balance,
    element_balance,
    parse_equation,
)

# Balanced, as textbooks have them.
TRUE = (
    "N2 + 3 H2 <-> 2 NH3",
    "CH4 + H2O <-> CO + 3 H2",
    "CO + H2O <-> CO2 + H2",
    "2 SO2 + O2 <-> 2 SO3",
    "C2H4 + 3 O2 -> 2 CO2 + 2 H2O",
    "4 NH3 + 5 O2 -> 4 NO + 6 H2O",
    "C6H12O6 -> 2 C2H6O + 2 CO2",
    "2 KMnO4 + 16 HCl -> 2 KCl + 2 MnCl2 + 8 H2O + 5 Cl2",
    "CaCO3 + 2 HCl -> CaCl2 + H2O + CO2",
    "Fe2O3 + 3 CO -> 2 Fe + 3 CO2",
)
names = st.sampled_from(("A", "B", "C", "D-1", "n-C4", "x.2", "H2O"))
counts = st.sampled_from((1.0, 2.0, 3.0, 0.5, 12.0, 1.25))
sides = st.dictionaries(names, counts, min_size=1, max_size=4)


def compounds(*equations: str) -> dict[str, Compound]:
    mentioned = {name for text in equations for name in parse_equation(text).coefficients}
    return {name: Compound.of_formula(name, name) for name in mentioned}


@pytest.mark.parametrize(
    ("text", "coefficients", "reversible"),
    [
        ("A + 2 B -> C", {"A": -1, "B": -2, "C": 1}, False),
        ("A+2B->C", {"A": -1, "B": -2, "C": 1}, False),
        ("N2 + 3 H2 <-> 2 NH3", {"N2": -1, "H2": -3, "NH3": 2}, True),
        ("CO + 1/2 O2 → CO2", {"CO": -1, "O2": -0.5, "CO2": 1}, False),
        ("n-butane <=> i-butane", {"n-butane": -1, "i-butane": 1}, True),
        ("A + K -> B + K", {"A": -1, "K": 0, "B": 1}, False),
        ("A + A -> B", {"A": -2, "B": 1}, False),
        ("2-butene --> 1-butene", {"2-butene": -1, "1-butene": 1}, False),
    ],
)
def test_what_a_text_means(text: str, coefficients: dict[str, float], reversible: bool) -> None:
    equation = parse_equation(text)
    assert equation.coefficients == coefficients
    assert equation.is_reversible is reversible
    assert parse_equation(str(equation)) == equation


@given(left=sides, right=sides, arrow=st.sampled_from(("->", "<->", "=>", "⇌")))
def test_what_is_written_reads_the_same(left: dict[str, float], right: dict[str, float], arrow: str) -> None:
    text = f" {arrow} ".join(" + ".join(f"{count:g} {name}" for name, count in side.items()) for side in (left, right))
    equation = parse_equation(text)
    assert dict(equation.reactants) == left
    assert dict(equation.products) == right
    assert parse_equation(str(equation)) == equation


@pytest.mark.parametrize(
    "text",
    ["", "A", "A + B", "A -> B -> C", "A <- B", "-> B", "A ->", "A + -> B", "0 A -> B", "A -> 1/0 B", "A & B -> C",
     "A B -> C", "A -> " + "B" * 500],
)  # fmt: skip
def test_what_is_no_reaction_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(EquationError) as refused:
        parse_equation(text)
    assert "A + 2 B -> C" in refused.value.remedy


@pytest.mark.parametrize("text", TRUE)
def test_published_reactions_balance_and_are_found_again(text: str) -> None:
    equation, known = parse_equation(text), compounds(text)
    check_balance(equation, known)
    bare = " -> ".join(" + ".join(name for name, _ in side) for side in (equation.reactants, equation.products))
    found = balanced(parse_equation(bare), known)
    assert found is not None
    assert found.coefficients == equation.coefficients


@given(st.sampled_from(TRUE), st.integers(0, 5), st.sampled_from((0.5, 2.0, 3.0)))
def test_one_wrong_number_is_always_found(text: str, at: int, factor: float) -> None:
    equation, known = parse_equation(text), compounds(text)
    left = list(equation.reactants)
    name, count = left[at % len(left)]
    left[at % len(left)] = (name, count * factor)
    broken = type(equation)(tuple(left), equation.products)
    if len(left) == 1 and len(broken.products) == 0:
        return
    with pytest.raises(BalanceError, match="doesn't balance") as refused:
        check_balance(broken, known)
    assert refused.value.remedy


@given(st.lists(st.sampled_from(TRUE), min_size=1, max_size=6, unique=True), st.data())
def test_a_set_conserves_elements_and_all_that_it_says(texts: list[str], data: st.DataObject) -> None:
    known, reactions = compounds(*texts), ReactionSet.parse(*texts)
    extents = np.array([data.draw(st.floats(-1e3, 1e3)) for _ in texts])
    made = dict(zip(reactions.compounds, reactions.matrix @ extents, strict=True))
    mass = sum(amount * known[name].molar_mass.value for name, amount in made.items())
    assert mass == pytest.approx(0.0, abs=1e-6)
    for element in {element for one in known.values() for element in (one.formula.elements if one.formula else {})}:
        atoms = sum(amount * known[name].formula.elements.get(element, 0) for name, amount in made.items())
        assert atoms == pytest.approx(0.0, abs=1e-6)
    for sum_of in reactions.conserved:
        assert sum(weight * made[name] for name, weight in sum_of.items()) == pytest.approx(0.0, abs=1e-6)
    assert np.linalg.matrix_rank(reactions.matrix) == reactions.independent


def test_the_matrix_is_in_order_and_can_not_be_written_to() -> None:
    reactions = ReactionSet.parse("A + B -> C", "B + C -> P + E", "P + C -> G")
    assert reactions.compounds == ("A", "B", "C", "P", "E", "G")
    assert reactions.matrix.tolist() == [[-1, 0, 0], [-1, -1, 0], [1, -1, -1], [0, 1, -1], [0, 1, 0], [0, 0, 1]]
    assert (reactions.independent, len(reactions.conserved)) == (3, 3)
    with pytest.raises(ValueError, match="read-only"):
        reactions.matrix[0, 0] = 5.0
    assert [reaction.id for reaction in reactions] == ["R1", "R2", "R3"]
    assert ReactionSet(()).matrix.shape == (0, 0)


def test_pseudo_compounds_balance_by_mass() -> None:
    known = {name: Compound.pseudo(name, f"{mass} g/mol") for name, mass in (("A", 100), ("B", 100), ("C", 200.1))}
    check_balance(parse_equation("A + B -> C"), known)
    with pytest.raises(BalanceError, match=r"300 g used, 200\.1 g made"):
        check_balance(parse_equation("A + 2 B -> C"), known)
    assert element_balance(parse_equation("A + B -> C"), known) is None


def test_charge_is_counted() -> None:
    known = {name: Compound.of_formula(name, text) for name, text in (("H", "H+"), ("OH", "OH-"), ("water", "H2O"))}
    check_balance(parse_equation("H + OH -> water"), known)
    known["OH"] = Compound.of_formula("OH", "OH")
    with pytest.raises(BalanceError, match="charge 1 used, 0 made"):
        check_balance(parse_equation("H + OH -> water"), known)


def test_what_can_not_be_balanced_gets_no_advice() -> None:
    known = compounds("H2O -> H2SO4")
    assert balanced(parse_equation("H2O -> H2SO4"), known) is None
    with pytest.raises(BalanceError, match="add what is missing"):
        check_balance(parse_equation("H2O -> H2SO4"), known)


@given(st.text(st.sampled_from("AB12/.0+-<>=→⇌ ()"), max_size=60))
def test_any_text_is_an_equation_or_refused(text: str) -> None:
    try:
        equation = parse_equation(text)
    except EquationError:
        return
    assert parse_equation(str(equation)) == equation
