"""`atlas plant draw`."""

from pathlib import Path

import click

from api.cli.plants.named_plant import existing_file, read_definition


@click.command()
@click.argument("which")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="SVG file [standard output].")
def draw(which: str, output: Path | None) -> None:
    """Draw the process graphic of a plant file, or of a shipped plant, as SVG."""
    from twin.atlas.graphic import draw as draw_plant

    svg = draw_plant(read_definition(existing_file(which)))
    if output is None:
        click.echo(svg)
    else:
        output.write_text(svg, encoding="utf-8")
