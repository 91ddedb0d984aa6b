"""What the Williams-Otto model declares: its variables, with the units of its equations and the instruments' ranges."""

from functools import lru_cache

from twin.matrix.declaration import Declaration, Variable
from twin.matrix.williams_otto.control import LOOPS, SETTINGS, ReactorControl
from twin.matrix.williams_otto.equations import FULL_KG, KELVIN, Surroundings, measurements
from twin.matrix.williams_otto.model import INSTRUMENTS
from twin.matrix.williams_otto.signals import COMPONENTS
from twin.matrix.williams_otto.steady_state import Demand, state_at

SHOWN: tuple[str, ...] = tuple(f"{loop}.{what}" for loop in LOOPS for what in ("SP", "OP"))
"""Settings that a trajectory tells besides the instruments."""

_SURROUNDINGS: dict[str, tuple[str, str, str, float, float]] = {
    "supply_a": ("feed_a_supply", "What feed A's valve passes, of the design", "dimensionless", 0.0, 3.0),
    "supply_b": ("feed_b_supply", "What feed B's valve passes, of the design", "dimensionless", 0.0, 3.0),
    "feed_k": ("feed_temperature", "Temperature of both feeds", "K", KELVIN, KELVIN + 100.0),
    "purity_a": ("feed_a_purity", "Mass share of A in feed A; the rest is inert", "dimensionless", 0.0, 1.0),
    "purity_b": ("feed_b_purity", "Mass share of B in feed B; the rest is inert", "dimensionless", 0.0, 1.0),
    "cooling_water_k": ("cooling_water_temperature", "Temperature of the cooling water", "K", KELVIN, KELVIN + 60.0),
    "steam_k": ("steam_temperature", "Temperature of the heating steam", "K", KELVIN + 100.0, KELVIN + 250.0),
    "circulation": ("jacket_circulation", "Flow of water through the jacket", "kg/s", 0.1, 20.0),
    "activity": ("activity", "Factor on all three reaction rates", "dimensionless", 0.0, 3.0),
    "transfer_kw_k": ("heat_transfer", "Jacket's heat transfer coefficient times its area", "kW/K", 0.1, 30.0),
}
"""Name, meaning, unit and range by the field of `Surroundings`, in its order."""

FIELD_OF: dict[str, str] = {row[0]: field for field, row in _SURROUNDINGS.items()}
"""Field of `Surroundings` by the parameter's name."""

_TEMPERATURES = ("Reactor", "Jacket", "Jacket inlet")
_FLOWS = (("flow_a", "Flow of feed A", 4.0), ("flow_b", "Flow of feed B", 10.0), ("flow_out", "Product flow", 15.0))


@lru_cache(maxsize=1)
def declare() -> Declaration:
    """The declaration; its nominal values are those of the design's steady state."""
    around = Surroundings()
    state, valves = state_at(Demand(), around)
    measured = measurements(state, around)
    settings = ReactorControl(measured[: len(LOOPS)], valves).read()
    inputs = tuple(Variable.of(signal, value) for signal, value in zip(SETTINGS, settings, strict=True))
    by_name = {variable.name: variable for variable in inputs}
    instruments = tuple(Variable.of(signal, value) for signal, value in zip(INSTRUMENTS, measured, strict=True))
    return Declaration(
        name="williams-otto",
        title="Williams-Otto reactor",
        version=1,
        inputs=inputs,
        outputs=(*instruments, *(by_name[name] for name in SHOWN)),
        states=_states(state),
        parameters=tuple(
            Variable(name=name, description=what, unit=unit, low=low, high=high, nominal=getattr(around, field))
            for field, (name, what, unit, low, high) in _SURROUNDINGS.items()
        ),
        capabilities=frozenset({"step", "state", "gradients", "cancel"}),
        longest_s=72 * 3600.0,
    )


def _states(nominal: list[float]) -> tuple[Variable, ...]:
    masses = [(f"mass_{name}", f"Mass of {name} in the reactor", "kg", 0.0, FULL_KG) for name in (*COMPONENTS, "inert")]
    temperatures = [
        (f"temperature_{what.lower().replace(' ', '_')}", f"{what} temperature", "K", KELVIN, KELVIN + 200.0)
        for what in _TEMPERATURES
    ]
    flows = [(name, what, "kg/s", 0.0, high) for name, what, high in _FLOWS]
    return tuple(
        Variable(name=name, description=what, unit=unit, low=low, high=high, nominal=value)
        for (name, what, unit, low, high), value in zip((*masses, *temperatures, *flows), nominal, strict=True)
    )
