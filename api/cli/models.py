"""`atlas models`: the learned models that are kept, and which of them is in use."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from twin.daedalus.library import Library

_data_dir = click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")


@click.group()
def models() -> None:
    """List learned models, show their cards, and choose which is in use."""


@models.command("list")
@_data_dir
def list_models(data_dir: Path | None) -> None:
    """List plants with a learned model: versions, and which is in use."""
    library = _library(data_dir)
    for plant in library.plants():
        versions = ", ".join(str(version) for version in library.versions(plant))
        click.echo(f"{plant:<24} versions {versions}; in use {library.pointed(plant)}")


@models.command()
@click.argument("plant")
@click.option("--version", type=click.IntRange(1), help="Another one than that in use.")
@_data_dir
def card(plant: str, version: int | None, data_dir: Path | None) -> None:
    """Show what a learned model was taught and how far it can be trusted."""
    library = _library(data_dir)
    click.echo(library.card(plant, version or library.pointed(plant)))


@models.command()
@click.argument("plant")
@click.argument("version", type=click.IntRange(1))
@_data_dir
def use(plant: str, version: int, data_dir: Path | None) -> None:
    """Take this version of the plant's learned model into use, at once and for everybody who asks from now on."""
    from twin.daedalus.surrogate import Surrogate

    library = _library(data_dir)
    Surrogate(library.content(plant, version))
    library.point(plant, version)
    click.echo(f"Version {version} of {plant} is in use.")


@models.command()
@click.argument("plant")
@click.option("--mlflow", required=True, metavar="URI", help="The MLflow server that has it.")
@_data_dir
def fetch(plant: str, mlflow: str, data_dir: Path | None) -> None:
    """Fetch the version that an MLflow server says is in use, keep it here and take it into use."""
    from twin.daedalus.library import IN_USE
    from twin.daedalus.surrogate import Surrogate
    from twin.metis.model_registry import MlflowRegistry

    library = _library(data_dir)
    file = MlflowRegistry(mlflow).fetch(f"{plant}/surrogate", IN_USE)
    Surrogate(file.content)
    if file.version not in library.versions(plant):
        library.add(plant, file.version, file.content, file.card)
    library.point(plant, file.version)
    click.echo(f"Version {file.version} of {plant} is in use.")


def _library(data_dir: Path | None) -> "Library":
    from api.settings import load
    from twin.daedalus.library import Library, use_models

    use_models(load(data_dir=data_dir).models_path)
    return Library.open()
