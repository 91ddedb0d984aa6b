"""`atlas demo` and `atlas run`: everything at once, supervised."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from api.cli.progress import Progress
    from api.cli.run_plan import PlantFile, RunRequest

_SERVERS = ("auto", "embedded", "native", "containers", "external")


def _shared(function: "Callable[..., Any]") -> "Callable[..., Any]":
    """Options that both commands have."""
    options = (
        click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas]."),
        click.option("--servers", type=click.Choice(_SERVERS), default="auto", show_default=True,
                     help="Which Kafka and database to use."),
        click.option("--fresh", is_flag=True, help="Forget all data of earlier runs first."),
        click.option("--host", default="127.0.0.1", show_default=True,
                     help="Address to listen on; any but loopback opens the screens to the network, with a key."),
        click.option("--api-port", type=click.IntRange(1, 65535), help="Port of the API [8000, or the next free]."),
        click.option("--dashboard-port", type=click.IntRange(1, 65535),
                     help="Port of the dashboard [8501, or the next free]."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@_shared
@click.option("--history-hours", type=click.FloatRange(0, 72), help="Hours before now that the plants remember [4].")
def demo(history_hours: float | None, **options: "Any") -> None:
    """Run two simulated plants live, with everything that belongs to it.

    Data stays in the data folder and a second start resumes; --fresh forgets it. Ctrl-C stops all cleanly.
    """
    from api.cli.preflight import tennessee_eastman
    from twin.plants import path, portfolio_names, portfolio_path, simulated_names

    left_out = {"tennessee-eastman"} if tennessee_eastman() is not None else set()
    files = [Path(path(name)) for name in simulated_names() if name not in left_out]
    # The portfolio is of both plants; one that is left out would be missing in it.
    portfolios = () if left_out else tuple(map(portfolio_path, portfolio_names()))
    _run("demo", files, portfolios=portfolios, simulated=True, history_hours=history_hours, **options)


@click.command()
@click.option("--plant", "plants", type=click.Path(path_type=Path, exists=True, dir_okay=False), multiple=True,
              required=True, help="A plant file; may be given several times.")  # fmt: skip
@click.option("--portfolio", "portfolios", type=click.Path(path_type=Path, exists=True, dir_okay=False), multiple=True,
              help="A portfolio file of these plants; may be given several times.")  # fmt: skip
@_shared
def run(plants: tuple[Path, ...], portfolios: tuple[Path, ...], **options: "Any") -> None:
    """Run your own plants live, from their plant files.

    'atlas plant check FILE' tells every fault of a file; docs/how-to/run-your-own-plant.md shows how to write one.
    """
    _run("run", list(plants), portfolios=portfolios, simulated=False, history_hours=None, **options)


def _run(
    command: str,
    files: list[Path],
    *,
    portfolios: tuple[Path, ...],
    simulated: bool,
    history_hours: float | None,
    **options: "Any",
) -> None:
    from api.cli import run_service
    from api.cli.progress import Progress

    request = replace(_request(command, files, simulated, history_hours, **options), portfolios=portfolios)
    progress = Progress()
    _preflight(request, progress)
    run_service.run(request, progress)


def _request(
    command: str, files: list[Path], simulated: bool, history_hours: float | None, **options: "Any"
) -> "RunRequest":
    from api.cli.run_plan import API_PORT, DASHBOARD_PORT, RunRequest
    from api.settings import load

    settings = load(data_dir=options["data_dir"])
    return RunRequest(
        command=command,
        data_dir=settings.data_dir.absolute(),
        plants=tuple(_plant_file(file) for file in files),
        simulated=simulated,
        servers=options["servers"],
        kafka=settings.kafka,
        database=settings.database.get_secret_value(),
        host=options["host"],
        fresh=options["fresh"],
        api_port=options["api_port"] or API_PORT,
        dashboard_port=options["dashboard_port"] or DASHBOARD_PORT,
        history_hours=history_hours,
    )


def _plant_file(file: Path) -> "PlantFile":
    from api.cli.plants.named_plant import read_definition
    from api.cli.run_plan import PlantFile

    plant = read_definition(file)
    return PlantFile(str(plant.id), file.absolute(), {source.name: source.endpoint for source in plant.sources})


def _preflight(request: "RunRequest", progress: "Progress") -> None:
    """Tell every gap; refuse to start where one of them is fatal."""
    from api.cli import preflight

    ports = (("API", request.api_port), ("dashboard", request.dashboard_port))
    gaps = preflight.check(request.data_dir, request.servers, ports)
    if not request.simulated:
        gaps = [gap for gap in gaps if gap != preflight.tennessee_eastman()]
    for gap in gaps:
        progress.step(f"note: {gap}" if not gap.fatal else f"cannot start: {gap}")
    if any(gap.fatal for gap in gaps):
        raise click.exceptions.Exit(1)
