"""`atlas plant diff`."""

from pathlib import Path

import click

from api.cli.plants.named_plant import data_dir_option, load


@click.command()
@click.argument("before")
@click.argument("after")
@data_dir_option
def diff(before: str, after: str, data_dir: Path | None) -> int:
    """Tell what differs from one plant to another; exit code 1 where anything does.

    BEFORE and AFTER are files, shipped plants, or plants that run: boiler-house is the revision in force,
    boiler-house@3 the third one. Comments and the order of keys make no difference.
    """
    from twin.atlas.difference import compare

    difference = compare(load(before, data_dir), load(after, data_dir))
    for line in difference.lines():
        click.echo(line)
    return 0 if difference.is_empty else 1
