"""`atlas plant store`."""

import asyncio
import getpass
import os
import socket
from pathlib import Path

import click

from api.cli.plants.named_plant import data_dir_option, existing_file, read_definition, text_of


@click.command()
@click.argument("which", nargs=-1, required=True)
@data_dir_option
def store(which: tuple[str, ...], data_dir: Path | None) -> None:
    """Put plants in force: brings the database's schema up to date, then stores what is new.

    WHICH are plant files, or names of shipped plants. The database is ATLAS_DATABASE, or that of what runs in the data
    folder; an unchanged plant changes nothing.
    """
    from api.cli.running import database_address
    from api.settings import load

    files = tuple(existing_file(each) for each in which)
    for file in files:
        read_definition(file)
    settings = load(data_dir=data_dir)
    dsn = database_address(settings)
    from stream.store.migrations import upgrade

    upgrade(dsn)
    asyncio.run(_store(dsn, files, settings.kafka))


async def _store(dsn: str, files: tuple[Path, ...], kafka: str) -> None:
    from stream.handlers.store_plant import PlantRevised, StorePlant, store_plant
    from stream.store.database import DatabaseConfig, open_engine
    from stream.store.unit_of_work import SqlUnitOfWork

    engine = open_engine(DatabaseConfig(dsn, pool_size=1))
    try:
        for file in files:
            command = StorePlant(definition_text=text_of(file), filename=str(file), by=account())
            events = await store_plant(command, SqlUnitOfWork(engine))
            for event in events:
                what = f"revision {event.revision}" if isinstance(event, PlantRevised) else "its first price book"
                click.echo(f"{event.plant}: {what} is in force")
            if not events:
                click.echo(f"{file}: nothing new")
    finally:
        await engine.dispose()
    if kafka:
        # Made here once, so that the processes of a new run do not all make them at the same time.
        from stream.kafka import KafkaConfig, ensure_topics

        await ensure_topics(KafkaConfig(kafka))


def account() -> str:
    """Who stores: the account and its machine; the account's number where it has no name, as in a container."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"
