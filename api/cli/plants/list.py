"""`atlas plant list`."""

from pathlib import Path

import click

from api.cli.plants.named_plant import data_dir_option


@click.command("list")
@data_dir_option
def list_plants(data_dir: Path | None) -> None:
    """List the plants that run, and those that ship."""
    from api.cli import running
    from api.settings import load
    from twin.plants import names

    settings = load(data_dir=data_dir)
    if settings.api_url or running.find(settings.data_dir) is not None:
        from api.client import PlantClient
        from api.client.config import ClientConfig

        access = running.api_access(settings)
        with PlantClient(ClientConfig(access.address, access.key)) as client:
            for each in client.plants().plants:
                click.echo(f"{each.id:<24} {each.state:<8} {each.tags:>4} tags  {each.name}")
    for name in names():
        click.echo(f"{name:<24} ships")
