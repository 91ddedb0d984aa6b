"""`atlas plant draw`."""

from pathlib import Path

import click

from api.cli.plants.named_plant import data_dir_option, load


@click.command()
@click.argument("which")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="SVG file [standard output].")
@data_dir_option
def draw(which: str, output: Path | None, data_dir: Path | None) -> None:
    """Draw the process graphic of a plant as SVG.

    WHICH is a file, a shipped plant, or one that runs; of that, boiler-house@3 is its third revision.
    """
    from twin.atlas.graphic import draw as draw_plant

    svg = draw_plant(load(which, data_dir))
    if output is None:
        click.echo(svg)
    else:
        output.write_text(svg, encoding="utf-8")
