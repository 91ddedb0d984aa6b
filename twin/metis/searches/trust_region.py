"""Search without derivatives for smooth answers: quadratic models in a trust region (COBYQA, Ragonneau 2022).

Of the searches tried at 20 runs a setting it needed the fewest (`docs/benchmarks.md`), and it takes constraints.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from twin.metis.evaluation import Outcome
from twin.metis.searches.calling_search import CallingSearch

Array = NDArray[np.float64]

METHOD: Final = "search by quadratic models"
_FIRST_RADIUS: Final = 0.2
"""Of the unit box."""


def trust_region_search(start: Array, violations: int, budget: int) -> CallingSearch:
    """COBYQA from a point of the unit box, shape (settings,), for `budget` runs at most."""

    def solve(call: Callable[[Array], Outcome]) -> None:
        _solve(call, start, violations, budget)

    return CallingSearch(METHOD, solve, wants_slopes=False)


def _solve(call: Callable[[Array], Outcome], start: Array, violations: int, budget: int) -> None:
    from scipy.optimize import Bounds, NonlinearConstraint, minimize

    first = call(start).cost
    scale = max(1.0, abs(first)) if np.isfinite(first) else 1.0
    kept: list[Any] = []
    if violations:
        kept.append(NonlinearConstraint(lambda point: call(point).violations, -np.inf, 0.0))
    minimize(
        lambda point: call(point).cost / scale,
        start,
        method="COBYQA",
        bounds=Bounds(0.0, 1.0),
        constraints=kept,
        options={"maxfev": budget, "initial_tr_radius": _FIRST_RADIUS, "final_tr_radius": 1e-5},
    )
