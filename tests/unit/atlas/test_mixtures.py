"""Mixtures: moles to mass and back, and what makes none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.compounds import Compound
from twin.atlas.mixtures import Mixture, MixtureError
from twin.atlas.quantities import Quantity
from twin.atlas.units import WrongDimensionError

WATER = Compound.of_formula("water", "H2O")
ETHANOL = Compound.of_formula("ethanol", "C2H5OH")
AIR = {
    Compound.of_formula("N2", "N2"): 78.084, Compound.of_formula("O2", "O2"): 20.946,
    Compound.of_formula("Ar", "Ar"): 0.934, Compound.of_formula("CO2", "CO2"): 0.036,
}  # fmt: skip

mixtures = st.lists(
    st.tuples(st.floats(1.0, 500.0), st.floats(0.0, 1e6)), min_size=1, max_size=8
).filter(lambda parts: sum(amount for _, amount in parts) > 1e-3).map(
    lambda parts: {Compound.pseudo(f"C{i}", Quantity(mass, "g/mol")): amount for i, (mass, amount) in enumerate(parts)}
)  # fmt: skip


@given(mixtures)
def test_moles_and_mass_come_back(amounts: dict[Compound, float]) -> None:
    by_moles = Mixture.of_moles(amounts)
    again = Mixture.of_mass({one: by_moles.mass_fractions[one.id] for one in amounts})
    for name, share in by_moles.mole_fractions.items():
        assert math.isclose(again.mole_fractions[name], share, rel_tol=1e-9, abs_tol=1e-12)
    assert math.fsum(by_moles.mole_fractions.values()) == pytest.approx(1.0)
    assert math.fsum(by_moles.mass_fractions.values()) == pytest.approx(1.0)


@given(mixtures, st.floats(1e-3, 1e6))
def test_parts_add_up_and_agree(amounts: dict[Compound, float], flow: float) -> None:
    mixture = Mixture.of_moles(amounts)
    mass = Quantity(flow, "t/h")
    moles = (mass / mixture.molar_mass).to("kmol/h")
    by_mass, by_moles = mixture.split(mass), mixture.split(moles)
    assert math.fsum(part.value for part in by_mass.values()) == pytest.approx(flow)
    for one in mixture.compounds:
        assert (by_moles[one.id] * one.molar_mass).value_in("t/h") == pytest.approx(
            by_mass[one.id].value, rel=1e-9, abs=1e-12
        )


def test_published_compositions() -> None:
    # US Standard Atmosphere, 1976: 28.9644 g/mol; mass fractions of N2 and O2 0.755 and 0.231
    air = Mixture.of_moles(AIR)
    assert air.molar_mass.value_in("g/mol") == pytest.approx(28.9644, abs=0.002)
    assert air.mass_fractions["N2"] == pytest.approx(0.7552, abs=2e-4)
    assert air.mass_fractions["O2"] == pytest.approx(0.2314, abs=2e-4)
    # The azeotrope of ethanol and water at 1 atm: 95.6 % by mass is 89.5 % by moles
    assert Mixture.of_mass({ETHANOL: 95.6, WATER: 4.4}).mole_fractions["ethanol"] == pytest.approx(0.895, abs=2e-3)


def test_amounts_in_units() -> None:
    mixture = Mixture.of_mass({ETHANOL: Quantity(1, "t/h"), WATER: Quantity(1000, "kg/h")})
    assert mixture.mass_fractions == pytest.approx({"ethanol": 0.5, "water": 0.5})
    assert mixture == Mixture.of_mass({ETHANOL: 1, WATER: 1})
    with pytest.raises(WrongDimensionError):
        Mixture.of_mass({ETHANOL: Quantity(1, "t/h"), WATER: Quantity(1, "t")})


@pytest.mark.parametrize(
    "amounts", [{}, {WATER: 0}, {WATER: -1, ETHANOL: 2}, {WATER: 1, Compound.pseudo("water", "20 g/mol"): 1}]
)
def test_what_makes_no_mixture_is_refused(amounts: dict[Compound, float]) -> None:
    for make in (Mixture.of_moles, Mixture.of_mass):
        with pytest.raises(MixtureError) as refused:
            make(amounts)
        assert refused.value.remedy


def test_only_masses_and_amounts_are_split() -> None:
    with pytest.raises(MixtureError, match="2 m3/h"):
        Mixture.of_mass({WATER: 1}).split(Quantity(2, "m3/h"))
