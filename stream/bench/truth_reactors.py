"""Williams-Otto plants for truth trials: equations, control and instruments of the simulated plant, many at once.

Each second is that of the simulated plant: measure with noise, let the loops act on it, run the reactor. The plants
share arrays, so that a hundred of them cost little more than one.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.truth_fleet import Surprises
from twin.estimation.ensemble_filter import Measured
from twin.matrix.declaration import Declaration
from twin.matrix.williams_otto.control import LOOPS, SETTINGS, ReactorControl
from twin.matrix.williams_otto.declared import SHOWN, declare
from twin.matrix.williams_otto.equations import Surroundings, integrate, measurements
from twin.matrix.williams_otto.model import INSTRUMENTS
from twin.matrix.williams_otto.sampled import ARRAYS
from twin.matrix.williams_otto.signals import ANALYSIS_DELAY_S, ANALYSIS_PERIOD_S, COMPONENTS
from twin.matrix.williams_otto.steady_state import Demand, state_at

Floats = NDArray[np.float64]

DRIFTS_EVERY_S: Final = 60
_FIRST_ANALYSED: Final = len(INSTRUMENTS) - len(COMPONENTS)
_VALVES: Final = ("FIC-101.OP", "FIC-102.OP", "LIC-101.OP", "TIC-102.OP")
_PLACES: Final = {signal.name: at for at, signal in enumerate(SETTINGS)}


class _Surrounded:
    """What a drift changes of a plant."""

    def __init__(self) -> None:
        self.surroundings = Surroundings()


class Reactors:
    """Plants at 80 degC and the classical feeds, one for each seed; `purity_b` is what their feed B really holds.

    Seeds choose drift and noise; a plant's course does not depend on which others run beside it.
    """

    def __init__(self, seeds: Sequence[int], surprises: Surprises, *, purity_b: float = 1.0) -> None:
        plants = len(seeds)
        self.now_s = 0
        self._purity_b = purity_b
        self._drifts = [(surprises.make_drift(seed), _Surrounded()) for seed in seeds]
        self._deviations = np.asarray(surprises.deviations)
        self._draws = [np.random.default_rng((seed, 1)) for seed in seeds]
        self._noise: Floats = np.empty(0)
        state, valves = state_at(Demand(), Surroundings())
        self._state: list[Floats] = [np.full(plants, value) for value in state]
        self._around = Surroundings(*(np.full(plants, value) for value in _values(Surroundings())))  # type: ignore[arg-type]
        opened: list[Any] = [np.full(plants, valve) for valve in valves]
        self._control = ReactorControl(self._measured()[: len(LOOPS)], opened)
        self._sample: tuple[int, Floats] | None = None
        self._results: list[tuple[int, Floats]] = []
        self._forget()
        self._see()

    @property
    def declaration(self) -> Declaration:
        """The reactor's."""
        return declare()

    def go_on(self, seconds: int) -> None:
        """Run all plants."""
        for _ in range(seconds):
            if self.now_s % DRIFTS_EVERY_S == 0:
                self._drift()
            self._see()
            self._control.update(list(self._instruments[: len(LOOPS)]), 1.0)
            self._opened += np.stack([np.broadcast_to(valve, len(self._drifts)) for valve in self._control.valves])
            self._passed += 1
            self._state = integrate(self._state, self._control.valves, self._around, 1.0, 1, ARRAYS)
            self.now_s += 1

    def write(self, name: str, value: float) -> None:
        """Write a setting of all plants."""
        self._control.write(name, value)

    def truth(self) -> Floats:
        """Outputs without noise."""
        return self._outputs(np.array(self._measured()))

    def shown(self) -> Floats:
        """Outputs as the instruments show them in the last second, analysers as if they answered at once."""
        return self._outputs(self._instruments)

    def readings(self) -> list[list[Measured]]:
        """Instruments of the last second, and results of the analyser that came meanwhile."""
        now = self.now_s
        names = [signal.name for signal in INSTRUMENTS]
        told = [
            [Measured(name, now, value) for name, value in zip(names, row[:_FIRST_ANALYSED], strict=False)]
            for row in self._instruments.T.tolist()
        ]
        for time_s, sample in self._results:
            for plant, row in zip(told, sample.T.tolist(), strict=True):
                plant += [
                    Measured(name, time_s, value) for name, value in zip(names[_FIRST_ANALYSED:], row, strict=True)
                ]
        self._results = []
        return told

    def settings(self) -> Floats:
        """Settings in the order of `control.SETTINGS`."""
        rows = [np.broadcast_to(value, len(self._drifts)) for value in self._control.read()]
        return np.stack(rows, axis=1).astype(np.float64)

    def meanwhile(self) -> dict[str, Floats]:
        """Mean openings, percent."""
        means = 100.0 * self._opened / max(1, self._passed)
        self._forget()
        return dict(zip(_VALVES, means, strict=True))

    def _forget(self) -> None:
        self._opened: Floats = np.zeros((len(_VALVES), len(self._drifts)))
        self._passed = 0

    def _drift(self) -> None:
        for at, (drift, plant) in enumerate(self._drifts):
            drift(plant, float(self.now_s))
            plant.surroundings.purity_b = self._purity_b
            for field, value in zip(Surroundings.__slots__, _values(plant.surroundings), strict=True):
                getattr(self._around, field)[at] = value

    def _see(self) -> None:
        """Read the instruments, and let the analyser take its sample or report it."""
        second = self.now_s % DRIFTS_EVERY_S
        if second == 0 or not self._noise.size:
            shape = (DRIFTS_EVERY_S, len(INSTRUMENTS))
            self._noise = np.stack([draw.standard_normal(shape) for draw in self._draws], axis=2)
        self._instruments = np.array(self._measured()) + self._deviations[:, None] * self._noise[second]
        if self.now_s % int(ANALYSIS_PERIOD_S) == 0:
            self._sample = (self.now_s, self._instruments[_FIRST_ANALYSED:])
        if self.now_s % int(ANALYSIS_PERIOD_S) == int(ANALYSIS_DELAY_S) and self._sample is not None:
            self._results.append(self._sample)

    def _measured(self) -> list[Any]:
        return measurements(self._state, self._around)

    def _outputs(self, instruments: Floats) -> Floats:
        return np.concatenate([instruments.T, self.settings()[:, [_PLACES[name] for name in SHOWN]]], axis=1)


def _values(around: Surroundings) -> list[float]:
    return [getattr(around, field) for field in Surroundings.__slots__]
