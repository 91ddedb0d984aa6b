"""Whether the model still explains the plant: innovations tested for size and for leaning to one side.

Where model, noise and spread are right, the normalised innovations squared of a window add up to a chi-squared number
and each tag's standardised innovations to a normal one, and they don't repeat from scan to scan.

Source: Y. Bar-Shalom, X. R. Li, T. Kirubarajan, Estimation with Applications to Tracking and Navigation, Wiley 2001,
section 5.4.2 (tests of consistency of one run).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

Floats = NDArray[np.float64]

RARE: Final = 1e-6
"""Chance below which the model is said not to explain the plant: at a scan every 10 s, hardly once in a year."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the last comparisons say of the model.

    `comparisons` says over how many. `chance` is the probability of innovations as large as these under a right model,
    `ratio` their mean square over what it should be (well below 1: the noise is given too large). `unexplained` names
    the tags that lie to one side, the worst first.
    """

    comparisons: int
    chance: float
    ratio: float
    unexplained: tuple[str, ...]
    learning: bool

    @property
    def explains(self) -> bool:
        """Whether the model explains the plant, as far as is known; true while learning."""
        return self.learning or (self.chance >= RARE and not self.unexplained)

    @property
    def sentence(self) -> str:
        """What an engineer reads."""
        if self.learning:
            return f"Learning: {self.comparisons} comparisons of model and plant so far."
        if self.explains:
            return f"The model explains the plant over the last {self.comparisons} comparisons."
        tags = f"; most of all {', '.join(self.unexplained[:5])}" if self.unexplained else ""
        return (
            f"The model does not explain the plant over the last {self.comparisons} comparisons: deviations are "
            f"{self.ratio:.1f} times the size expected (mean square){tags}. Do not trust its forecasts."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Consistency:
    """The last comparisons of a window of w, for k tags; never changed, only followed by another.

    `squares` and `degrees` have shape (w,), `scores` (w, k) with NaN where a tag said nothing; `count` comparisons in
    all.
    """

    squares: Floats
    degrees: Floats
    scores: Floats
    count: int = 0

    @classmethod
    def start(cls, tags: int, window: int = 120) -> "Consistency":
        """Nothing was compared yet."""
        return cls(np.zeros(window), np.zeros(window), np.full((window, tags), np.nan))

    def after(self, square: float, degrees: int, scores: Floats) -> "Consistency":
        """With one more comparison: its normalised square, how many readings it had, and the tags' scores (k,)."""
        place = self.count % len(self.squares)

        def put(kept: Floats, new: float | Floats) -> Floats:
            changed = kept.copy()
            changed[place] = new
            return changed

        return Consistency(
            put(self.squares, square), put(self.degrees, degrees), put(self.scores, scores), self.count + 1
        )

    def verdict(self, tags: Sequence[str]) -> Verdict:
        """What the window says; `tags` are the names of the k tags. It is learning until the window is half full."""
        square, degrees = float(self.squares.sum()), float(self.degrees.sum())
        told = np.sum(~np.isnan(self.scores), axis=0)
        leaning = np.abs(np.nansum(self.scores, axis=0)) / np.sqrt(np.maximum(told, 1))
        chances = 2.0 * ndtr(-leaning) * len(tags)
        worst_first = np.argsort(-leaning, kind="stable")
        return Verdict(
            comparisons=min(self.count, len(self.squares)),
            chance=float(chdtrc(degrees, square)) if degrees else 1.0,
            ratio=square / degrees if degrees else 1.0,
            unexplained=tuple(tags[i] for i in worst_first if told[i] and chances[i] < RARE),
            learning=2 * self.count < len(self.squares),
        )
