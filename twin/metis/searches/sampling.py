"""Searches of Optuna: trees of densities (TPE), a Gaussian process (GP), or an evolving cloud of points (CMA-ES).

Several workers, in any process on any machine, share a search through a storage that all of them reach.
"""

import re
import warnings
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from twin.metis.errors import MissingSearchError
from twin.metis.evaluation import Outcome

Array = NDArray[np.float64]
Sampler = Literal["tpe", "gp", "cma-es"]

METHODS: Final[dict[Sampler, str]] = {
    "tpe": "search by densities of good and bad settings",
    "gp": "search by a Gaussian process",
    "cma-es": "search by an evolving cloud of settings",
}
_NEEDS: Final[dict[Sampler, tuple[str, str]]] = {
    "gp": ("torch", "install the extra: pip install 'atlas-live[ai]'"),
    "cma-es": ("cmaes", "install Atlas Live anew, which brings it"),
}


class SamplingSearch:
    """A search by an Optuna sampler; see `twin.metis.searches.search.Search`.

    Parameters
    ----------
    sampler
        Which one. CMA-ES knows no constraints and is told a cost that grows with their violation.
    start
        Where the first run is, in the unit box; shape (settings,).
    seed
        Of its random numbers; workers that share a search have seeds of their own.
    storage, name
        Address of a database of its own in which the search is shared, like postgresql://host/searches, and the
        search's name there; in this process alone where there is none. Whoever begins a search makes its tables, so
        others join after that.

    Raises
    ------
    MissingSearchError
        Where the sampler needs a package that is not installed.
    """

    wants_slopes = False

    def __init__(
        self, sampler: Sampler, start: Array, *, seed: int, storage: str | None = None, name: str | None = None
    ) -> None:
        self.method = METHODS[sampler]
        self._penalised = sampler == "cma-es"
        optuna = _optuna(sampler)
        self._names = [f"setting {index}" for index in range(len(start))]
        self._box = {name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in self._names}
        self._failed = optuna.trial.TrialState.FAIL
        self._storage = optuna.storages.RDBStorage(_url(storage)) if storage else None
        self._study = optuna.create_study(
            storage=self._storage, study_name=name, sampler=_sampler(optuna, sampler, seed), load_if_exists=True
        )
        self._study.enqueue_trial(dict(zip(self._names, start.tolist(), strict=True)), skip_if_exists=True)
        self._asked: list[Any] = []

    def ask(self) -> Array:
        """The sampler's next point; it never ends by itself."""
        self._asked.append(self._study.ask(self._box))
        return np.array([self._asked[-1].params[name] for name in self._names])

    def tell(self, outcome: Outcome) -> None:
        """What came of the point asked last; a failed run is no bad value but none."""
        trial = self._asked.pop()
        if outcome.failure:
            self._study.tell(trial, state=self._failed)
            return
        if self._penalised:
            self._study.tell(trial, outcome.cost + abs(outcome.cost) * outcome.violation)
            return
        for index, violation in enumerate(outcome.violations):
            trial.set_constraint(f"side {index}", float(violation))
        self._study.tell(trial, outcome.cost)

    def close(self) -> None:
        """Leave the database; the search stays in it."""
        if self._storage is not None:
            self._storage.remove_session()
            self._storage.engine.dispose()


def _url(address: str) -> str:
    """As SQLAlchemy wants it, with the driver that is installed."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", address)


def _sampler(optuna: ModuleType, sampler: Sampler, seed: int) -> Any:
    if sampler == "gp":
        with warnings.catch_warnings():  # that answers have no noise is a switch that Optuna calls experimental
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.GPSampler(seed=seed, deterministic_objective=True, n_startup_trials=5)
    return (optuna.samplers.TPESampler if sampler == "tpe" else optuna.samplers.CmaEsSampler)(seed=seed)


def _optuna(sampler: Sampler) -> ModuleType:
    package, remedy = _NEEDS.get(sampler, ("optuna", ""))
    if find_spec(package) is None:
        raise MissingSearchError(f"the {METHODS[sampler]} needs the package '{package}'", remedy=remedy)
    import optuna  # a second to load, which who asks other searches does not pay

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
