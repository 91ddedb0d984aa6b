"""`atlas train`: a plant's learned model is taught anew."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from api.settings import Settings
    from twin.daedalus.learned import Learned
    from twin.daedalus.lesson import Recorded
    from twin.daedalus.library import Library


@click.command()
@click.argument("plant")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Chooses all that is drawn.")
@click.option(
    "--history",
    "hours",
    type=click.FloatRange(0.0),
    default=0.0,
    metavar="HOURS",
    help="Learn from the plant's stored readings of so many hours, too.",
)
@click.option("--keep-only", is_flag=True, help="Keep the new version, but leave in use what is.")
@click.option("--mlflow", metavar="URI", help="Register the model with this MLflow server, too.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")
def train(plant: str, seed: int, hours: float, keep_only: bool, mlflow: str | None, data_dir: Path | None) -> None:
    """Teach the learned model of PLANT from simulated runs, as its recipe says, and take it into use.

    Whoever asks from then on gets the new version; nothing needs to be restarted. The recipe is recipe.toml in the
    plant's folder of learned models (ATLAS_MODELS); the plants that ship have one.
    """
    from api.settings import load
    from twin.daedalus.lesson import lesson, nothing_recorded
    from twin.daedalus.library import IN_USE, Library, use_models

    settings = load(data_dir=data_dir)
    use_models(settings.models_path)
    now = datetime.now(UTC)
    library = Library.open()
    with click.progressbar(length=1000, label=f"Teaching {plant}") as bar:

        def watch(done: float) -> None:
            bar.update(max(0, round(1000 * done) - bar.pos))

        recorded = _recorded(plant, hours, now, settings) if hours else nothing_recorded
        made_at = now.isoformat("T", "seconds")
        made = lesson(plant, library, seed=seed, made_at=made_at, recorded=recorded, watch=watch)
    _tell(made.learned)
    if mlflow:
        _register(plant, made.learned, library, mlflow, "candidate" if keep_only else IN_USE)
    if not keep_only:
        library.point(plant, made.learned.version)
        click.echo(f"Version {made.learned.version} of {plant} is in use.")


def _recorded(plant: str, hours: float, now: datetime, settings: "Settings") -> "Recorded":
    from api.cli.running import database_address
    from stream.jobs.recorded import read_runs
    from stream.store.database import DatabaseConfig

    database = DatabaseConfig(database_address(settings), application="atlas-train")
    end_us = round(now.timestamp() * 1e6)
    begin_us = end_us - round(hours * 3.6e9)
    return lambda recipe, process: asyncio.run(read_runs(database, plant, begin_us, end_us, recipe, process))


def _tell(learned: "Learned") -> None:
    from twin.daedalus.judging import JUDGED_S, on_average

    for horizon_s in JUDGED_S:
        own, still = on_average(learned, horizon_s)
        click.echo(
            f"After {horizon_s / 3600.0:g} h it is on average {own:.2g} % of an instrument's range off; "
            f"saying that nothing changes, {still:.2g} %."
        )


def _register(plant: str, learned: "Learned", library: "Library", uri: str, alias: str) -> None:
    from twin.daedalus.judging import JUDGED_S, on_average
    from twin.metis.model_registry import MlflowRegistry, RegisteredFile

    if learned.making is None:
        return
    content, card = (library.content(plant, learned.version), library.card(plant, learned.version))
    making = {"seed": learned.making.seed, "epochs": learned.making.epochs, **learned.making.software}
    metrics = {f"mean_{horizon_s / 3600.0:g}h_percent": on_average(learned, horizon_s)[0] for horizon_s in JUDGED_S}
    MlflowRegistry(uri).register(RegisteredFile(learned.name, learned.version, content, card), alias, making, metrics)
    click.echo(f"Registered as {learned.name.replace('/', '-')} at {uri}.")
