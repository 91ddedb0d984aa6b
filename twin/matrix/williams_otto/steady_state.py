"""Steady states of the Williams-Otto reactor, and what they earn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from twin.matrix.williams_otto.equations import (
    EQUIPMENT,
    FULL_KG,
    HEAT_CAPACITY,
    HEAT_OF_REACTION,
    KELVIN,
    E,
    P,
    Surroundings,
    rates,
)

PRICES = (1143.38, 25.92, 76.23, 114.34)
"""$ per kg of product P, of product E, of feed A and of feed B."""


class NoSteadyStateError(ArithmeticError):
    """The solver found no steady state for the conditions asked for."""


@dataclass(frozen=True)
class Demand:
    """The operating point asked for: feeds in kg/s, reactor temperature in degC, contents in kg."""

    feed_a: float = 1.8275
    feed_b: float = 4.787
    temperature_c: float = 80.0
    contents: float = 0.5 * FULL_KG


def fractions(demand: Demand, activity: float = 1.0) -> NDArray[np.float64]:
    """Mass fractions of A, B, C, E, G, P at the steady state; shape (6,).

    Raises
    ------
    NoSteadyStateError
        Where the solver finds none.
    """
    temperature = demand.temperature_c + KELVIN
    through = demand.feed_a + demand.feed_b

    def residual(x: NDArray[np.float64]) -> NDArray[np.float64]:
        masses = [*(demand.contents * x), 0.0]
        r1, r2, r3 = rates(temperature, masses, activity)
        made = np.array([-r1, -r1 - r2, 2 * r1 - 2 * r2 - r3, 2 * r2, 1.5 * r3, r2 - 0.5 * r3])
        fed = np.array([demand.feed_a, demand.feed_b, 0.0, 0.0, 0.0, 0.0])
        return np.asarray((fed + made - through * x) / through)

    found = root(residual, np.array([0.09, 0.39, 0.02, 0.29, 0.1, 0.11]), tol=1e-13)
    if np.max(np.abs(residual(found.x))) > 1e-9 or np.min(found.x) < 0:
        raise NoSteadyStateError(
            f"no steady state of the Williams-Otto reactor at {demand}: {found.message}; "
            "ask for feeds of 1 to 8 kg/s and 60 to 110 degC"
        )
    return np.asarray(found.x, dtype=np.float64)


def profit(demand: Demand, shares: Sequence[float] | NDArray[np.float64]) -> float:
    """What an operating point earns, $/s, at the classical prices; `shares` as `fractions` gives them."""
    for_p, for_e, for_a, for_b = PRICES
    through = demand.feed_a + demand.feed_b
    return float(
        for_p * shares[P] * through + for_e * shares[E] * through - for_a * demand.feed_a - for_b * demand.feed_b
    )


def state_at(demand: Demand, around: Surroundings) -> tuple[list[float], tuple[float, float, float, float]]:
    """The whole state and the valves that hold it at a steady state of pure feeds.

    Raises
    ------
    NoSteadyStateError
        Where there is none, or where jacket or valves are too small to hold it.
    """
    shares = fractions(demand, around.activity)
    masses = [*(float(demand.contents * x) for x in shares), 0.0]
    reactor = demand.temperature_c + KELVIN
    through = demand.feed_a + demand.feed_b
    reaction_kw = sum(h * r for h, r in zip(HEAT_OF_REACTION, rates(reactor, masses, around.activity), strict=True))
    needed_kw = through * HEAT_CAPACITY * (reactor - around.feed_k) - reaction_kw
    jacket = reactor + needed_kw / around.transfer_kw_k
    inlet = jacket + needed_kw / (around.circulation * HEAT_CAPACITY)
    if needed_kw >= 0:
        jacket_valve = 0.5 + 0.5 * needed_kw / (EQUIPMENT.heater_kw_k * (around.steam_k - inlet))
    else:
        jacket_valve = 0.5 + 0.5 * needed_kw / (EQUIPMENT.cooler_kw_k * (inlet - around.cooling_water_k))
    head = (demand.contents / (0.5 * FULL_KG)) ** 0.5
    valves = (
        demand.feed_a / (EQUIPMENT.valve_a * around.supply_a),
        demand.feed_b / (EQUIPMENT.valve_b * around.supply_b),
        through / (EQUIPMENT.valve_out * head),
        jacket_valve,
    )
    if not all(0.0 <= valve <= 1.0 for valve in valves):
        raise NoSteadyStateError(f"valves {valves} cannot hold {demand}; ask for less feed or another temperature")
    return [*masses, reactor, jacket, inlet, demand.feed_a, demand.feed_b, through], valves
