"""What the Tennessee Eastman model declares: its variables, with the units of its equations and the instruments."""

from collections.abc import Iterator

from twin.matrix.declaration import Declaration, Variable
from twin.matrix.tennessee_eastman.control import SETTINGS
from twin.matrix.tennessee_eastman.model import BASES, TennesseeEastmanModel
from twin.matrix.tennessee_eastman.native import load
from twin.matrix.tennessee_eastman.signals import MEASUREMENTS, SETPOINTS, VALVES

SHOWN: tuple[str, ...] = tuple(signal.name for signal in (*VALVES, *SETPOINTS))
"""Settings that a trajectory tells besides the measurements."""

_BASES: tuple[tuple[str, str, str, float, float], ...] = (
    ("feed_ac_share_a", "Mole share of A in the feed of A and C", "dimensionless", 0.3, 0.7),
    ("feed_ac_share_b", "Mole share of B in the feed of A and C", "dimensionless", 0.0, 0.05),
    ("feed_d_temperature", "Temperature of feed D", "degC", 20.0, 70.0),
    ("feed_ac_temperature", "Temperature of the feed of A and C", "degC", 20.0, 70.0),
    ("reactor_water_temperature", "Cooling water into the reactor", "degC", 15.0, 55.0),
    ("condenser_water_temperature", "Cooling water into the condenser", "degC", 15.0, 65.0),
    ("reaction_factor_1", "Factor on the first main reaction", "dimensionless", 0.2, 3.0),
    ("reaction_factor_2", "Factor on the second main reaction", "dimensionless", 0.2, 3.0),
)
PARAMETERS: tuple[str, ...] = tuple(row[0] for row in _BASES)
"""Names of what `model.BASES` lists, in its order."""

_UNITS = {"lb-mol": "lbmol", "MMBTU": "MBTU"}


def declare(model: TennesseeEastmanModel) -> Declaration:
    """The declaration, with the nominal values of `model` at its base case."""
    measured, settings, state = model.measure(), model.read_settings(), model.process_state
    inputs = tuple(Variable.of(signal, value) for signal, value in zip(SETTINGS, settings, strict=True))
    by_name = {variable.name: variable for variable in inputs}
    instruments = (Variable.of(signal, value) for signal, value in zip(MEASUREMENTS, measured, strict=True))
    return Declaration(
        name="tennessee-eastman",
        title="Tennessee Eastman process",
        version=1,
        inputs=inputs,
        outputs=(*instruments, *(by_name[name] for name in SHOWN)),
        states=tuple(_states(state)),
        parameters=tuple(
            Variable(name=name, description=what, unit=unit, low=low, high=high, nominal=nominal)
            for (name, what, unit, low, high), nominal in zip(_BASES, BASES, strict=True)
        ),
        capabilities=frozenset({"step", "state", "cancel"}),
        longest_s=72 * 3600.0,
    )


def _states(nominal: list[float]) -> Iterator[Variable]:
    """The 50 that `tep-studio` names; their range reaches to three times the base case."""
    for one, value in zip(load("schema").states, nominal, strict=True):
        high = 100.0 if one.unit == "%" else 3.0 * value
        unit = _UNITS.get(one.unit, one.unit)
        yield Variable(name=one.name, description=one.description, unit=unit, low=0.0, high=high, nominal=value)
