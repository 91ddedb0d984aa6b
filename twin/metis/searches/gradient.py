"""Search along derivatives, for models that tell them: IPOPT (Waechter and Biegler 2006) through CasADi.

The Hessian is built up from gradients, so that each point costs one run of the model.
"""

from collections.abc import Callable
from typing import Any, Final

import casadi
import numpy as np
from numpy.typing import NDArray

from twin.metis.evaluation import Outcome
from twin.metis.searches.calling_search import CallingSearch, SearchClosedError

Array = NDArray[np.float64]

METHOD: Final = "search along derivatives"

_OPTIONS: Final[dict[str, Any]] = {
    "print_time": False,
    "show_eval_warnings": False,
    "ipopt.print_level": 0,
    "ipopt.sb": "yes",
    "ipopt.hessian_approximation": "limited-memory",
    # Simulated answers differ by some millionths between runs; who wants less looks for what is not there.
    "ipopt.tol": 1e-5,
    "ipopt.acceptable_tol": 1e-4,
    "ipopt.acceptable_iter": 1,
    "ipopt.acceptable_obj_change_tol": 1e-5,
    "ipopt.mu_init": 1e-3,
}


def gradient_search(start: Array, violations: int) -> CallingSearch:
    """IPOPT from a point of the unit box, shape (settings,); `violations` is how many it is told of each point."""

    def solve(call: Callable[[Array], Outcome]) -> None:
        _Solving(call, start, violations).run()

    return CallingSearch(METHOD, solve, wants_slopes=True)


class _Solving:
    """One run of IPOPT.

    What a callback raises goes through CasADi's own code, which prints it and may end the process, so the end of the
    search is kept instead: from then on nothing has a value, IPOPT gives up, and it is raised here.
    """

    def __init__(self, call: Callable[[Array], Outcome], start: Array, violations: int) -> None:
        self._call, self._start = call, start
        self.size, self.violations = len(start), violations
        cost = call(start).cost
        self._scale = max(1.0, abs(cost)) if np.isfinite(cost) else 1.0
        self._closed: SearchClosedError | None = None

    def run(self) -> None:
        figures_of = _Figures(self, "figures", jacobian=False)
        point = casadi.MX.sym("point", self.size)
        figures = figures_of(point)
        program = {"x": point, "f": figures[0], "g": figures[1:]}
        casadi.nlpsol("settings", "ipopt", program, _OPTIONS)(x0=self._start, lbx=0.0, ubx=1.0, lbg=-np.inf, ubg=0.0)
        if self._closed:
            raise self._closed

    def figures(self, point: Array) -> Array:
        """Cost and violations, shape (1 + violations,); NaN where there is none."""
        outcome = self._told(point)
        if outcome is None:
            return np.full(1 + self.violations, np.nan)
        return np.array([outcome.cost / self._scale, *outcome.violations])

    def jacobian(self, point: Array) -> Array:
        """Their derivatives, shape (1 + violations, settings); NaN where there are none."""
        outcome = self._told(point)
        if outcome is None or outcome.cost_slopes is None or outcome.violation_slopes is None:
            return np.full((1 + self.violations, self.size), np.nan)
        return np.vstack([outcome.cost_slopes / self._scale, outcome.violation_slopes])

    def _told(self, point: Array) -> Outcome | None:
        if self._closed:
            return None
        try:
            return self._call(point)
        except SearchClosedError as error:
            self._closed = error
            return None


class _Figures(casadi.Callback):
    """Figures, or their Jacobian, as CasADi calls them."""

    def __init__(self, solving: _Solving, name: str, *, jacobian: bool) -> None:
        super().__init__()
        self._solving, self._is_jacobian = solving, jacobian
        self._kept: list[_Figures] = []  # CasADi does not keep what it is given
        self.construct(name, {})

    def get_n_in(self) -> int:
        return 1 + self._is_jacobian

    def get_n_out(self) -> int:
        return 1

    def get_sparsity_in(self, index: int) -> Any:
        return casadi.Sparsity.dense(1 + self._solving.violations if index else self._solving.size, 1)

    def get_sparsity_out(self, index: int) -> Any:
        return casadi.Sparsity.dense(1 + self._solving.violations, self._solving.size if self._is_jacobian else 1)

    def has_jacobian(self) -> bool:
        return not self._is_jacobian

    def get_jacobian(self, name: str, inputs: Any, outputs: Any, options: Any) -> Any:
        self._kept.append(_Figures(self._solving, name, jacobian=True))
        return self._kept[-1]

    def eval(self, arguments: Any) -> list[Array]:
        point = np.array(arguments[0], dtype=np.float64).reshape(self._solving.size)
        return [self._solving.jacobian(point) if self._is_jacobian else self._solving.figures(point)]
