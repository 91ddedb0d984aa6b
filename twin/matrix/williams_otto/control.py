"""The Williams-Otto reactor's control system: two feeds, level on the outflow, temperature by a jacket in cascade."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from twin.matrix.loop import AUTO, CAS, MAN, Loop
from twin.matrix.process import WriteRefusedError, WrongModeError, check_range
from twin.matrix.signal import MODES, Signal
from twin.matrix.williams_otto.signals import SIGNALS

LOOPS = ("FIC-101", "FIC-102", "LIC-101", "TIC-101", "TIC-102")
"""Loops in the order of their measurements; the last is the slave of the one before."""

SETTINGS: tuple[Signal, ...] = tuple(
    signal for signal in SIGNALS if signal.kind != "measured" and signal.name.split(".")[0] in LOOPS
)
_BY_NAME = {signal.name: signal for signal in SETTINGS}
_FIELDS = {"SP": "setpoint", "OP": "output", "KC": "gain", "TI": "reset_s", "TD": "rate_s"}
# Gain, reset and rate time: the feeds and the jacket within seconds, the level as slowly as it may, so that the
# residence time stays, and the reactor temperature without overshoot beyond half a degree for a step of five.
_TUNING = {
    "FIC-101": (0.6, 6.0, 0.0),
    "FIC-102": (0.6, 6.0, 0.0),
    "LIC-101": (-1.5, 900.0, 0.0),
    "TIC-101": (3.0, 420.0, 0.0),
    "TIC-102": (2.0, 25.0, 0.0),
}


class ReactorControl:
    """The five loops, the cascade between the last two, and what an operator may write to them."""

    def __init__(self, measured: Sequence[float], valves: Sequence[float]) -> None:
        """Start bumplessly at `measured` (in the order of `LOOPS`) with the valves, 0 to 1, as `valves` gives them."""
        outputs = [100.0 * valve for valve in valves]
        spans = [(_BY_NAME[f"{name}.SP"].low, _BY_NAME[f"{name}.SP"].high) for name in LOOPS]
        slave_low, slave_high = spans[4]
        master_output = 100.0 * (measured[4] - slave_low) / (slave_high - slave_low)
        starts = [*outputs[:3], master_output, outputs[3]]
        self.loops = {
            name: Loop(low, high, *_TUNING[name], setpoint=value, output=output)
            for name, (low, high), value, output in zip(LOOPS, spans, measured, starts, strict=True)
        }
        self._order = [self.loops[name] for name in LOOPS]
        for loop, value in zip(self._order, measured, strict=True):
            loop.prime(value)
        slave = self.loops["TIC-102"]
        slave.remote_setpoint, slave.mode = True, CAS

    def update(self, measured: Sequence[float], step_s: float) -> None:
        """One scan: all loops, the master before its slave."""
        master, slave = self._order[3], self._order[4]
        for loop, value in zip(self._order[:4], measured, strict=False):
            loop.update(value, step_s)
        if slave.mode == CAS:
            slave.follow(slave.value(master.output))
        else:
            # While nobody listens, the master's output follows the slave's setpoint: the way back makes no bump.
            master.output = slave.percent(slave.setpoint)
        slave.update(measured[4], step_s)

    @property
    def valves(self) -> tuple[float, float, float, float]:
        """Openings, 0 to 1: feed A, feed B, product, jacket."""
        a, b, level, _, jacket = self._order
        return 0.01 * a.output, 0.01 * b.output, 0.01 * level.output, 0.01 * jacket.output

    def read(self) -> list[float]:
        """All settings in the order of `SETTINGS`."""
        values: list[float] = []
        for loop in self._order:
            values += (loop.setpoint, loop.output, float(loop.mode), loop.gain, loop.reset_s, loop.rate_s)
        return values

    def write(self, name: str, value: float) -> None:
        """Write one setting as an operator would.

        Raises
        ------
        WriteRefusedError
            Where there is no such setting, the value is out of range, or the loop's mode does not allow it.
        """
        signal = _BY_NAME.get(name)
        if signal is None:
            raise WriteRefusedError(name, "nobody can write it", "write a loop's .SP, .OP, .MODE, .KC, .TI or .TD")
        check_range(signal, value)
        tag, _, what = name.partition(".")
        loop = self.loops[tag]
        if what == "MODE":
            self._switch(name, loop, value)
            return
        if what == "OP" and loop.mode != MAN:
            raise WrongModeError(name, f"the loop is in {MODES[loop.mode]}", "set its mode to MAN first")
        if what == "SP" and loop.mode == CAS:
            raise WrongModeError(name, "its master sets it (CAS)", "set its mode to AUTO first")
        setattr(loop, _FIELDS[what], float(value))

    def put(self, name: str, value: float) -> None:
        """Set one setting as it stands in another control system; nothing is checked, nothing moves."""
        tag, _, what = name.partition(".")
        if what == "MODE":
            self.loops[tag].mode = int(value)
        else:
            setattr(self.loops[tag], _FIELDS[what], value)

    @staticmethod
    def _switch(name: str, loop: Loop, value: float) -> None:
        allowed = (MAN, AUTO, CAS) if loop.remote_setpoint else (MAN, AUTO)
        if value not in allowed:
            words = ", ".join(f"{mode} ({MODES[mode]})" for mode in allowed)
            raise WriteRefusedError(name, f"the loop has no mode {value:g}", f"write one of {words}")
        loop.mode = int(value)

    def snapshot(self) -> dict[str, dict[str, Any]]:
        """All loops' settings and memory by name."""
        return {name: asdict(loop) for name, loop in self.loops.items()}

    def restore(self, state: dict[str, dict[str, Any]]) -> None:
        """Take back what `snapshot` gave."""
        for name, loop in self.loops.items():
            for field, value in state[name].items():
                setattr(loop, field, value)
