"""`atlas plant check`."""

from pathlib import Path

import click

from api.cli.plants.named_plant import FILE, read_definition


@click.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Tell every fault of a plant file at once, each with its place and remedy; exit code 1 where there is one."""
    found = read_definition(file)
    click.echo(f"{file} is sound: {found.id}, {len(found.tags)} tags, {len(found.sources)} sources.")
