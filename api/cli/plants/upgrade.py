"""`atlas plant upgrade`."""

from pathlib import Path

import click

from api.cli.plants.named_plant import FILE, parse_definition, text_of


@click.command()
@click.argument("file", type=FILE)
@click.option("--in-place", is_flag=True, help="Write the file anew instead of printing it.")
def upgrade(file: Path, in_place: bool) -> None:
    """Bring a plant file of an older version up to the current one; comments stay.

    Old files are read all the same; only what is new in the form needs the new version. What the new version asks
    beyond that is told, and the file stays as it is.
    """
    from twin.atlas.upgrade import upgrade as upgrade_text

    before = text_of(file)
    after = upgrade_text(before)
    parse_definition(after, f"{file}, upgraded")
    if not in_place:
        click.echo(after, nl=False)
    elif after == before:
        click.echo(f"{file} is current already")
    else:
        file.write_text(after, encoding="utf-8")
        click.echo(f"{file} is of the current version now")
