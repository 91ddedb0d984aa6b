"""`atlas bench`: measurements of this machine."""

import asyncio
import json
import logging
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from api.bench.plan import BenchPlan
    from api.bench.result import SpineResult
    from api.bench.stage import Grounds
    from api.cli.progress import Progress

_KINDS = ("auto", "native", "containers", "embedded", "external")


@click.group()
def bench() -> None:
    """Measure this machine's throughput and latency."""


def _numbers(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and 1 <= int(part) <= 1000 for part in parts):
        raise click.BadParameter(f"{text!r} must be numbers of plants from 1 to 1000, such as 1,10,100")
    return tuple(int(part) for part in parts)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=20,
    show_default=True,
    help="About how long each of the main measurements runs.",
)
@click.option(
    "--growth",
    callback=_numbers,
    default="1,10,30,100",
    show_default=True,
    help="Numbers of plants to repeat the main figures with; empty for none.",
)
@click.option("--servers", type=click.Choice(_KINDS), default="auto", show_default=True,
              help="Which Kafka and database to start for it; auto takes native ones where it can.")  # fmt: skip
def spine(as_json: bool, seconds: float, growth: tuple[int, ...], servers: str) -> None:
    """Measure the way from Kafka to table, twin and screen, with the real processes.

    Servers are started for it in a temporary folder (TMPDIR) and removed afterwards; it takes about 6 minutes and 8 GB
    of disk. External ones (ATLAS_KAFKA, ATLAS_DATABASE) lend a database of their own and a Kafka that nobody uses.
    """
    from rich.console import Console

    from api.bench.plan import BenchPlan
    from api.bench.result import as_table
    from api.cli.progress import Progress

    # Clients try again by themselves where a topic that was just made has no leader yet; what fails for good is raised.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    progress = Progress(Console(stderr=True, highlight=False))
    with tempfile.TemporaryDirectory(prefix="atlas-bench-") as folder:
        plan, grounds = BenchPlan(seconds=seconds, growth=growth), _grounds(servers, Path(folder))
        progress.step(f"measuring with {grounds.kind} servers")
        result = asyncio.run(_measure(plan, grounds, progress))
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=1))
    else:
        Console(highlight=False).print(as_table(result))


def _sizes(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 0 < int(part) <= 20_000 and int(part) % 100 == 0 for part in parts):
        raise click.BadParameter(f"{text!r} must be multiples of 100 up to 20000, such as 100,1000")
    return tuple(int(part) for part in parts)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--growth",
    callback=_sizes,
    default="100,1000,3000,10000",
    show_default=True,
    help="Pieces of equipment, ten tags each, to measure with; the largest gives the main figures.",
)
def atlas(as_json: bool, growth: tuple[int, ...]) -> None:
    """Measure the plant model: load a plant file, walk the plant, apply scans, fork the twin.

    Times are processor times of its one thread. No server is needed; it takes half a minute, and 1 GB of memory for
    10,000 pieces of equipment.
    """
    from rich.console import Console

    from api.bench.atlas import as_table, run_atlas
    from api.cli.progress import Progress

    result = run_atlas(growth, Progress(Console(stderr=True, highlight=False)).step)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=1))
    else:
        Console(highlight=False).print(as_table(result))


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--williams-otto", "reactors", type=click.IntRange(0, 1000), default=100, show_default=True,
              help="Williams-Otto plants to try; 0 leaves them out.")  # fmt: skip
@click.option("--tennessee-eastman", "eastmans", type=click.IntRange(0, 1000), default=20, show_default=True,
              help="Tennessee Eastman plants to try; 0 leaves them out.")  # fmt: skip
@click.option("--calibrate", type=click.IntRange(9, 1000), default=None,
              help="Plants of each kind to calibrate the bands with; 40 and 20, if unset.")  # fmt: skip
@click.option("--write-bands", "folder", type=click.Path(file_okay=False, exists=True, path_type=Path), default=None,
              help="Folder to write the calibrations to, as the distribution ships them.")  # fmt: skip
def truth(as_json: bool, reactors: int, eastmans: int, calibrate: int | None, folder: Path | None) -> None:
    """Measure how near to the truth forecasts come, on simulated plants that drift without telling.

    Each plant is watched by an estimator, asked for a forecast and then run on. Runs on the models directly, without
    servers: some minutes for the Williams-Otto plants, and about 3 minutes of one core for each Tennessee Eastman
    plant.
    """
    from rich.console import Console

    from api.bench.truth import as_tables, run_truth, write_calibrations
    from api.cli.progress import Progress
    from connectors.simulated.plant_kinds import KINDS
    from stream.bench.truth_fleet import Surprises
    from stream.bench.truth_plants import TruthPlan

    plan = TruthPlan(
        williams_otto=reactors,
        williams_otto_calibration=calibrate or 40,
        tennessee_eastman=eastmans,
        tennessee_eastman_calibration=calibrate or 20,
    )
    unseen = {name: Surprises(make_drift=kind.make_drift, deviations=kind.deviations) for name, kind in KINDS.items()}
    say = Progress(Console(stderr=True, highlight=False)).step
    result = run_truth(plan, unseen["williams-otto"], unseen["tennessee-eastman"], say)
    for path in write_calibrations(result, folder) if folder else ():
        say(f"wrote {path}")
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=1))
    else:
        Console(highlight=False).print(as_tables(result))


@bench.command("what-if")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--repeats", type=click.IntRange(1, 100), default=5, show_default=True, help="The least of how many runs."
)
def what_if(as_json: bool, repeats: int) -> None:
    """Measure what a question costs beside the simulator alone: 8 h of the Williams-Otto plant with 50 members.

    Times are processor times of one thread. No server is needed; it takes some seconds.
    """
    from rich.console import Console

    from api.bench.what_if import as_dict, as_table
    from stream.bench.what_if_figures import measure_williams_otto

    figures = measure_williams_otto(repeats)
    if as_json:
        click.echo(json.dumps(as_dict(figures), indent=1))
    else:
        Console(highlight=False).print(as_table(figures))


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--seeds", type=click.IntRange(1, 50), default=5, show_default=True,
              help="How often to try a search that draws random numbers.")  # fmt: skip
def searches(as_json: bool, seeds: int) -> None:
    """Count the model runs that each search needs to the known optimum of the Williams-Otto reactor.

    No server is needed; it takes some minutes.
    """
    from rich.console import Console

    from api.bench.searches import as_dict, as_table
    from stream.bench.search_figures import measure_searches

    figures = measure_searches(seeds)
    if as_json:
        click.echo(json.dumps(as_dict(figures), indent=1))
    else:
        Console(highlight=False).print(as_table(figures))


def _grounds(servers: str, folder: Path) -> "Grounds":
    """Where to measure; `auto` takes the fastest kind that can be had here."""
    from api.bench.stage import Grounds
    from api.settings import load
    from api.supervision.places import server_places
    from stream.servers.find import available

    settings = load()
    if servers == "external":
        settings.need("kafka", "database")
        return Grounds(servers, folder, settings.kafka, settings.database.get_secret_value())
    if servers == "auto":
        found = {look.kind for look in available(server_places(folder)) if look.ok}
        servers = next((kind for kind in ("native", "containers") if kind in found), "embedded")
    return Grounds(servers, folder)


async def _measure(plan: "BenchPlan", grounds: "Grounds", progress: "Progress") -> "SpineResult":
    """Measure; SIGTERM is as good as Ctrl-C, so that no server stays behind."""
    from api.bench.spine import run_spine

    task = asyncio.create_task(run_spine(plan, grounds, progress.step))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise click.Abort from None
