"""`atlas train`: a plant's learned model is taught anew."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from twin.daedalus.learned import Learned
    from twin.daedalus.library import Library


@click.command()
@click.argument("plant")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Chooses all that is drawn.")
@click.option("--keep-only", is_flag=True, help="Keep the new version, but leave in use what is.")
@click.option("--mlflow", metavar="URI", help="Register the model with this MLflow server, too.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")
def train(plant: str, seed: int, keep_only: bool, mlflow: str | None, data_dir: Path | None) -> None:
    """Teach the learned model of PLANT from simulated runs, as its recipe says, and take it into use.

    Whoever asks from then on gets the new version; nothing needs to be restarted. The recipe is recipe.toml in the
    plant's folder of learned models (ATLAS_MODELS); the plants that ship have one.
    """
    from api.settings import load
    from twin.daedalus.lesson import lesson
    from twin.daedalus.library import Library, use_models

    use_models(load(data_dir=data_dir).models_path)
    library = Library.open()
    with click.progressbar(length=1000, label=f"Teaching {plant}") as bar:

        def watch(done: float) -> None:
            bar.update(max(0, round(1000 * done) - bar.pos))

        made = lesson(plant, library, seed=seed, made_at=datetime.now(UTC).isoformat("T", "seconds"), watch=watch)
    _tell(made.learned)
    if mlflow:
        _register(plant, made.learned, library, mlflow)
    if not keep_only:
        library.point(plant, made.learned.version)
        click.echo(f"Version {made.learned.version} of {plant} is in use.")


def _tell(learned: "Learned") -> None:
    from twin.daedalus.judging import JUDGED_S, typical

    for horizon_s in JUDGED_S:
        own, still = typical(learned, horizon_s)
        click.echo(
            f"After {horizon_s / 3600.0:g} h it is typically {own:.2g} % of an instrument's range off; "
            f"saying that nothing changes, {still:.2g} %."
        )


def _register(plant: str, learned: "Learned", library: "Library", uri: str) -> None:
    from twin.daedalus.judging import JUDGED_S, typical
    from twin.daedalus.library import IN_USE
    from twin.metis.model_registry import MlflowRegistry, RegisteredFile

    if learned.making is None:
        return
    content, card = (library.content(plant, learned.version), library.card(plant, learned.version))
    making = {"seed": learned.making.seed, "epochs": learned.making.epochs, **learned.making.software}
    metrics = {f"typical_{horizon_s / 3600.0:g}h_percent": typical(learned, horizon_s)[0] for horizon_s in JUDGED_S}
    MlflowRegistry(uri).register(RegisteredFile(learned.name, learned.version, content, card), IN_USE, making, metrics)
    click.echo(f"Registered as {learned.name.replace('/', '-')} at {uri}.")
