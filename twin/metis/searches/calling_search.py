"""Solvers that call a function, turned into searches that are asked and told: the solver runs in a thread of its own.

Thread and asker take turns, so that nothing runs at the same time and the same answers give the same questions.
"""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from twin.metis.evaluation import Outcome

Array = NDArray[np.float64]


class SearchClosedError(Exception):
    """Nobody asks any more; raised inside the solver to end it."""


Solver = Callable[[Callable[[Array], Outcome]], None]
"""Given the function, calls it until it is content. It may ask for the same point again at no cost."""


class CallingSearch:
    """A search around a solver; see `twin.metis.searches.search.Search`."""

    def __init__(self, method: str, solver: Solver, *, wants_slopes: bool) -> None:
        self.method = method
        self.wants_slopes = wants_slopes
        self._solver = solver
        self._points: SimpleQueue[Array | BaseException | None] = SimpleQueue()
        self._answers: SimpleQueue[Outcome | None] = SimpleQueue()
        self._known: dict[bytes, Outcome] = {}
        self._thread: Thread | None = None
        self._over = False

    def ask(self) -> Array | None:
        """The solver's next point that it has not seen yet; raises what the solver raised."""
        if self._thread is None:
            self._thread = Thread(target=self._solve, name=self.method, daemon=True)
            self._thread.start()
        if self._over:
            return None
        point = self._points.get()
        self._over = not isinstance(point, np.ndarray)
        if isinstance(point, BaseException):
            raise point
        return point

    def tell(self, outcome: Outcome) -> None:
        """Let the solver go on."""
        self._answers.put(outcome)

    def close(self) -> None:
        """End the solver, which is told so at its next call."""
        if self._thread is not None and not self._over:
            self._over = True
            self._answers.put(None)
            self._thread.join()

    def _solve(self) -> None:
        try:
            self._solver(self._call)
        except SearchClosedError:
            return
        except BaseException as error:  # whatever it is belongs to whoever asks
            self._points.put(error)
        else:
            self._points.put(None)

    def _call(self, point: Array) -> Outcome:
        key = point.tobytes()
        if key not in self._known:
            self._points.put(point.copy())
            answer = self._answers.get()
            if answer is None:
                self._answers.put(None)  # a solver that goes on in spite of the error is told again
                raise SearchClosedError
            self._known[key] = answer
        return self._known[key]
