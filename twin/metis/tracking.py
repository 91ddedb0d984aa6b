"""Keeping a record of every search with what reproduces it: in MLflow where a server is named, nowhere elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from twin.metis.errors import TrackingError
from twin.metis.mlflow_client import mlflow_client, translated
from twin.metis.study import Study


@dataclass(frozen=True)
class RunRecord:
    """What a record says of a search besides its runs.

    Parameters
    ----------
    experiment
        What is looked for, for people: `Recommended settings of Williams-Otto reactor`.
    name
        Of this search, like the question's id.
    reproduces
        Everything that a repetition needs: model and version, position, seed, search, budget, settings and bounds.
    """

    experiment: str
    name: str
    reproduces: Mapping[str, Any]


class Tracker(Protocol):
    """Keeps records of searches."""

    def keep(self, record: RunRecord, study: Study) -> None:
        """Keep one; a record that can't be kept raises `TrackingError` and spoils no result."""


class NoTracker:
    """Keeps nothing."""

    def keep(self, record: RunRecord, study: Study) -> None:
        """Nobody asked for it."""


class MlflowTracker:
    """Keeps records in MLflow; each run of the model is a step of its metrics.

    Parameters
    ----------
    uri
        The tracking server's address, like http://127.0.0.1:5000.

    Raises
    ------
    TrackingError
        Where MLflow is not installed.
    """

    def __init__(self, uri: str) -> None:
        if find_spec("mlflow") is None:
            raise TrackingError("records need MLflow", remedy="install the extra: pip install 'atlas-live[ai]'")
        self._uri = uri

    def keep(self, record: RunRecord, study: Study) -> None:
        """Keep a search's parameters, runs and best settings.

        Raises
        ------
        TrackingError
            Where the server can't be reached or refuses.
        """
        with translated(f"the search {record.name} could not be recorded at {self._uri}"):
            client = mlflow_client(self._uri)
            found = client.get_experiment_by_name(record.experiment)
            experiment = found.experiment_id if found else client.create_experiment(record.experiment)
            run = client.create_run(experiment, run_name=record.name).info
            client.log_batch(run.run_id, _metrics(study, run.start_time), _parameters(record, study))
            client.log_dict(run.run_id, study.as_content(), "runs.json")
            client.set_terminated(run.run_id)


def _parameters(record: RunRecord, study: Study) -> list[Any]:
    entities: Any = import_module("mlflow.entities")
    return [entities.Param(name, str(value)) for name, value in {**record.reproduces, "method": study.method}.items()]


def _metrics(study: Study, at_ms: int) -> list[Any]:
    """Objective and violation of each run that gave any, its number as the step."""
    entities: Any = import_module("mlflow.entities")
    return [
        entities.Metric(name, value, at_ms, trial.number)
        for trial in study.trials
        if not trial.outcome.failure
        for name, value in (("objective", trial.outcome.value), ("violation", trial.outcome.violation))
    ]


def tracker(uri: str) -> Tracker:
    """The tracker at an address; one that keeps nothing where the address is empty."""
    return MlflowTracker(uri) if uri else NoTracker()
