"""Compounds: found by every name that they have, CAS numbers checked, nothing guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.compounds import (
    AmbiguousCompoundError,
    CasNumberError,
    Compound,
    UnknownCompoundError,
    check_cas,
    find_compound,
)
from twin.atlas.errors import ChemistryError
from twin.atlas.quantities import Quantity
from twin.atlas.units import WrongDimensionError

ETHANOL = "64-17-5"


@pytest.mark.parametrize(
    "text",
    [
        ETHANOL,
        "ethanol",
        "Ethyl alcohol",
        "ETHANOL",
        "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3",
        "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
        "InChIKey=LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
    ],
)
def test_one_compound_under_all_its_names(text: str) -> None:
    found = find_compound(text, id="EtOH")
    assert (found.id, found.name, found.cas, str(found.formula)) == ("EtOH", "ethanol", ETHANOL, "C2H6O")
    assert found.molar_mass.value_in("g/mol") == pytest.approx(46.068, abs=0.002)


@pytest.mark.parametrize(
    ("formula", "cas"),
    [
        ("CO2", "124-38-9"),
        ("CO", "630-08-0"),
        ("Co", "7440-48-4"),
        ("NH3", "7664-41-7"),
        ("C6H6", "71-43-2"),
        ("H2", "1333-74-0"),
    ],
)
def test_found_by_formula_with_its_capitals(formula: str, cas: str) -> None:
    assert find_compound(formula).cas == cas


def test_a_rare_compound_changes_no_answer() -> None:
    assert find_compound("5649-95-6").name == "bicyclo[2.2.0]hexa-2,5-diene"  # the rare ones are loaded for it
    find_compound.cache_clear()
    assert find_compound("C6H6").cas == "71-43-2"  # though 15 isomers are known now


def test_isomers_are_named_and_none_is_taken() -> None:
    with pytest.raises(AmbiguousCompoundError, match=r"ethanol \(64-17-5\), dimethyl ether \(115-10-6\)"):
        find_compound("C2H6O")


@pytest.mark.parametrize("text", ["", " ", "Feed A", "InChI=1S/nothing", "x" * 501, "100-00-5000"])
def test_what_nobody_knows_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises((UnknownCompoundError, CasNumberError)) as refused:
        find_compound(text)
    assert refused.value.remedy


@given(st.integers(10, 9_999_999), st.integers(0, 99))
def test_one_of_ten_check_digits_is_right(front: int, middle: int) -> None:
    assert sum(not _is_refused(f"{front}-{middle:02d}-{digit}") for digit in range(10)) == 1


# Each published: water, ethanol, benzene, methane, sulfuric acid, sodium chloride, caffeine, lead.
@pytest.mark.parametrize(
    "cas", ["7732-18-5", "64-17-5", "71-43-2", "74-82-8", "7664-93-9", "7647-14-5", "58-08-2", "7439-92-1"]
)
def test_published_cas_numbers_pass_and_swapped_digits_fail(cas: str) -> None:
    assert check_cas(cas) == cas
    front, middle, digit = cas.split("-")
    swapped = f"{front}-{middle[1]}{middle[0]}-{digit}"
    assert middle[0] == middle[1] or _is_refused(swapped)


def _is_refused(cas: str) -> bool:
    try:
        check_cas(cas)
    except CasNumberError:
        return True
    return False


def test_pseudo_compounds_have_a_molar_mass_only() -> None:
    feed = Compound.pseudo("A", "100 g/mol", name="Feed A")
    assert (feed.id, feed.name, feed.molar_mass, feed.is_real) == ("A", "Feed A", Quantity(0.1, "kg/mol"), False)
    with pytest.raises(WrongDimensionError):
        Compound.pseudo("A", "100 g")
    with pytest.raises(ChemistryError, match="above 0"):
        Compound.pseudo("A", "0 g/mol")


def test_a_compound_by_formula_is_looked_up_nowhere() -> None:
    water = Compound.of_formula("water", "H2O", cas="7732-18-5")
    assert water.molar_mass == find_compound("water").molar_mass
    assert water.is_real
    with pytest.raises(CasNumberError):
        Compound.of_formula("water", "H2O", cas="7732-18-4")
