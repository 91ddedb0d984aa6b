"""The way to an MLflow server, without its telemetry."""

from importlib import import_module
from typing import Any


def mlflow_client(uri: str) -> Any:
    """A client of the server at `uri`; MLflow takes seconds to load, so it is imported here and not before."""
    mlflow: Any = import_module("mlflow")
    # Its import prepares telemetry, which is taken back before anything is told.
    import_module("mlflow.environment_variables").MLFLOW_DISABLE_TELEMETRY.set(True)
    import_module("mlflow.telemetry").set_telemetry_client()
    return mlflow.MlflowClient(uri)
