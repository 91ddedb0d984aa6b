"""Learned models in MLflow's registry: logged with what reproduces them, found again by alias."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from twin.metis.errors import TrackingError
from twin.metis.mlflow_client import mlflow_client, translated

_FILE: Final = "model.onnx"
_CARD: Final = "card.md"
_NUMBER: Final = "atlas_version"
"""Tag that says which number the model has here; MLflow counts its own."""


@dataclass(frozen=True)
class RegisteredFile:
    """A model's file as it is registered.

    Parameters
    ----------
    name
        Like "williams-otto/surrogate".
    version
        Its own number, which its file also says.
    content, card
        The file's bytes, and its card in Markdown.
    """

    name: str
    version: int
    content: bytes
    card: str


class MlflowRegistry:
    """The registry of an MLflow server.

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
            raise TrackingError("the registry needs MLflow", remedy="install the extra: pip install 'atlas-live[ai]'")
        self._uri = uri

    def register(
        self, file: RegisteredFile, alias: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]
    ) -> None:
        """Log a model with what reproduces it and what it is worth, register it, and let `alias` mean it.

        Raises
        ------
        TrackingError
            Where the server can't be reached or refuses.
        """
        with translated(f"{file.name} {file.version} could not be registered at {self._uri}"):
            self._register(file, alias, parameters, metrics)

    def fetch(self, name: str, alias: str) -> RegisteredFile:
        """The model that an alias means now; raises like `register`."""
        with translated(f"{name} ({alias}) could not be fetched from {self._uri}"):
            client = mlflow_client(self._uri)
            version = client.get_model_version_by_alias(_registered(name), alias)
            with tempfile.TemporaryDirectory() as folder:
                content, card = (
                    Path(client.download_artifacts(version.run_id, part, folder)).read_bytes()
                    for part in (_FILE, _CARD)
                )
            return RegisteredFile(name, int(version.tags[_NUMBER]), content, card.decode())

    def _register(
        self, file: RegisteredFile, alias: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]
    ) -> None:
        client, name = mlflow_client(self._uri), _registered(file.name)
        experiment = client.get_experiment_by_name(name)
        place = experiment.experiment_id if experiment else client.create_experiment(name)
        run = client.create_run(place, run_name=f"{name} {file.version}").info
        for key, value in parameters.items():
            client.log_param(run.run_id, key, value)
        for key, number in metrics.items():
            client.log_metric(run.run_id, key, number)
        with tempfile.TemporaryDirectory() as folder:
            for part, content in ((_FILE, file.content), (_CARD, file.card.encode())):
                Path(folder, part).write_bytes(content)
                client.log_artifact(run.run_id, str(Path(folder, part)))
        client.set_terminated(run.run_id)
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name)
        source = f"{run.artifact_uri}/{_FILE}"
        made = client.create_model_version(name, source, run.run_id, tags={_NUMBER: str(file.version)})
        client.set_registered_model_alias(name, alias, made.version)


def _registered(name: str) -> str:
    """MLflow's names know no slashes."""
    return name.replace("/", "-")
