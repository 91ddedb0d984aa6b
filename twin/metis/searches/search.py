"""The port of searches: whoever looks for better settings is asked for a point and told what came of it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.metis.evaluation import Outcome


class Search(Protocol):
    """Looks for the smallest cost in the unit box where nothing is violated.

    It is deterministic where its seed and what it is told are the same.
    """

    @property
    def method(self) -> str:
        """What it does, in words for people."""

    @property
    def wants_slopes(self) -> bool:
        """Whether it must be told derivatives."""

    def ask(self) -> NDArray[np.float64] | None:
        """The next point, shape (settings,), or None where it has found what it can."""

    def tell(self, outcome: Outcome) -> None:
        """What came of the point asked last."""

    def close(self) -> None:
        """Nothing more will be asked."""
