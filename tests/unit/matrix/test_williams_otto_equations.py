"""The Williams-Otto reactor against its published optimum and against conservation of mass and heat."""

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from twin.matrix.williams_otto.equations import (
    FULL_KG,
    HEAT_CAPACITY,
    HEAT_OF_REACTION,
    JACKET_K,
    KELVIN,
    REACTOR_K,
    Surroundings,
    derivatives,
    integrate,
    rates,
    split,
)
from twin.matrix.williams_otto.steady_state import Demand, NoSteadyStateError, fractions, profit, state_at

masses = st.lists(st.floats(1.0, 2000.0), min_size=7, max_size=7)
temperatures = st.lists(st.floats(320.0, 420.0), min_size=3, max_size=3)
flows = st.lists(st.floats(0.0, 12.0), min_size=3, max_size=3)
openings = st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4)
purities = st.floats(0.8, 1.0)


def _earned(feed_b: float, temperature_c: float) -> float:
    demand = Demand(feed_b=feed_b, temperature_c=temperature_c, contents=2105.2)
    return profit(demand, fractions(demand))


@pytest.mark.parametrize(
    ("feed_b", "temperature_c", "published"),
    [(4.787470, 89.70282, 190.990602), (4.787, 80.0, 162.203), (4.787, 85.0, 184.700)],
)
def test_steady_state_earns_what_was_published(feed_b: float, temperature_c: float, published: float) -> None:
    digits = len(str(published).split(".")[1])
    assert _earned(feed_b, temperature_c) == pytest.approx(published, abs=0.51 * 10**-digits)


def test_published_optimum_is_where_a_search_ends() -> None:
    found = minimize(lambda x: -_earned(x[0], x[1]), x0=[4.2, 83.0], method="Nelder-Mead", tol=1e-9)

    assert found.x == pytest.approx([4.787470, 89.70282], abs=2e-4)
    assert -found.fun == pytest.approx(190.990602, abs=2e-6)


@given(masses, temperatures, flows, openings, purities, purities)
def test_mass_is_conserved(
    m: list[float], t: list[float], f: list[float], valves: list[float], pure_a: float, pure_b: float
) -> None:
    around = Surroundings(purity_a=pure_a, purity_b=pure_b)
    change = derivatives([*m, *t, *f], valves, around)
    scale = max(1.0, *(abs(rate) for rate in change[:7]))
    assert sum(change[:7]) == pytest.approx(f[0] + f[1] - f[2], abs=1e-12 * scale + 1e-12)


@given(masses, temperatures, flows, openings)
def test_heat_is_conserved(m: list[float], t: list[float], f: list[float], valves: list[float]) -> None:
    """Heat stored in reactor, jacket and inlet leg is reaction heat, feed's heat and utilities, nothing else."""
    around = Surroundings()
    change = derivatives([*m, *t, *f], valves, around)
    stored = (
        sum(m) * HEAT_CAPACITY * change[REACTOR_K]
        + 600.0 * HEAT_CAPACITY * change[JACKET_K]
        + 60.0 * HEAT_CAPACITY * change[9]
    )
    reaction = sum(h * r for h, r in zip(HEAT_OF_REACTION, rates(t[0], m), strict=True))
    fed = (f[0] + f[1]) * HEAT_CAPACITY * (around.feed_k - t[0])
    cooling, heating = split(valves[3])
    utilities = 15.0 * heating * (around.steam_k - t[2]) - 12.0 * cooling * (t[2] - around.cooling_water_k)
    expected = reaction + fed + utilities
    assert stored == pytest.approx(expected, rel=1e-9, abs=1e-9 * max(abs(reaction), abs(fed), 1e5))


@pytest.mark.parametrize("temperature_c", [70.0, 80.0, 89.70282, 99.0])
def test_state_at_a_steady_state_stands_still(temperature_c: float) -> None:
    state, valves = state_at(Demand(temperature_c=temperature_c), Surroundings())
    assert np.abs(derivatives(state, valves, Surroundings())).max() < 1e-9


def test_jacket_needs_what_the_decision_record_says() -> None:
    inlets = [
        state_at(Demand(feed_b=4.78747, temperature_c=t), Surroundings())[0][9] - KELVIN for t in (80.0, 89.70282)
    ]
    assert inlets == pytest.approx([86.8, 113.8], abs=0.1)


def test_impossible_operating_point_is_refused_with_a_remedy() -> None:
    with pytest.raises(NoSteadyStateError, match="ask for"):
        state_at(Demand(feed_b=40.0), Surroundings())


def test_one_second_steps_are_exact_to_a_millionth_of_a_kelvin() -> None:
    state, valves = state_at(Demand(), Surroundings())
    shaken = (0.3, valves[1], valves[2], 0.9)
    around = Surroundings()
    coarse = fine = state
    for _ in range(300):
        coarse = integrate(coarse, shaken, around, 1.0)
        fine = integrate(fine, shaken, around, 1.0, substeps=20)
    assert coarse[REACTOR_K] == pytest.approx(fine[REACTOR_K], abs=1e-6)
    assert abs(fine[REACTOR_K] - state[REACTOR_K]) > 1.0


def test_contents_follow_the_feed_when_the_outlet_is_shut() -> None:
    state, valves = state_at(Demand(), Surroundings())
    state[12] = 0.0
    after = integrate(state, (valves[0], valves[1], 0.0, valves[3]), Surroundings(), 60.0, substeps=60)
    assert sum(after[:7]) == pytest.approx(0.5 * FULL_KG + 60.0 * (1.8275 + 4.787), rel=1e-9)


def test_design_surroundings_are_those_of_the_decision_record() -> None:
    design = asdict(Surroundings())
    assert (design["transfer_kw_k"], design["circulation"], design["feed_k"]) == (12.0, 12.0, 333.15)
