"""Windows cut out of runs: where they begin, what drives them, how the outputs move."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.daedalus.runs import Run

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Window:
    """One stretch to be forecast.

    `begin` holds the outputs at its beginning, then those of what is varied that an operator sets; `drive` has shape
    (steps, 2 * varied), means and levels less those at the beginning; `outputs` (steps, outputs) is what came.
    """

    begin: Array
    drive: Array
    outputs: Array


@dataclass(frozen=True)
class Cutter:
    """Cuts windows of `steps` steps; `settable` says which of what is varied an operator sets, and so is known."""

    steps: int
    settable: tuple[bool, ...]

    def cut(self, run: Run, at: int) -> Window:
        """The window that begins at row `at` of the run."""
        ahead = slice(at + 1, at + 1 + self.steps)
        before = run.levels[at]
        drive = np.concatenate([run.means[ahead] - before, run.levels[ahead] - before], axis=1)
        return Window(np.concatenate([run.outputs[at], before[list(self.settable)]]), drive, run.outputs[ahead])

    def draw(self, run: Run, rng: np.random.Generator) -> Window:
        """A window from a random beginning; every second one, where it can, just before something changes."""
        last = len(run) - self.steps - 1
        eventful = np.flatnonzero(np.any(np.diff(run.levels[: last + 2], axis=0) != 0.0, axis=1))
        if eventful.size and rng.random() < 0.5:
            return self.cut(run, int(rng.choice(eventful)))
        return self.cut(run, int(rng.integers(last + 1)))

    def fits(self, run: Run) -> bool:
        """Whether the run is long enough for a window."""
        return len(run) > self.steps

    def drawn(self, runs: Sequence[Run], each: int, rng: np.random.Generator) -> Iterator[Window]:
        """`each` windows from every run that is long enough."""
        for run in runs:
            if self.fits(run):
                for _ in range(each):
                    yield self.draw(run, rng)
