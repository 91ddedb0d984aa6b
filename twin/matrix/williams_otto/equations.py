"""The Williams-Otto reactor: balances of mass and heat in SI units.

Kinetics: T. J. Williams and R. E. Otto, AIEE Transactions 79 (1960) 458-473, in the continuous form used for real-time
optimisation (J. F. Forbes and T. E. Marlin, Computers & Chemical Engineering 20 (1996) 717-734):
A + B -> C, B + C -> P + E, P + C -> G, rates per kilogram of contents with the constants below. Stoichiometry is by
mass. The heat balance, jacket and level are ours (docs/adr/0002-williams-otto-heat-balance.md).

The state is a sequence of `STATES` numbers: masses in the reactor of A, B, C, E, G, P and inert (kg); temperatures of
reactor, jacket and jacket inlet (K); flows of feed A, feed B and product (kg/s), which lag behind their valves.

The same lines serve numbers, arrays over the members of an ensemble, and symbols that are differentiated: what differs
is given as `Functions`, and the annotation of such a value is `Any`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import Any, NamedTuple

STATES = 13
A, B, C, E, G, P, INERT = range(7)
REACTOR_K, JACKET_K, INLET_K, FLOW_A, FLOW_B, FLOW_OUT = range(7, 13)

ARRHENIUS = ((1.6599e6, 6666.7), (7.2117e8, 8333.3), (2.6745e12, 11111.0))
"""Factor (1/s) and activation temperature (K) of the three reactions."""

HEAT_OF_REACTION = (263.8, 158.3, 226.3)
"""Heat set free, kJ per kg of A, of B and of C respectively that react."""

HEAT_CAPACITY = 4.184
"""Of the contents and of the jacket's water, kJ/(kg K)."""

KELVIN = 273.15
FULL_KG = 4210.4
"""Contents at 100 % level; the classical 2105.2 kg are 50 %."""


class Functions(NamedTuple):
    """What the equations need beyond sums and products; `larger` is the larger of two."""

    exp: Callable[[Any], Any]
    sqrt: Callable[[Any], Any]
    larger: Callable[[Any, Any], Any]


FLOATS = Functions(exp, sqrt, max)
"""For plain numbers."""


@dataclass(slots=True)
class Surroundings:
    """What acts on the reactor from outside and how it ages; the values here are the design's.

    `supply_a` and `supply_b` scale what the feed valves pass; `purity_a` and `purity_b` are mass shares, the rest is
    inert. `activity` scales all three rates, `transfer_kw_k` is the jacket's heat transfer coefficient times area.
    """

    supply_a: float = 1.0
    supply_b: float = 1.0
    feed_k: float = 60.0 + KELVIN
    purity_a: float = 1.0
    purity_b: float = 1.0
    cooling_water_k: float = 20.0 + KELVIN
    steam_k: float = 180.0 + KELVIN
    circulation: float = 12.0
    activity: float = 1.0
    transfer_kw_k: float = 12.0


@dataclass(frozen=True, slots=True)
class Equipment:
    """Sizes of valves, exchangers and pipes: flows in kg/s, heat transfer in kW/K, masses in kg, lags in s."""

    valve_a: float = 4.0
    valve_b: float = 10.0
    valve_out: float = 13.5
    valve_lag_s: float = 3.0
    jacket_kg: float = 600.0
    inlet_kg: float = 60.0
    heater_kw_k: float = 15.0
    cooler_kw_k: float = 12.0


EQUIPMENT = Equipment()


def rates(
    temperature_k: Any, masses: Sequence[Any], activity: Any = 1.0, functions: Functions = FLOATS
) -> tuple[Any, Any, Any]:
    """Reaction rates, kg/s: of A in the first reaction, of B in the second, of C in the third."""
    contents = masses[A] + masses[B] + masses[C] + masses[E] + masses[G] + masses[P] + masses[INERT]
    (f1, e1), (f2, e2), (f3, e3) = ARRHENIUS
    scale = activity / contents
    exp = functions.exp
    return (
        scale * f1 * exp(-e1 / temperature_k) * masses[A] * masses[B],
        scale * f2 * exp(-e2 / temperature_k) * masses[B] * masses[C],
        scale * f3 * exp(-e3 / temperature_k) * masses[C] * masses[P],
    )


def split(jacket_valve: Any, functions: Functions = FLOATS) -> tuple[Any, Any]:
    """Cooling and heating valve, 0 to 1, of the jacket controller's output 0 to 1: it cools below one half."""
    larger = functions.larger
    return larger(0.0, 1.0 - 2.0 * jacket_valve), larger(0.0, 2.0 * jacket_valve - 1.0)


def derivatives(
    state: Sequence[Any], valves: Sequence[Any], around: Surroundings, functions: Functions = FLOATS
) -> list[Any]:
    """Time derivatives of the state, per second.

    `valves` are the openings, 0 to 1, of feed A, feed B, product and jacket (see `split`).
    """
    reactor, jacket, inlet = state[REACTOR_K], state[JACKET_K], state[INLET_K]
    flow_a, flow_b, flow_out = state[FLOW_A], state[FLOW_B], state[FLOW_OUT]
    contents = sum(state[:7])
    out = flow_out / contents
    r1, r2, r3 = rates(reactor, state, around.activity, functions)
    pure_a, pure_b = flow_a * around.purity_a, flow_b * around.purity_b
    to_reactor = around.transfer_kw_k * (jacket - reactor)
    h1, h2, h3 = HEAT_OF_REACTION
    reactor_kw = (
        (flow_a + flow_b) * HEAT_CAPACITY * (around.feed_k - reactor) + h1 * r1 + h2 * r2 + h3 * r3 + to_reactor
    )
    carried = around.circulation * HEAT_CAPACITY
    cooling, heating = split(valves[3], functions)
    utility_kw = EQUIPMENT.heater_kw_k * heating * (around.steam_k - inlet) - EQUIPMENT.cooler_kw_k * cooling * (
        inlet - around.cooling_water_k
    )
    lag = 1.0 / EQUIPMENT.valve_lag_s
    head = functions.sqrt(functions.larger(0.0, contents) / (0.5 * FULL_KG))
    return [
        pure_a - out * state[A] - r1,
        pure_b - out * state[B] - r1 - r2,
        -out * state[C] + 2.0 * r1 - 2.0 * r2 - r3,
        -out * state[E] + 2.0 * r2,
        -out * state[G] + 1.5 * r3,
        -out * state[P] + r2 - 0.5 * r3,
        (flow_a - pure_a) + (flow_b - pure_b) - out * state[INERT],
        reactor_kw / (contents * HEAT_CAPACITY),
        (carried * (inlet - jacket) - to_reactor) / (EQUIPMENT.jacket_kg * HEAT_CAPACITY),
        (carried * (jacket - inlet) + utility_kw) / (EQUIPMENT.inlet_kg * HEAT_CAPACITY),
        lag * (EQUIPMENT.valve_a * valves[0] * around.supply_a - flow_a),
        lag * (EQUIPMENT.valve_b * valves[1] * around.supply_b - flow_b),
        lag * (EQUIPMENT.valve_out * valves[2] * head - flow_out),
    ]


def measurements(state: Sequence[Any], around: Surroundings) -> list[Any]:
    """What the instruments show, in the order and units of `model.INSTRUMENTS`; shares in percent of this moment."""
    contents = sum(state[:7])
    to_percent = 100.0 / contents
    return [
        state[FLOW_A],
        state[FLOW_B],
        100.0 * contents / FULL_KG,
        state[REACTOR_K] - KELVIN,
        state[INLET_K] - KELVIN,
        state[FLOW_OUT],
        around.feed_k - KELVIN,
        state[JACKET_K] - KELVIN,
        around.circulation,
        *(to_percent * state[component] for component in range(INERT)),
    ]


def integrate(
    state: Sequence[Any],
    valves: Sequence[Any],
    around: Surroundings,
    duration_s: float,
    substeps: int = 1,
    functions: Functions = FLOATS,
) -> list[Any]:
    """The state after `duration_s` by the classical fourth-order Runge-Kutta method; valves and surroundings stay."""
    step = duration_s / substeps
    now = list(state)
    for _ in range(substeps):
        k1 = derivatives(now, valves, around, functions)
        k2 = derivatives([y + 0.5 * step * k for y, k in zip(now, k1, strict=True)], valves, around, functions)
        k3 = derivatives([y + 0.5 * step * k for y, k in zip(now, k2, strict=True)], valves, around, functions)
        k4 = derivatives([y + step * k for y, k in zip(now, k3, strict=True)], valves, around, functions)
        sixth = step / 6.0
        now = [y + sixth * (a + 2.0 * (b + c) + d) for y, a, b, c, d in zip(now, k1, k2, k3, k4, strict=True)]
    return now
