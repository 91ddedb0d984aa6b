"""Records of searches: kept in MLflow with what reproduces them, nowhere without an address."""

import numpy as np
import pytest

from twin.metis import tracking
from twin.metis.errors import TrackingError
from twin.metis.evaluation import Outcome
from twin.metis.study import Study, Trial
from twin.metis.tracking import NoTracker, RunRecord, tracker

STUDY = Study(
    "search along derivatives",
    (
        Trial(1, {"A.SP": 50.0}, Outcome(75.0, -75.0, np.array([-0.5]))),
        Trial(2, {"A.SP": 95.0}, Outcome(np.nan, np.nan, np.array([np.nan]), failure="no solution")),
        Trial(3, {"A.SP": 60.0}, Outcome(100.0, -100.0, np.array([0.25]))),
    ),
    "content",
)
RECORD = RunRecord("Recommended settings of Hill", "question-7", {"model": "hill/1", "seed": 4})


def test_without_an_address_nothing_is_kept():
    assert isinstance(tracker(""), NoTracker)
    tracker("").keep(RECORD, STUDY)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_a_record_holds_the_runs_and_what_reproduces_them(tmp_path):
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path / 'records.db'}"
    client = mlflow.MlflowClient(uri)
    client.create_experiment(RECORD.experiment, artifact_location=(tmp_path / "artifacts").as_uri())

    tracker(uri).keep(RECORD, STUDY)

    experiment = client.get_experiment_by_name(RECORD.experiment)
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "question-7"
    assert run.info.status == "FINISHED"
    assert run.data.params == {"model": "hill/1", "seed": "4", "method": "search along derivatives"}
    assert [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, "objective")] == [
        (1, 75.0),
        (3, 100.0),
    ]
    kept = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/runs.json")
    assert kept == STUDY.as_content()
    assert kept["runs"][1] == {"settings": {"A.SP": 95.0}, "value": None, "violation": None, "failure": "no solution"}


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_an_address_where_nobody_answers_is_named(tmp_path, monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    with pytest.raises(TrackingError, match="could not be recorded at http://127.0.0.1:9"):
        tracker("http://127.0.0.1:9").keep(RECORD, STUDY)


def test_without_mlflow_the_remedy_is_told(monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)

    with pytest.raises(TrackingError, match="pip install"):
        tracker("http://127.0.0.1:5000")
