"""Keeping a record of every search with what reproduces it: in MLflow where a server is named, nowhere elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
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
            run = client.create_run(experiment, run_name=record.name)
            self._fill(client, run.info.run_id, record, study)

    def _fill(self, client: Any, run_id: str, record: RunRecord, study: Study) -> None:
        for name, value in {**record.reproduces, "method": study.method}.items():
            client.log_param(run_id, name, value)
        for trial in study.trials:
            if trial.outcome.failure:
                continue
            client.log_metric(run_id, "objective", trial.outcome.value, step=trial.number)
            client.log_metric(run_id, "violation", trial.outcome.violation, step=trial.number)
        client.log_dict(run_id, study.as_content(), "runs.json")
        client.set_terminated(run_id)


def tracker(uri: str) -> Tracker:
    """The tracker at an address; one that keeps nothing where the address is empty."""
    return MlflowTracker(uri) if uri else NoTracker()
