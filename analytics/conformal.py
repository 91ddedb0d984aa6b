"""Conformal bands: how far a forecast must be widened so that it holds the truth as often as it promises.

A band from `lower` to `upper` (both the same number for a point forecast) scores what actually came by how far outside
it lay, in units of `scale`; inside it the score is negative. A new band is widened by a quantile of earlier scores, its
*margin*. With exchangeable scores the coverage is then at least the one asked for, whatever the forecaster is worth.

All arrays share trailing axes, such as (horizon, output): each element is calibrated by itself. NaN means not known.

References
----------
.. [1] V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, Springer 2005 (split conformal).
.. [2] Y. Romano, E. Patterson, E. Candes, Conformalized Quantile Regression, NeurIPS 2019, eq. 6 and 8 (score, margin).
.. [3] R. F. Barber, E. Candes, A. Ramdas, R. Tibshirani, Conformal prediction beyond exchangeability, Annals of
   Statistics 51 (2023) 816-845, eq. 10 (weights).
.. [4] I. Gibbs, E. Candes, Adaptive Conformal Inference Under Distribution Shift, NeurIPS 2021, eq. 2 and prop. 4.1.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

_ROUNDING: Final = 1e-9
"""What a sum of weights may lack of the level asked for, relatively: 0.9 * 10 must count as 9."""


def band_scores(lower: ArrayLike, upper: ArrayLike, actual: ArrayLike, scale: ArrayLike = 1.0) -> Floats:
    """How far what came lay outside its band, in units of `scale` [2]_; NaN where any of them isn't known.

    The arguments broadcast; `scale`, above 0, tells what is wide at this forecast (an ensemble's spread, or 1).
    """
    low, high, came = (np.asarray(values, dtype=np.float64) for values in (lower, upper, actual))
    return np.asarray(np.maximum(low - came, came - high) / np.asarray(scale, dtype=np.float64))


def widened(lower: ArrayLike, upper: ArrayLike, margin: ArrayLike, scale: ArrayLike = 1.0) -> tuple[Floats, Floats]:
    """The band with its margin on both sides; a negative margin that empties the band leaves its middle."""
    low, high = np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)
    wanted = np.asarray(margin, dtype=np.float64) * np.asarray(scale, dtype=np.float64)
    most = np.maximum(wanted, -0.5 * (high - low))
    return low - most, high + most


def conformal_margin(scores: ArrayLike, coverage: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """The margin that covers the next score with the probability asked for, from scores along the first axis.

    It is the smallest score s with ``sum(w[score <= s]) >= coverage * (sum(w) + 1)`` [3]_; with equal weights the
    ``ceil(coverage * (n + 1))``-th smallest [1]_.

    Parameters
    ----------
    scores
        Shape (n, ...); NaN is left out.
    coverage
        From 0 to 1, broadcast over the trailing axes. Above 1 the margin is infinite, below 0 it is minus infinity.
    weights
        Shape as `scores`, from 0 to 1, where the next score counts 1; all 1 by default.

    Returns
    -------
    Floats
        Shape of the trailing axes; infinite where the scores are too few for the coverage.
    """
    told = np.asarray(scores, dtype=np.float64)
    known = ~np.isnan(told)
    counted = known * (1.0 if weights is None else np.asarray(weights, dtype=np.float64))
    order = np.argsort(told, axis=0)
    rising = np.take_along_axis(told, order, axis=0)
    reached = np.cumsum(np.take_along_axis(counted, order, axis=0), axis=0)
    level = np.broadcast_to(np.asarray(coverage, dtype=np.float64), told.shape[1:])
    needed = level * (counted.sum(axis=0) + 1.0) * (1.0 - _ROUNDING)
    place = (reached < needed).sum(axis=0)
    padded = np.concatenate([rising, np.full((1, *told.shape[1:]), inf)])
    margin = np.take_along_axis(padded, place[None], axis=0)[0]
    return np.where(level <= 0.0, -inf, margin)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalibration:
    """How a stream of scores is turned into margins.

    Parameters
    ----------
    coverage
        Share of bands that shall hold, above 0 and below 1.
    window
        Number of latest scores kept for each element.
    half_life
        After how many later scores one counts half [3]_; infinite: all of the window count alike.
    rate
        Step of the level after each hit or miss [4]_, gamma there; 0 leaves the level at `coverage`. Larger follows a
        changing plant sooner and makes the bands less steady; 0.005 is theirs.

    Raises
    ------
    ValueError
        For a number that can't be used, with what can.
    """

    coverage: float = 0.9
    window: int = 500
    half_life: float = inf
    rate: float = 0.005

    def __post_init__(self) -> None:
        if not 0.0 < self.coverage < 1.0:
            raise ValueError(f"coverage {self.coverage} is no share of bands; give a number between 0 and 1")
        if self.window < 1:
            raise ValueError(f"window {self.window} keeps no score; give 1 or more")
        if not self.half_life > 0.0:
            raise ValueError(f"half_life {self.half_life} is no number of scores; give one above 0, or infinity")
        if not 0.0 <= self.rate < 1.0:
            raise ValueError(f"rate {self.rate} makes no sense; give 0 or a small number such as 0.005")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a stream of scores has taught so far; never changed, only followed by another.

    `scores` has shape (window, ...), NaN where none came yet; `count` how many came, `missed` how many of them lay
    outside their band, `miss_level` the share of misses aimed at now [4]_; these three of shape (...).
    """

    scores: Floats
    count: Counts
    missed: Counts
    miss_level: Floats

    @classmethod
    def start(cls, shape: tuple[int, ...], how: Recalibration) -> "Calibration":
        """Nothing is known: margins are infinite until about ``coverage / (1 - coverage)`` scores have come."""
        return cls(
            scores=np.full((how.window, *shape), np.nan),
            count=np.zeros(shape, dtype=np.int64),
            missed=np.zeros(shape, dtype=np.int64),
            miss_level=np.full(shape, 1.0 - how.coverage),
        )

    @property
    def covered(self) -> Floats:
        """Share of the bands that held so far; NaN where none was judged."""
        return 1.0 - self.missed / np.where(self.count > 0, self.count, np.nan)


def margins(state: Calibration, how: Recalibration) -> Floats:
    """The margin of the next band of each element; infinite while too few scores are known."""
    return conformal_margin(state.scores, 1.0 - state.miss_level, _weights(state, how))


def learn(state: Calibration, scores: Floats, promised: Floats, how: Recalibration) -> Calibration:
    """The calibration after one more score of each element.

    The level moves by ``rate * (1 - coverage - miss)`` [4]_. Over n scores the share of misses is then within
    ``(1 + (d + 1) * rate) / (n * rate)`` of the one aimed at for *any* sequence of scores that come d scores late.

    Parameters
    ----------
    state
        Calibration before.
    scores
        Shape (...); NaN where none came, and that element stays as it was.
    promised
        The margins that were given to these very bands, shape (...): at a horizon those of some time ago.
    how
        The same at every call.
    """
    came = ~np.isnan(scores)
    missed = came & (scores > promised)
    kept = state.scores.copy()
    place = (state.count % how.window)[None]
    np.put_along_axis(kept, place, np.where(came, scores, np.take_along_axis(kept, place, axis=0)[0])[None], axis=0)
    step = how.rate * (1.0 - how.coverage - missed)
    return replace(
        state,
        scores=kept,
        count=state.count + came,
        missed=state.missed + missed,
        miss_level=np.where(came, state.miss_level + step, state.miss_level),
    )


def calibrate(scores: Floats, how: Recalibration) -> tuple[Calibration, Floats]:
    """A whole history of scores at once, shape (n, ...): the calibration after it, and the margin that each one met.

    Every score is known before the next band is made; where they come late, `PastForecasts` keeps what was promised.
    """
    state = Calibration.start(scores.shape[1:], how)
    promised = np.empty_like(scores)
    for number, row in enumerate(scores):
        promised[number] = margins(state, how)
        state = learn(state, row, promised[number], how)
    return state, promised


@dataclass(frozen=True, slots=True)
class PastForecasts:
    """The latest h forecasts of a stream, each of h steps ahead, one begun at every step.

    Shape (h, h, ...): begun how many steps ago (0 is the last one), step ahead, and the outputs' axes. NaN where no
    forecast was made. `margin` is what `margins` had promised, `scale` as in `band_scores`.
    """

    lower: Floats
    upper: Floats
    scale: Floats
    margin: Floats

    @classmethod
    def start(cls, steps: int, outputs: tuple[int, ...]) -> "PastForecasts":
        """No forecast has been made."""
        none = np.full((steps, steps, *outputs), np.nan)
        return cls(none, none, none, none)

    def after(self, lower: Floats, upper: Floats, scale: Floats, margin: Floats) -> "PastForecasts":
        """With one more forecast, begun now; each array of shape (h, ...), NaN throughout where none is made."""

        def put(kept: Floats, new: Floats) -> Floats:
            return np.concatenate([new[None], kept[:-1]])

        return PastForecasts(
            put(self.lower, lower), put(self.upper, upper), put(self.scale, scale), put(self.margin, margin)
        )

    def judged(self, actual: Floats) -> tuple[Floats, Floats]:
        """Scores of what came one step after the last forecast, and the margins promised to them, for `learn`.

        `actual` has the outputs' shape (...); the results have shape (h, ...): step k ahead judges the forecast begun
        k steps ago.
        """
        steps = np.arange(len(self.lower))
        at = (steps, steps)
        return band_scores(self.lower[at], self.upper[at], actual[None], self.scale[at]), self.margin[at]


def _weights(state: Calibration, how: Recalibration) -> Floats | None:
    if how.half_life == inf:
        return None
    places = np.arange(how.window).reshape(-1, *(1,) * state.count.ndim)
    age = (state.count - 1 - places) % how.window
    return np.asarray(0.5 ** (age / how.half_life))
