"""The way to an MLflow server, without its telemetry."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from twin.metis.errors import TrackingError


def mlflow_client(uri: str) -> Any:
    """A client of the server at `uri`; MLflow takes seconds to load, so it is imported here and not before."""
    mlflow: Any = import_module("mlflow")
    # Its import prepares telemetry, which is taken back before anything is told.
    import_module("mlflow.environment_variables").MLFLOW_DISABLE_TELEMETRY.set(True)
    import_module("mlflow.telemetry").set_telemetry_client()
    return mlflow.MlflowClient(uri)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """What MLflow and the way to it raise, as one error with its remedy; `what` could not be done."""
    from mlflow import MlflowException

    try:
        yield
    except (MlflowException, OSError) as error:
        raise TrackingError(f"{what}: {error}", remedy="look whether the MLflow server runs") from error
