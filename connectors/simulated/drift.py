"""How the simulated plants change behind everyone's back: ageing, fouling, changing feeds. The twin is not told.

Every drift is a pure function of a seed and of the seconds since the plant began, so that nothing has to be saved and
a restarted plant goes on where it was.
"""

from collections.abc import Callable
from math import cos, pi, sqrt
from typing import Any

import numpy as np

from twin.matrix.tennessee_eastman.model import TennesseeEastmanModel
from twin.matrix.williams_otto.equations import KELVIN
from twin.matrix.williams_otto.model import WilliamsOttoModel

EVERY_S = 60
"""How often a drift is applied, seconds of plant time."""

Drift = Callable[[Any, float], None]
"""Applied to the model, with the seconds since the plant began."""

_HOUR = 3600.0
_DAY = 24 * _HOUR
_WAVES = 6


class Wander:
    """A smooth two-sided wandering with the standard deviation and the typical time (s) given; zero at the start."""

    def __init__(self, deviation: float, time_s: float, seed: tuple[int, int]) -> None:
        draw = np.random.default_rng(seed)
        self._rates = (2.0 * pi / (time_s * np.exp(draw.uniform(0.7, 2.3, _WAVES)))).tolist()
        self._phases = draw.uniform(0.0, 2.0 * pi, _WAVES).tolist()
        self._scale = deviation * sqrt(2.0 / _WAVES)
        self._start = self._sum(0.0)

    def at(self, now_s: float) -> float:
        """The deviation at a time, in the unit of the standard deviation."""
        fade = min(1.0, now_s / _HOUR)
        return self._scale * (self._sum(now_s) - (1.0 - fade) * self._start)

    def _sum(self, now_s: float) -> float:
        return sum(cos(rate * now_s + phase) for rate, phase in zip(self._rates, self._phases, strict=True))


def sawtooth(now_s: float, fall: float, days: float) -> float:
    """A loss that grows to `fall` over `days` and is made good over as many again."""
    through = now_s / (days * _DAY) % 2.0
    return fall * min(through, 2.0 - through)


def williams_otto(seed: int) -> Drift:
    """Activity, purity of feed A, jacket fouling and feed temperature.

    Activity falls 2 % in 8 h with 3 % of wandering, feed A loses and regains purity (1 %, about 2 h), the jacket
    fouls by 10 % a day, and the feed's temperature wanders by 0.7 K.
    """
    activity, purity, feed = (
        Wander(deviation, time_s, (seed, index))
        for index, (deviation, time_s) in enumerate(((0.03, 2 * _HOUR), (0.01, 2 * _HOUR), (0.7, 0.5 * _HOUR)))
    )

    def apply(model: WilliamsOttoModel, now_s: float) -> None:
        around = model.surroundings
        around.activity = 1.0 - sawtooth(now_s, 0.12, 2.0) + activity.at(now_s)
        around.purity_a = 1.0 - abs(purity.at(now_s))
        around.transfer_kw_k = 12.0 * (1.0 - sawtooth(now_s, 0.3, 3.0))
        around.feed_k = 60.0 + KELVIN + feed.at(now_s)

    return apply


def tennessee_eastman(seed: int) -> Drift:
    """Composition of the feed of A and C, four temperatures and both reaction factors wander, over about 2 h.

    The deviations keep the plant far from its trips; a 36 h run with all disturbances beside them holds.
    """
    deviations = (0.003, 0.0003, 1.0, 1.0, 1.0, 1.0, 0.01, 0.01)
    wanders = [Wander(deviation, 2 * _HOUR, (seed, 100 + index)) for index, deviation in enumerate(deviations)]

    def apply(model: TennesseeEastmanModel, now_s: float) -> None:
        model.drift([wander.at(now_s) for wander in wanders])

    return apply
