import pytest

from twin.metis.errors import TrackingError
from twin.metis.mlflow_client import mlflow_client
from twin.metis.model_registry import MlflowRegistry, RegisteredFile

pytest.importorskip("mlflow", reason="the extra 'ai' is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # MLflow's own warnings


def test_a_registered_model_is_found_by_its_alias_with_what_reproduces_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    registry = MlflowRegistry(uri)
    name = "tank/surrogate"
    for version in (3, 4):
        file = RegisteredFile(name, version, b"weights of %d" % version, f"# Card {version}")
        registry.register(file, "in-use" if version == 3 else "candidate", {"seed": 7}, {"typical_1h_percent": 0.2})
    assert registry.fetch(name, "in-use") == RegisteredFile(name, 3, b"weights of 3", "# Card 3")
    registry.register(RegisteredFile(name, 5, b"weights of 5", ""), "in-use", {}, {})
    assert registry.fetch(name, "in-use").version == 5
    client = mlflow_client(uri)
    kept = client.get_run(client.get_model_version_by_alias("tank-surrogate", "candidate").run_id).data
    assert (kept.params, kept.metrics) == ({"seed": "7"}, {"typical_1h_percent": 0.2})
    with pytest.raises(TrackingError, match="tank/surrogate \\(nobody\\).*look whether"):
        registry.fetch(name, "nobody")


def test_telemetry_is_off(monkeypatch):
    from mlflow.telemetry import get_telemetry_client, utils

    monkeypatch.setattr(utils, "_IS_IN_CI_ENV_OR_TESTING", False)
    monkeypatch.setattr(utils, "_IS_MLFLOW_DEV_VERSION", False)
    mlflow_client("http://127.0.0.1:9")
    assert utils.is_telemetry_disabled()
    assert get_telemetry_client() is None
