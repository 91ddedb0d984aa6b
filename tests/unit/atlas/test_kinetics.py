"""Kinetics: units of rate laws, and the rates of the Williams-Otto plant as published."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.compounds import Compound
from twin.atlas.kinetics import GAS_CONSTANT, Kinetics, KineticsError
from twin.atlas.quantities import Quantity
from twin.atlas.reactions import Reaction, check_balance
from twin.atlas.units import WrongDimensionError
from twin.matrix.williams_otto.equations import rates

# T. J. Williams and R. E. Otto (1960), in the form of J. F. Forbes and T. E. Marlin (1996).
COMPOUNDS = {
    name: Compound.pseudo(name, f"{mass} g/mol")
    for name, mass in {"A": 100, "B": 100, "C": 200, "E": 200, "G": 300, "P": 100}.items()
}
REACTIONS = tuple(
    Reaction.parse(
        id,
        text,
        Kinetics.of(factor, dict.fromkeys(orders, 1), activation, basis="mass_fraction", reference=reference),
    )
    for id, text, factor, activation, orders, reference in (
        ("R1", "A + B -> C", "1.6599e6 1/s", "6666.7 K", "AB", "A"),
        ("R2", "B + C -> P + E", "7.2117e8 1/s", "8333.3 K", "BC", "B"),
        ("R3", "P + C -> G", "2.6745e12 1/s", "11111 K", "CP", "C"),
    )
)
contents = st.lists(st.floats(0.01, 1.0), min_size=6, max_size=6)


@given(kelvin=st.floats(330, 380), masses=contents)
def test_williams_otto_rates(kelvin: float, masses: list[float]) -> None:
    """The model keeps masses of A, B, C, E, G, P and inert."""
    shares = {name: Quantity(mass / sum(masses)) for name, mass in zip("ABCEGP", masses, strict=True)}
    published = rates(kelvin, (*masses, 0.0))
    for reaction, rate in zip(REACTIONS, published, strict=True):
        assert reaction.kinetics is not None
        ours = reaction.kinetics.rate(Quantity(kelvin, "K"), shares)
        assert ours.unit.text == "1/s"
        assert ours.value * sum(masses) == pytest.approx(rate, rel=1e-12)


def test_williams_otto_stoichiometry_by_mass() -> None:
    """A + B -> C: 1 kg and 1 kg make 2; B + C -> P + E: 1 and 2 make 1 and 2; P + C -> G: 0.5 and 1 make 1.5."""
    made = [reaction.made_per_mass(COMPOUNDS) for reaction in REACTIONS]
    assert made[0] == pytest.approx({"A": -1, "B": -1, "C": 2})
    assert made[1] == pytest.approx({"B": -1, "C": -2, "P": 1, "E": 2})
    assert made[2] == pytest.approx({"P": -0.5, "C": -1, "G": 1.5})
    for reaction in REACTIONS:
        check_balance(reaction.equation, COMPOUNDS)


def test_activation_as_energy_or_temperature() -> None:
    one = Kinetics.of("1e6 1/s", {"A": 1}, "6000 K", basis="mole_fraction")
    other = Kinetics.of("1e6 1/s", {"A": 1}, f"{6 * GAS_CONSTANT} kJ/mol", basis="mole_fraction")
    at = Quantity.parse("85 degC")
    assert one.constant(at).is_close(other.constant(at))
    assert one.constant(at).value == pytest.approx(1e6 * math.exp(-6000 / 358.15))
    with pytest.raises(WrongDimensionError):
        Kinetics.of("1e6 1/s", {"A": 1}, "6000 kg")


@pytest.mark.parametrize(
    ("factor", "orders", "basis", "rate"),
    [
        ("2 1/s", {"A": 1}, "concentration", "mol/(m3 s)"),
        ("2 L/(mol s)", {"A": 1, "B": 1}, "concentration", "mol/(m3 s)"),
        ("2 mol/(L min)", {}, "concentration", "mol/(m3 s)"),
        ("2 mol/(m3 s Pa2)", {"A": 1.5, "B": 0.5}, "partial_pressure", "mol/(m3 s)"),
        ("2 mol/(kg h bar)", {"A": 1}, "partial_pressure", "mol/(kg s)"),
        ("2 1/min", {"A": 0.7}, "mass_fraction", "1/s"),
        ("2 kmol/(m3 h)", {"A": 1}, "mole_fraction", "mol/(m3 s)"),
        ("2 mol2/(m6 s)", {"A": 1, "I": -2}, "concentration", "mol/(m3 s)"),
        ("2 mol/(m3 s) mol/m3", {"A": -1}, "concentration", "mol/(m3 s)"),
        ("2 1/s", {"A": 2}, "concentration", None),
        ("2 m3", {"A": 1}, "mass_fraction", None),
        ("2 1/s", {"A": 0.5}, "concentration", None),
        ("2 1/s", {"A": 1e9}, "concentration", None),
        ("2 m9/(mol3 s)", {"A": 4}, "concentration", "mol/(m3 s)"),
        ("2 1/s", {"A": 4}, "partial_pressure", None),
        ("2 1/s", {"A": -4}, "concentration", None),
        ("-2 1/s", {"A": 1}, "mass_fraction", None),
        ("2 1/s", {"A": 1}, "colour", None),
    ],
)
def test_a_factor_must_make_a_rate(factor: str, orders: dict[str, float], basis: str, rate: str | None) -> None:
    if rate is not None:
        assert Kinetics.of(factor, orders, basis=basis).rate_unit == rate  # type: ignore[arg-type]
        return
    with pytest.raises(KineticsError) as refused:
        Kinetics.of(factor, orders, basis=basis)  # type: ignore[arg-type]
    assert refused.value.remedy


def test_rate_by_concentrations_in_any_unit() -> None:
    law = Kinetics.of("0.5 L/(mol s)", {"A": 1, "B": 1}, basis="concentration")
    amounts = {"A": Quantity.parse("2 mol/L"), "B": Quantity.parse("3000 mol/m3")}
    assert law.rate(Quantity.parse("25 degC"), amounts).is_close(Quantity.parse("3 mol/(L s)"))
    with pytest.raises(WrongDimensionError):
        law.rate(Quantity.parse("25 degC"), {**amounts, "B": Quantity.parse("3 kg")})
    with pytest.raises(KeyError):
        law.rate(Quantity.parse("25 degC"), {"A": amounts["A"]})


def test_a_reversible_reaction_stands_still_at_its_equilibrium() -> None:
    back = Kinetics.of("1 1/s", {"B": 1}, basis="mole_fraction")
    law = Kinetics.of("4 1/s", {"A": 1}, basis="mole_fraction", reverse=back)
    at = Quantity.parse("400 K")
    assert law.compounds == ("A", "B")
    assert law.rate(at, {"A": Quantity(0.2), "B": Quantity(0.8)}).value == pytest.approx(0.0, abs=1e-12)
    assert law.rate(at, {"A": Quantity(1), "B": Quantity(0)}).value == pytest.approx(4.0)
    with pytest.raises(KineticsError, match="way back"):
        Kinetics.of("4 1/s", {"A": 1}, basis="concentration", reverse=back)


def test_rates_of_arrays() -> None:
    law = REACTIONS[0].kinetics
    assert law is not None
    kelvin, shares = np.array([340.0, 360.0]), np.array([0.2, 0.3])
    found = law.rate_si(kelvin, {"A": shares, "B": shares})
    assert found.shape == (2,)
    assert found[1] == pytest.approx(law.rate_si(360.0, {"A": 0.3, "B": 0.3}))
