"""`atlas portfolio`: portfolios as files."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.plants.named_plant import FILE, data_dir_option, load, print_faults, read_definition, text_of

if TYPE_CHECKING:
    from twin.atlas.portfolio import Portfolio

_plant_option = click.option(
    "--plant", "files", type=FILE, multiple=True, help="File of one of its plants; others that ship or run are found."
)


@click.group()
def portfolio() -> None:
    """Check, draw and store portfolios: plants that hand over, share, buy and sell together."""


@portfolio.command()
@click.argument("file", type=FILE)
@_plant_option
@data_dir_option
def check(file: Path, files: tuple[Path, ...], data_dir: Path | None) -> None:
    """Tell every fault of a portfolio file at once, each with its place and remedy; exit code 1 where there is one."""
    found = _read(file, files, data_dir)
    click.echo(
        f"{file} is sound: {found.id}, {len(found.plants)} plants, {len(found.transfers)} transfers,"
        f" {len(found.utilities)} utilities, {len(found.contracts)} contracts."
    )


@portfolio.command()
@click.argument("file", type=FILE)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="SVG file to write [to stdout].")
@_plant_option
@data_dir_option
def draw(file: Path, output: Path | None, files: tuple[Path, ...], data_dir: Path | None) -> None:
    """Draw a portfolio as SVG."""
    from datetime import UTC, datetime

    from twin.atlas.portfolio_graphic import draw_portfolio

    drawing = draw_portfolio(_read(file, files, data_dir), datetime.now(UTC).date())
    if output is None:
        click.echo(drawing)
    else:
        output.write_text(drawing, encoding="utf-8")


@portfolio.command()
@click.argument("files", type=FILE, nargs=-1, required=True)
@data_dir_option
def store(files: tuple[Path, ...], data_dir: Path | None) -> None:
    """Put portfolios in force; their plants must be stored before.

    The database is ATLAS_DATABASE, or that of what runs in the data folder; an unchanged portfolio changes nothing.
    """
    from api.cli.running import database_address
    from api.settings import load as load_settings

    asyncio.run(_store(database_address(load_settings(data_dir=data_dir)), files))


async def _store(dsn: str, files: tuple[Path, ...]) -> None:
    from api.cli.plants.store import account
    from stream.handlers.store_portfolio import StorePortfolio, store_portfolio
    from stream.store.database import DatabaseConfig, open_engine
    from stream.store.unit_of_work import SqlUnitOfWork
    from twin.atlas.definition import DefinitionError

    engine = open_engine(DatabaseConfig(dsn, pool_size=1))
    try:
        for file in files:
            command = StorePortfolio(definition_text=text_of(file), filename=str(file), by=account())
            events = await store_portfolio(command, SqlUnitOfWork(engine))
            told = [f"{event.portfolio}: revision {event.revision} is in force" for event in events]
            click.echo("\n".join(told) or f"{file}: nothing new")
    except DefinitionError as error:
        print_faults(error.filename, error.faults)
        raise click.exceptions.Exit(1) from None
    finally:
        await engine.dispose()


def _read(file: Path, files: tuple[Path, ...], data_dir: Path | None) -> "Portfolio":
    from twin.atlas.definition import DefinitionError
    from twin.atlas.errors import AtlasError
    from twin.atlas.portfolio_file import parse_portfolio, read_plant_ids

    text = text_of(file)
    try:
        known = {str(plant.id): plant for plant in map(read_definition, files)}
        for plant in read_plant_ids(text, str(file)):
            if plant not in known:
                try:
                    known[plant] = load(plant, data_dir)
                except AtlasError:  # Neither ships nor runs: told as a fault of the file, with its line.
                    continue
        return parse_portfolio(text, known, str(file))
    except DefinitionError as error:
        print_faults(str(file), error.faults)
        raise click.exceptions.Exit(1) from None
