"""Which search fits a problem: along derivatives where the model tells them, by quadratic models elsewhere.

What each needs is told in `docs/benchmarks.md`. Searches are imported when they are chosen, because their libraries
take a second to load.
"""

from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from twin.metis.errors import OptimisationError
from twin.metis.evaluation import Evaluation
from twin.metis.problem import Problem
from twin.metis.searches.search import Search

SearchKey = Literal["derivatives", "quadratic", "tpe", "gp", "cma-es"]
KEYS: Final[tuple[SearchKey, ...]] = ("derivatives", "quadratic", "tpe", "gp", "cma-es")


def choose_search(
    problem: Problem,
    evaluation: Evaluation,
    start: NDArray[np.float64],
    *,
    budget: int,
    seed: int,
    wish: SearchKey | None = None,
) -> Search:
    """The search for a problem, from a point of the unit box, shape (settings,).

    Raises
    ------
    OptimisationError
        Where the search wished for is unknown, or needs derivatives that the model does not tell.
    MissingSearchError
        Where its package is not installed.
    """
    key = wish or ("derivatives" if evaluation.differentiable else "quadratic")
    if key not in KEYS:
        raise OptimisationError(f"no search '{key}'", remedy=f"use one of {', '.join(KEYS)}")
    if key == "derivatives":
        if not evaluation.differentiable:
            raise OptimisationError("the model tells no derivatives", remedy="use the search 'quadratic'")
        from twin.metis.searches.gradient import gradient_search

        return cast("Search", gradient_search(start, problem.sides))
    if key == "quadratic":
        from twin.metis.searches.trust_region import trust_region_search

        return cast("Search", trust_region_search(start, problem.sides, budget))
    from twin.metis.searches.sampling import SamplingSearch

    return SamplingSearch(key, start, seed=seed)
