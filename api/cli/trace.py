"""`atlas trace`: the way of a tag's newest reading."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from api.client import PlantClient
    from api.schemas import Trace


@click.command()
@click.argument("tag")
@click.option("--plant", help="Plant of the tag; needed only where several have one of that name.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def trace(tag: str, plant: str | None, data_dir: Path | None, as_json: bool) -> None:
    """Show the way of TAG's newest reading, with times: sensor, connector, Kafka, twin, row."""
    from api.cli.running import api_access
    from api.client import PlantClient
    from api.client.config import ClientConfig
    from api.settings import load

    access = api_access(load(data_dir=data_dir))
    with PlantClient(ClientConfig(access.address, access.key)) as client:
        found = client.trace(plant or _plant_of(client, tag), tag)
    if as_json:
        click.echo(found.model_dump_json(indent=1))
        return
    _print(found)


def _plant_of(client: "PlantClient", tag: str) -> str:
    plants = [each.id for each in client.plants().plants]
    having = [plant for plant in plants if any(each.name == tag for each in client.plant(plant).tags)]
    if len(having) == 1:
        return having[0]
    if not having:
        raise click.UsageError(f"no plant has a tag called {tag}; the plants are {', '.join(plants) or 'none yet'}")
    raise click.UsageError(f"{tag} is a tag of {' and '.join(having)}; name one with --plant")


def _print(found: "Trace") -> None:
    value = "no value yet" if found.value is None else f"{found.value:g} {found.unit}"
    click.echo(f"{found.tag} {found.description}: {value} ({found.status})")
    for step in found.steps:
        after = "" if step.after_ms is None else f"+{step.after_ms:.0f} ms"
        click.echo(f"{'✓' if step.reached else ' '} {step.where:<10} {step.time or '–':<33} {after:>9}  {step.text}")
