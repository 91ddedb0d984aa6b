"""`atlas plant show`."""

from pathlib import Path
from typing import Final

import click

from api.cli.plants.named_plant import data_dir_option, load

MOST_DRAWN: Final = 150
"""Pieces of equipment up to which a picture in 100 columns still shows anything."""


@click.command()
@click.argument("which")
@click.option("--picture/--no-picture", default=True, help="The flowsheet in characters, below the tree.")
@data_dir_option
def show(which: str, picture: bool, data_dir: Path | None) -> None:
    """Show what a plant consists of, as a tree, and its flowsheet.

    WHICH is a file, a shipped plant, or one that runs; of that, boiler-house@3 is its third revision.
    """
    from rich.console import Console

    from api.cli.plants.plant_tree import tree
    from twin.atlas.text_picture import draw_text

    plant = load(which, data_dir)
    Console(highlight=False).print(tree(plant))
    if picture and len(plant.equipment) > MOST_DRAWN:
        click.echo(f"no picture: {len(plant.equipment)} pieces of equipment fill no terminal; 'atlas plant draw' does")
    elif picture:
        click.echo()
        for line in draw_text(plant):
            click.echo(line)
