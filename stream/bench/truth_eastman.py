"""Tennessee Eastman plants for truth trials: the simulated plant's model with noise, drift and unseen disturbances."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.truth_fleet import Surprises
from twin.estimation.ensemble_filter import Measured
from twin.matrix.declaration import Declaration
from twin.matrix.tennessee_eastman.control import SETTINGS
from twin.matrix.tennessee_eastman.declared import SHOWN
from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel
from twin.matrix.tennessee_eastman.signals import MEASUREMENTS

Floats = NDArray[np.float64]

DRIFTS_EVERY_S: Final = 60
_NAMES: Final = [signal.name for signal in SETTINGS]
_SHOWN: Final = [_NAMES.index(name) for name in SHOWN]
_VALVES: Final = [name for name in _NAMES if name.endswith(".OP")]
_OPENINGS: Final = [_NAMES.index(name) for name in _VALVES]


class EastmanPlants:
    """Plants at the base case, one for each seed; `unseen` are disturbances of the article that act in all of them."""

    def __init__(
        self, seeds: Sequence[int], surprises: Surprises, declaration: Declaration, unseen: Sequence[int]
    ) -> None:
        self.declaration = declaration
        self.now_s = 0
        self._models = [TennesseeEastmanModel(seed) for seed in seeds]
        self._drifts = [surprises.make_drift(seed) for seed in seeds]
        for model in self._models:
            model.unseen = tuple(unseen)
        self._told = [model.measure() for model in self._models]
        self._before: list[list[float]] = [[] for _ in seeds]
        self._forget()

    def go_on(self, seconds: int) -> None:
        """Run all plants, one after the other: each is a machine of its own."""
        for at, (model, drift) in enumerate(zip(self._models, self._drifts, strict=True)):
            opened = np.zeros(len(_OPENINGS))
            for second in range(self.now_s, self.now_s + seconds):
                if second % DRIFTS_EVERY_S == 0 and not model.trip:
                    drift(model, float(second))
                self._told[at] = model.measure()
                model.control(self._told[at])
                settings = model.read_settings()
                opened += [settings[place] for place in _OPENINGS]
                model.advance()
            self._opened[:, at] += opened
        self._passed += seconds
        self.now_s += seconds

    def write(self, name: str, value: float) -> None:
        """Write a setting of all plants."""
        for model in self._models:
            model.write(name, value)

    def truth(self) -> Floats:
        """Outputs without noise, of forks whose instruments are exact; what analysers say is of their last sample."""
        rows = []
        for at, model in enumerate(self._models):
            kept = model.snapshot()
            model.separate(1, noise=False)
            rows.append(self._outputs(at, model.measure()))
            model.restore(kept)
        return self._blank(np.array(rows))

    def shown(self) -> Floats:
        """Outputs as the instruments show them in the last second."""
        return self._blank(np.array([self._outputs(at, told) for at, told in enumerate(self._told)]))

    def readings(self) -> list[list[Measured]]:
        """What was measured in the last second; an analyser counts when it says something new."""
        told = []
        for at, values in enumerate(self._told):
            before, self._before[at] = self._before[at], values
            pairs = enumerate(zip(MEASUREMENTS, values, strict=True))
            told.append(
                [
                    Measured(signal.name, self.now_s, value)
                    for place, (signal, value) in pairs
                    if not signal.name.startswith("AI") or (before and before[place] != value)
                ]
            )
        return told

    def settings(self) -> Floats:
        """Settings in the order of `control.SETTINGS`."""
        return np.array([model.read_settings() for model in self._models])

    def meanwhile(self) -> dict[str, Floats]:
        """Mean openings, percent."""
        means = self._opened / max(1, self._passed)
        self._forget()
        return dict(zip(_VALVES, means, strict=True))

    def _forget(self) -> None:
        self._opened: Floats = np.zeros((len(_VALVES), len(self._models)))
        self._passed = 0

    def _outputs(self, at: int, measured: Sequence[float]) -> list[float]:
        settings = self._models[at].read_settings()
        return [*measured, *(settings[place] for place in _SHOWN)]

    def _blank(self, outputs: Floats) -> Floats:
        tripped = [bool(model.trip) for model in self._models]
        return np.where(np.array(tripped)[:, None], np.nan, outputs)
