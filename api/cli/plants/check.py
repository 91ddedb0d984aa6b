"""`atlas plant check`."""

from pathlib import Path

import click

from api.cli.plants.named_plant import FILE, read_definition


@click.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Tell every fault of a plant file at once, each with its place and remedy; exit code 1 where there is one."""
    found = read_definition(file)
    counts = ((len(found.equipment), "equipment"), (len(found.tags), "tag"), (len(found.sources), "source"))
    told = ", ".join(f"{n} {word}{'' if n == 1 or word == 'equipment' else 's'}" for n, word in counts if n)
    click.echo(f"{file} is sound: {found.id}, {told}.")
