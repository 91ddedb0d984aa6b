"""What a question begins from: everything that is known of the plant at the position that it names.

A situation is all that the steps after the fork need. It can be pickled, and the same one gives the same answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.jobs.report import Note, PlantLine, TrustLine
from twin.atlas.economics import Economics
from twin.atlas.optimisation import Optimisation
from twin.atlas.prices import PriceBook
from twin.atlas.tags import Tag
from twin.estimation.ensemble_filter import Outlook
from twin.estimation.forecast import NO_OUTLOOK
from twin.estimation.plan import EstimatePlan
from twin.matrix.model_state import ModelState


@dataclass(frozen=True, kw_only=True, eq=False)
class Past:
    """Values of some tags before the question, at equal steps of `step_s`; `values` has shape (rows, tags).

    The last row is at `end_us`, microseconds UTC; NaN where nothing is known.
    """

    tags: tuple[str, ...]
    end_us: int
    step_s: float
    values: NDArray[np.float64]

    def time_us(self, row: int) -> int:
        """Time of a row, microseconds UTC."""
        return self.end_us - round((len(self.values) - 1 - row) * self.step_s * 1e6)


@dataclass(frozen=True, kw_only=True, eq=False)
class Situation:
    """The plant at the question's beginning.

    Parameters
    ----------
    plant
        Which plant, at which revision.
    begin_us
        The twin's clock at the position, microseconds UTC.
    tags, values
        The tag table's tags by name, and their usable values in the tags' units.
    model, surrogate
        Keys of the process models; `surrogate` is empty where the plant has none.
    ensemble, outlook
        The physical model's members: the estimate's, or around what was measured; and what goes on with them.
    plan
        What is estimated; says how members wander and how noisy instruments are. None where nothing is.
    estimate
        How far the ensemble can be trusted.
    prices, economics, optimisation
        The price book in force, what the plant earns by, and what may be set to do better; None where its file does
        not say.
    past
        The plant's stored history, where the database has one.
    seed
        Of all that is drawn at random.
    notes
        What the reader must know of all this.
    """

    plant: PlantLine
    begin_us: int
    tags: Mapping[str, Tag]
    values: Mapping[str, float]
    model: str
    surrogate: str
    ensemble: ModelState
    plan: EstimatePlan | None
    estimate: TrustLine
    prices: PriceBook
    outlook: Outlook = NO_OUTLOOK
    economics: Economics | None = None
    optimisation: Optimisation | None = None
    past: Past | None = None
    seed: tuple[int, ...] = (1,)
    notes: tuple[Note, ...] = ()

    @property
    def noise(self) -> dict[str, float]:
        """Standard deviation of each instrument, in the model's unit of the output that it tells."""
        return {} if self.plan is None else {row.name: row.noise for row in self.plan.instruments}
