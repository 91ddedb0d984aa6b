"""Ricker's decentralised control of the Tennessee Eastman plant (mode 1), with modes an operator can switch.

Structure and tuning: N. L. Ricker, Journal of Process Control 6 (1996) 205-221, and the models he published with it.
Seven flows follow ratios of one production index; levels, pressure and compositions trim the ratios; reactor and
separator temperature move the cooling water. The %G feedback and the overrides are off, as in `tep-studio`.

Inside, times are hours and flows the article's (kscmh, kg/h, m3/h); `SCALES` leads to the signals' units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

from twin.matrix.loop import AUTO, CAS, MAN
from twin.matrix.process import WriteRefusedError, WrongModeError, check_range
from twin.matrix.signal import MODES, Signal
from twin.matrix.tennessee_eastman.signals import LOOPS_WITH_MODE, SETPOINTS, SIGNALS, VALVES

SAMPLE_H = 0.0005
_TOLERANCE_H = 1e-9

NOMINAL_VALVES = (63.053, 53.98, 24.644, 61.302, 22.21, 40.064, 38.10, 46.534, 47.446, 41.106, 18.114, 50.0)
"""Valves and drives at the base case, percent, in the order of `VALVES`."""

SETTINGS: tuple[Signal, ...] = tuple(signal for signal in SIGNALS if signal.kind != "measured")
_BY_NAME = {signal.name: signal for signal in SETTINGS}
_VALVE_INDEX = {signal.name.removesuffix(".OP"): index for index, signal in enumerate(VALVES)}

# Measurement indices, from 0.
_PRESSURE, _REACTOR_LEVEL, _REACTOR_TEMPERATURE = 6, 7, 8
_SEPARATOR_TEMPERATURE, _SEPARATOR_LEVEL, _STRIPPER_LEVEL, _PRODUCT = 10, 11, 14, 16
_FEED_A_SHARE, _FEED_C_SHARE, _PRODUCT_G = 22, 24, 39

SCALES = {"FIC-201": 1000.0, "FIC-204": 1000.0, "FIC-210": 1000.0}
"""Signal's unit per unit inside, where not 1: kscmh are shown as cubic metres per hour."""


@dataclass(slots=True)
class SampledLoop:
    """A sampled PI loop in velocity form; its clamped output is its integral memory, so it cannot wind up."""

    gain: float
    reset_h: float
    output: float
    low: float = -inf
    high: float = inf
    sample_h: float = SAMPLE_H
    last_error: float = 0.0
    last_h: float = 0.0
    mode: int = AUTO
    setpoint: float = 0.0

    def move(self, error: float, now_h: float) -> float:
        """The increment that one sample asks for; 0 between samples."""
        passed = now_h - self.last_h
        if passed < self.sample_h - _TOLERANCE_H:
            return 0.0
        change = self.gain * (error - self.last_error + passed / self.reset_h * error)
        self.last_error, self.last_h = error, now_h
        return change

    def update(self, setpoint: float, measured: float, now_h: float) -> float:
        """The output after one sample; by hand it stays, while the memory of the error goes on."""
        self.setpoint = setpoint
        change = self.move(setpoint - measured, now_h)
        if self.mode != MAN:
            self.output = min(self.high, max(self.low, self.output + change))
        return self.output

    def hold(self, output: float) -> None:
        """Follow another loop that does not listen now, so that the way back makes no bump."""
        self.output = min(self.high, max(self.low, output))


# Flow loops: measurement index, gain, ratio at the base case (flow per percent of production index).
_FLOWS: dict[str, tuple[int, float, float]] = {
    "FIC-201": (0, 0.01, 0.251 / 100),
    "FIC-204": (3, 0.003, 9.35 / 100),
    "FIC-202": (1, 1.6e-6, 3664.0 / 100),
    "FIC-203": (2, 1.8e-6, 4509.0 / 100),
    "FIC-210": (9, 0.01, 0.337 / 100),
    "FIC-214": (13, 4e-4, 25.16 / 100),
    "FIC-217": (16, 4e-4, 22.95 / 100),
}
_FLOW_RESET_H = 0.001 / 60
# Operator's targets of the loops that write other loops' setpoints.
_TARGETS = ("TIC-209", "PIC-207", "LIC-208", "LIC-212", "LIC-215", "FC-250", "AC-225G", "AC-223A", "AC-223C")
# Ratios of D and E to the production index as polynomials of the wanted %G, and how fast two targets may move, 1/h.
_RATIO_D = (1.5192e-3, 5.9446e-1, 2.7690e-1)
_RATIO_E = (-1.1377e-3, -8.0893e-1, 9.1060e1)
_MASTERS = (
    ("FIC-201", "AC-223A"),
    ("FIC-204", "AC-223C"),
    ("FIC-210", "PIC-207"),
    ("FIC-214", "LIC-212"),
    ("FIC-217", "LIC-215"),
)
"""Flow loops and the loops that set their ratios."""
_PRODUCTION_RATE = 0.3 * 22.95 / 24.0
_SHARE_G_RATE = 50.0 / 24.0
_BASE_INDEX = 100.0


def _loops() -> dict[str, SampledLoop]:
    loops = {
        name: SampledLoop(gain, _FLOW_RESET_H, NOMINAL_VALVES[_VALVE_INDEX[name]], 0.0, 100.0, mode=CAS)
        for name, (_, gain, _ratio) in _FLOWS.items()
    }
    loops["TIC-209"] = SampledLoop(-8.0, 7.5 / 60, NOMINAL_VALVES[9], 0.0, 100.0)
    loops["TIC-211"] = SampledLoop(-4.0, 15 / 60, NOMINAL_VALVES[10], 0.0, 100.0, mode=CAS)
    loops["LIC-208"] = SampledLoop(0.8, 60 / 60, 80.1, 0.0, 120.0)
    loops["LIC-212"] = SampledLoop(-1e-3, 200 / 60, _FLOWS["FIC-214"][2], 0.0, 100.0)
    loops["LIC-215"] = SampledLoop(-2e-4, 200 / 60, _FLOWS["FIC-217"][2], 0.0, 100.0)
    loops["PIC-207"] = SampledLoop(-1e-4, 20 / 60, _FLOWS["FIC-210"][2], 0.0, 100.0)
    loops["FC-250"] = SampledLoop(3.2, 120 / 60, 0.0, -30.0, 30.0)
    loops["AC-223A"] = SampledLoop(2e-4, 1.0, _FLOWS["FIC-201"][2], sample_h=0.1)
    loops["AC-223C"] = SampledLoop(3e-4, 2.0, _FLOWS["FIC-204"][2], sample_h=0.1)
    return loops


def _toward(now: float, target: float, most: float) -> float:
    return min(target, now + most) if target >= now else max(target, now - most)


class PlantControl:
    """All loops, started bumplessly from one scan of the 41 measurements (article's units) at time `now_h`."""

    def __init__(self, measured: Sequence[float], now_h: float = 0.0) -> None:
        self.loops = _loops()
        for loop in self.loops.values():
            loop.last_h = now_h - loop.sample_h
        a, c = measured[_FEED_A_SHARE], measured[_FEED_C_SHARE]
        self.targets = dict(
            zip(
                _TARGETS,
                (
                    measured[_REACTOR_TEMPERATURE],
                    measured[_PRESSURE],
                    measured[_REACTOR_LEVEL],
                    measured[_SEPARATOR_LEVEL],
                    measured[_STRIPPER_LEVEL],
                    measured[_PRODUCT],
                    measured[_PRODUCT_G],
                    100.0 * a / (a + c),
                    a + c,
                ),
                strict=True,
            )
        )
        self.valves = list(NOMINAL_VALVES)
        self._production = measured[_PRODUCT]
        self._share_g = measured[_PRODUCT_G]
        self._last_h = now_h

    def update(self, measured: Sequence[float], now_h: float) -> list[float]:
        """One scan of the 41 measurements (article's units) at plant time `now_h`; gives the 12 valves, percent."""
        passed = max(0.0, now_h - self._last_h)
        self._last_h = now_h
        self._production = _toward(self._production, self.targets["FC-250"], _PRODUCTION_RATE * passed)
        self._share_g = _toward(self._share_g, self.targets["AC-225G"], _SHARE_G_RATE * passed)
        index = _BASE_INDEX + self.loops["FC-250"].update(self._production, measured[_PRODUCT], now_h)
        ratios = self._ratios(measured, now_h)
        self._temperatures(measured, now_h)
        for name, (at, _, _) in _FLOWS.items():
            loop = self.loops[name]
            setpoint = ratios[name] * index if loop.mode == CAS else loop.setpoint
            self.valves[_VALVE_INDEX[name]] = loop.update(setpoint, measured[at], now_h)
        self._track(measured, index)
        return self.valves

    def _ratios(self, measured: Sequence[float], now_h: float) -> dict[str, float]:
        a, c = measured[_FEED_A_SHARE], measured[_FEED_C_SHARE]
        share_a = self.loops["AC-223A"]
        share_ac = self.loops["AC-223C"]
        move_a = share_a.move(self.targets["AC-223A"] - (100.0 * a / (a + c) if a + c else 0.0), now_h)
        move_ac = share_ac.move(self.targets["AC-223C"] - (a + c), now_h)
        # These two add up increments only: the ratio is their output.
        share_a.output += move_a
        share_ac.output += move_ac - move_a
        share = self._share_g
        levels = {
            flow: self.loops[loop].update(self.targets[loop], measured[at], now_h)
            for flow, loop, at in (
                ("FIC-214", "LIC-212", _SEPARATOR_LEVEL),
                ("FIC-217", "LIC-215", _STRIPPER_LEVEL),
                ("FIC-210", "PIC-207", _PRESSURE),
            )
        }
        return {
            "FIC-201": share_a.output,
            "FIC-204": share_ac.output,
            "FIC-202": (_RATIO_D[0] * share + _RATIO_D[1]) * share + _RATIO_D[2],
            "FIC-203": (_RATIO_E[0] * share + _RATIO_E[1]) * share + _RATIO_E[2],
            **levels,
        }

    def _temperatures(self, measured: Sequence[float], now_h: float) -> None:
        wanted = self.loops["LIC-208"].update(self.targets["LIC-208"], measured[_REACTOR_LEVEL], now_h)
        separator, reactor = self.loops["TIC-211"], self.loops["TIC-209"]
        setpoint = wanted if separator.mode == CAS else separator.setpoint
        self.valves[10] = separator.update(setpoint, measured[_SEPARATOR_TEMPERATURE], now_h)
        self.valves[9] = reactor.update(self.targets["TIC-209"], measured[_REACTOR_TEMPERATURE], now_h)

    def _track(self, measured: Sequence[float], index: float) -> None:
        """Masters whose slave does not listen follow it."""
        for flow, master in _MASTERS:
            slave = self.loops[flow]
            if slave.mode != CAS:
                now = measured[_FLOWS[flow][0]] if slave.mode == MAN else slave.setpoint
                self.loops[master].hold(now / index)
        separator = self.loops["TIC-211"]
        if separator.mode != CAS:
            self.loops["LIC-208"].hold(separator.setpoint)

    def read(self) -> list[float]:
        """All settings in the order of `SETTINGS`, in the signals' units."""
        setpoints = []
        for signal in SETPOINTS:
            tag = signal.name.removesuffix(".SP")
            value = self.targets[tag] if tag in self.targets else self.loops[tag].setpoint
            setpoints.append(value * SCALES.get(tag, 1.0))
        return [*self.valves, *setpoints, *(float(self.loops[tag].mode) for tag in LOOPS_WITH_MODE)]

    def write(self, name: str, value: float) -> None:
        """Write one setting as an operator would, in the signal's unit.

        Raises
        ------
        WriteRefusedError
            Where there is no such setting, the value is out of range, or the loop's mode does not allow it.
        """
        signal = _BY_NAME.get(name)
        if signal is None:
            raise WriteRefusedError(name, "nobody can write it", "write a loop's .SP, .OP or .MODE")
        check_range(signal, value)
        tag, _, what = name.partition(".")
        loop = self.loops.get(tag)
        if what == "MODE" and loop is not None:
            self._switch(name, loop, value)
        elif what == "OP":
            self._write_valve(name, tag, loop, value)
        elif tag in self.targets:
            self.targets[tag] = value
        elif loop is not None:
            if loop.mode == CAS:
                raise WrongModeError(name, "its master sets it (CAS)", "set its mode to AUTO first")
            loop.setpoint = value / SCALES.get(tag, 1.0)

    def put(self, settings: Mapping[str, float]) -> None:
        """Take settings as they stand in another control system, in the signals' units, whatever the modes."""
        for name, value in settings.items():
            tag, _, what = name.partition(".")
            if what == "MODE":
                self.loops[tag].mode = int(value)
            elif what == "OP":
                self.valves[_VALVE_INDEX[tag]] = value
                if tag in self.loops:
                    self.loops[tag].output = value
            elif tag in self.targets:
                self.targets[tag] = value
            else:
                self.loops[tag].setpoint = value / SCALES.get(tag, 1.0)
        self._production, self._share_g = self.targets["FC-250"], self.targets["AC-225G"]

    def align(self) -> None:
        """Let all masters stand where their slaves' setpoints say, so that nothing jumps when the loops go on."""
        ratio = (_RATIO_D[0] * self._share_g + _RATIO_D[1]) * self._share_g + _RATIO_D[2]
        index = self.loops["FIC-202"].setpoint / ratio
        self.loops["FC-250"].hold(index - _BASE_INDEX)
        for flow, master in _MASTERS:
            self.loops[master].hold(self.loops[flow].setpoint / index)
        self.loops["LIC-208"].hold(self.loops["TIC-211"].setpoint)

    def _write_valve(self, name: str, tag: str, loop: SampledLoop | None, value: float) -> None:
        if loop is not None:
            if loop.mode != MAN:
                raise WrongModeError(name, f"the loop is in {MODES[loop.mode]}", "set its mode to MAN first")
            loop.output = value
        self.valves[_VALVE_INDEX[tag]] = value

    @staticmethod
    def _switch(name: str, loop: SampledLoop, value: float) -> None:
        allowed = (MAN, AUTO) if name == "TIC-209.MODE" else (MAN, AUTO, CAS)
        if value not in allowed:
            words = ", ".join(f"{mode} ({MODES[mode]})" for mode in allowed)
            raise WriteRefusedError(name, f"the loop has no mode {value:g}", f"write one of {words}")
        loop.mode = int(value)

    def snapshot(self) -> dict[str, Any]:
        """All settings and memory."""
        return {
            "loops": {name: asdict(loop) for name, loop in self.loops.items()},
            "targets": self.targets,
            "valves": self.valves,
            "ramps": [self._production, self._share_g, self._last_h],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `snapshot` gave."""
        self.loops = {name: SampledLoop(**fields) for name, fields in state["loops"].items()}
        self.targets = dict(state["targets"])
        self.valves = list(state["valves"])
        self._production, self._share_g, self._last_h = state["ramps"]
