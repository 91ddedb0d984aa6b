"""The Williams-Otto reactor with its control system, stepped second by second, without noise or clock."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import msgspec

from twin.matrix.signal import Signal
from twin.matrix.williams_otto.control import SETTINGS, ReactorControl
from twin.matrix.williams_otto.equations import Surroundings, integrate, measurements
from twin.matrix.williams_otto.signals import DISTURBANCES, SIGNALS
from twin.matrix.williams_otto.steady_state import Demand, state_at

INSTRUMENTS: tuple[Signal, ...] = (
    *(signal for signal in SIGNALS if signal.kind == "measured" and signal.name.endswith(".PV")),
)
"""Measured signals, loops first, in the order of `WilliamsOttoModel.measure`."""

# What each disturbance does to the surroundings: field, and what is added while it acts.
_EFFECTS: tuple[tuple[str, float], ...] = (
    ("supply_a", -0.35),
    ("supply_b", -0.35),
    ("feed_k", -6.0),
    ("feed_k", 6.0),
    ("transfer_kw_k", -3.0),
    ("steam_k", -25.0),
    ("purity_a", -0.06),
    ("circulation", -4.0),
)
_VERSION = 1


class WilliamsOttoModel:
    """Reactor, jacket and control; it begins at the steady state of 80 degC and the classical feeds."""

    instruments = INSTRUMENTS
    settings = SETTINGS
    trip = ""
    """This reactor has no shutdown of its own."""

    def __init__(self, demand: Demand | None = None) -> None:
        self._demand = demand or Demand()
        self.surroundings = Surroundings()
        """What drifts: whoever runs the model may change it between steps; disturbances are added on top."""
        self._acting: set[int] = set()
        self.restart()

    def restart(self) -> None:
        """Begin again at the steady state asked for; surroundings and disturbances stay as they are."""
        self.state, valves = state_at(self._demand, Surroundings())
        self._control = ReactorControl(self.measure()[:5], valves)

    def measure(self) -> list[float]:
        """True values of `INSTRUMENTS` in their units; the analyser's are those of this moment, in percent."""
        return measurements(self.state, self._surroundings())

    def control(self, measured: Sequence[float]) -> None:
        """Let the loops act on one scan of measurements in the order of `INSTRUMENTS`."""
        self._control.update(measured, 1.0)

    def advance(self) -> None:
        """Run the reactor for one second."""
        self.state = integrate(self.state, self._control.valves, self._surroundings(), 1.0)

    def read_settings(self) -> list[float]:
        """All settings in the order of `SETTINGS`."""
        return self._control.read()

    def write(self, name: str, value: float) -> None:
        """Write one setting as an operator would; raises `WriteRefusedError`."""
        self._control.write(name, value)

    def disturb(self, number: int, on: bool) -> None:
        """Switch the disturbance at index `number` of `DISTURBANCES`."""
        if not 0 <= number < len(DISTURBANCES):
            raise IndexError(
                f"the Williams-Otto reactor has no disturbance {number}; give 0 to {len(DISTURBANCES) - 1}"
            )
        (self._acting.add if on else self._acting.discard)(number)

    def snapshot(self) -> bytes:
        """Masses, temperatures, flows, loops, surroundings and disturbances as MessagePack."""
        return msgspec.msgpack.encode(
            {
                "version": _VERSION,
                "state": self.state,
                "loops": self._control.snapshot(),
                "surroundings": asdict(self.surroundings),
                "acting": sorted(self._acting),
            }
        )

    def restore(self, state: bytes) -> None:
        """Take back what `snapshot` gave.

        Raises
        ------
        ValueError
            Where the bytes are no snapshot of this model and version.
        """
        try:
            content = msgspec.msgpack.decode(state)
            if content["version"] != _VERSION or len(content["state"]) != len(self.state):
                raise ValueError("another version")
            surroundings = Surroundings(**content["surroundings"])
            self._control.restore(content["loops"])
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a snapshot of the Williams-Otto reactor: {error}; begin anew without it") from error
        self.state = list(content["state"])
        self.surroundings = surroundings
        self._acting = set(content["acting"])

    def _surroundings(self) -> Surroundings:
        if not self._acting:
            return self.surroundings
        around = replace(self.surroundings)
        for number in self._acting:
            field, change = _EFFECTS[number]
            setattr(around, field, getattr(around, field) + change)
        return around
