"""`atlas plant show`."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from api.cli.plants.named_plant import data_dir_option, load

if TYPE_CHECKING:
    from twin.atlas.plant import Plant

MOST_DRAWN: Final = 150
"""Pieces of equipment up to which a picture in 100 columns still shows anything."""


@click.command()
@click.argument("which")
@click.option("--area", help="Only this area or unit, and the streams that cross its boundary.")
@click.option("--picture/--no-picture", default=True, help="The flowsheet in characters, below the tree.")
@data_dir_option
def show(which: str, area: str | None, picture: bool, data_dir: Path | None) -> None:
    """Show what a plant consists of, as a tree, and its flowsheet.

    WHICH is a file, a shipped plant, or one that runs; of that, boiler-house@3 is its third revision.
    """
    from rich.console import Console

    from api.cli.plants.plant_tree import tree
    from twin.atlas.text_picture import draw_text

    plant = load(which, data_dir)
    told, drawn, crossing = (plant, plant, ()) if area is None else _part(plant, area)
    Console(highlight=False).print(tree(told))
    for line in crossing:
        click.echo(line)
    if picture and len(drawn.equipment) > MOST_DRAWN:
        click.echo(f"no picture: {len(drawn.equipment)} pieces of equipment fill no terminal; --area shows a part")
    elif picture:
        click.echo()
        for line in draw_text(drawn):
            click.echo(line)


def _part(plant: "Plant", area: str) -> "tuple[Plant, Plant, tuple[str, ...]]":
    """A plant's area or unit with the streams that leave it, the same without these, and a line for each direction."""
    from twin.atlas.traversal import part_of_area

    part, streams = part_of_area(plant, area), plant.streams_by_name
    inside, told = set(part.nodes), {*part.streams, *part.outlets}
    alone = replace(
        plant,
        areas=tuple(one for one in plant.areas if area in (one.id, *(unit.id for unit in one.units))),
        equipment=tuple(item for item in plant.equipment if item.id in inside),
        streams=tuple(stream for stream in plant.streams if stream.name in told),
        tags=tuple(tag for tag in plant.tags if (tag.stream in told if tag.stream else tag.equipment in inside)),
    )
    incoming = ", ".join(f"{name} from {streams[name].source.equipment}" for name in part.inlets)
    leaving = ", ".join(f"{name} to {streams[name].target.equipment}" for name in part.outlets)
    drawn = replace(alone, streams=tuple(stream for stream in alone.streams if stream.name in part.streams))
    return alone, drawn, (f"in   {incoming or 'nothing'}", f"out  {leaving or 'nothing'}")
