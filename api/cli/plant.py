"""`atlas plant`: check, store, show, list and draw plants."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from twin.atlas.definition import DefinitionError
    from twin.atlas.plant import Plant

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_data_dir = click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")


@click.group()
def plant() -> None:
    """Check, store, show, list and draw plants."""


def read_definition(file: Path) -> "Plant":
    """Read a plant file.

    Raises
    ------
    click.exceptions.Exit
        Where it has faults; all of them have been told by then.
    """
    from twin.atlas.definition import DefinitionError, parse

    try:
        return parse(_text(file), filename=str(file))
    except DefinitionError as error:
        _print_faults(file, error)
        raise click.exceptions.Exit(1) from None


@plant.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Tell every fault of a plant file at once, each with its place and remedy; exit code 1 where there is one."""
    found = read_definition(file)
    click.echo(f"{file} is sound: {found.id}, {len(found.tags)} tags, {len(found.sources)} sources.")


@plant.command()
@click.argument("which", nargs=-1, required=True)
@_data_dir
def store(which: tuple[str, ...], data_dir: Path | None) -> None:
    """Put plants in force: brings the database's schema up to date, then stores what is new.

    WHICH are plant files, or names of shipped plants. The database is ATLAS_DATABASE, or that of what runs in the data
    folder; an unchanged plant changes nothing.
    """
    from api.cli.running import database_address
    from api.settings import load

    files = tuple(_existing_file(each) for each in which)
    for file in files:
        read_definition(file)
    settings = load(data_dir=data_dir)
    dsn = database_address(settings)
    from stream.store.migrations import upgrade

    upgrade(dsn)
    asyncio.run(_store(dsn, files, settings.kafka))


async def _store(dsn: str, files: tuple[Path, ...], kafka: str) -> None:
    from stream.handlers.store_plant import StorePlant, store_plant
    from stream.store.database import DatabaseConfig, open_engine
    from stream.store.unit_of_work import SqlUnitOfWork

    engine = open_engine(DatabaseConfig(dsn, pool_size=1))
    try:
        for file in files:
            command = StorePlant(definition_text=_text(file), filename=str(file))
            events = await store_plant(command, SqlUnitOfWork(engine))
            for event in events:
                click.echo(f"{event.plant}: revision {event.revision} is in force")
            if not events:
                click.echo(f"{file}: nothing new")
    finally:
        await engine.dispose()
    if kafka:
        # Made here once, so that the processes of a new run do not all make them at the same time.
        from stream.kafka import KafkaConfig, ensure_topics

        await ensure_topics(KafkaConfig(kafka))


@plant.command()
@click.argument("which")
@_data_dir
def show(which: str, data_dir: Path | None) -> None:
    """Show the tags of a plant: WHICH is a file, a shipped plant, or one that runs."""
    rows = _rows_of_running(which, data_dir) if _definition_file(which) is None else _rows_of_file(which)
    from rich.console import Console
    from rich.table import Table

    table = Table("tag", "description", "range", "unit", "kind", box=None, pad_edge=False, header_style="dim")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table)


@plant.command("list")
@_data_dir
def list_plants(data_dir: Path | None) -> None:
    """List the plants that run, and those that ship."""
    from api.cli import running
    from api.settings import load
    from twin.plants import names

    settings = load(data_dir=data_dir)
    if settings.api_url or running.find(settings.data_dir) is not None:
        from api.client import PlantClient
        from api.client.config import ClientConfig

        access = running.api_access(settings)
        with PlantClient(ClientConfig(access.address, access.key)) as client:
            for each in client.plants().plants:
                click.echo(f"{each.id:<24} {each.state:<8} {each.tags:>4} tags  {each.name}")
    for name in names():
        click.echo(f"{name:<24} ships")


@plant.command()
@click.argument("which")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="SVG file [standard output].")
def draw(which: str, output: Path | None) -> None:
    """Draw the process graphic of a plant file, or of a shipped plant, as SVG."""
    from twin.atlas.graphic import draw as draw_plant

    svg = draw_plant(read_definition(_existing_file(which)))
    if output is None:
        click.echo(svg)
    else:
        output.write_text(svg, encoding="utf-8")


def _definition_file(which: str) -> Path | None:
    from twin.plants import names, path

    if Path(which).is_file():
        return Path(which)
    return Path(path(which)) if which in names() else None


def _existing_file(which: str) -> Path:
    file = _definition_file(which)
    if file is None:
        raise click.UsageError(f"{which} is neither a file nor a shipped plant; 'atlas plant list' shows those")
    return file


def _rows_of_file(which: str) -> list[tuple[str, ...]]:
    file = _definition_file(which)
    if file is None:
        return []
    return [
        (tag.name, tag.description, f"{tag.low:g} – {tag.high:g}", tag.unit, tag.kind)
        for tag in read_definition(file).tags
    ]


def _rows_of_running(which: str, data_dir: Path | None) -> list[tuple[str, ...]]:
    from api.cli.running import api_access
    from api.client import PlantClient
    from api.client.config import ClientConfig
    from api.settings import load

    access = api_access(load(data_dir=data_dir))
    with PlantClient(ClientConfig(access.address, access.key)) as client:
        return [
            (tag.name, tag.description, f"{tag.low:g} – {tag.high:g}", tag.unit, tag.kind)
            for tag in client.plant(which).tags
        ]


def _text(file: Path) -> str:
    from twin.atlas.errors import AtlasError

    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AtlasError(f"{file} cannot be read: {error}", remedy="give a readable file in UTF-8") from error


def _print_faults(file: Path, error: "DefinitionError") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    table = Table("line", "where", "fault", "remedy", box=None, pad_edge=False, header_style="dim")
    for fault in error.faults:
        table.add_row(str(fault.line or ""), Text(fault.path), Text(fault.message), Text(fault.remedy))
    many = "1 fault" if len(error.faults) == 1 else f"{len(error.faults)} faults"
    console.print(f"{file}: {many}", markup=False, soft_wrap=True)
    console.print(table)
