"""`atlas letters`: what could not be stored, why, and sending it again once its cause is mended."""

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from stream.keeper.letters import LetterSummary

_EPOCH_BITS: Final = 63

_data_dir = click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas].")


@click.group()
def letters() -> None:
    """Show what could not be stored, with its reason, and release it once the cause is mended.

    The servers are ATLAS_DATABASE and ATLAS_KAFKA, or those of what runs in the data folder.
    """


@letters.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many, newest first.")
@click.option("--plant", help="Of this plant only.")
@_data_dir
def list_letters(limit: int, plant: str | None, data_dir: Path | None) -> None:
    """List dead letters, newest first: number, time, plant, source, readings, and why."""
    found = asyncio.run(_list(data_dir, limit, plant))
    if not found:
        click.echo("There are no dead letters.")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("letter", "at (UTC)", "plant", "source", "readings", "", "reason", box=None, header_style="dim")
    for letter in found:
        when = f"{letter.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        plant_and_source = (Text(letter.plant), Text(letter.source))
        table.add_row(str(letter.id), when, *plant_and_source, str(letter.readings), letter.fate, Text(letter.reason))
    Console(highlight=False).print(table)


@letters.command()
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1), metavar="LETTER...")
@_data_dir
def release(ids: tuple[int, ...], data_dir: Path | None) -> None:
    """Send the batches of these letters again, as corrections; none is sent where one of them cannot be."""
    sent = asyncio.run(_release(data_dir, ids))
    click.echo(f"{sent} {'batch is' if sent == 1 else 'batches are'} on the way again.")


async def _list(data_dir: Path | None, limit: int, plant: str | None) -> "list[LetterSummary]":
    from api.cli.running import database_address
    from api.settings import load
    from stream.keeper.letters import newest_letters
    from stream.store.database import DatabaseConfig, connect

    config = DatabaseConfig(database_address(load(data_dir=data_dir)), application="atlas-letters")
    async with await connect(config, autocommit=True) as conn:
        return await newest_letters(conn, limit, plant)


async def _release(data_dir: Path | None, ids: tuple[int, ...]) -> int:
    from api.cli.running import database_address, kafka_address
    from api.settings import load
    from stream.kafka import KafkaConfig, open_producer
    from stream.keeper.letters import release_letters
    from stream.store.database import DatabaseConfig, connect

    settings = load(data_dir=data_dir)
    config = DatabaseConfig(database_address(settings), application="atlas-letters")
    producer = await open_producer(KafkaConfig(kafka_address(settings)), "atlas-letters")
    try:
        async with await connect(config, autocommit=True) as conn:
            return await release_letters(
                conn, producer, list(ids), datetime.now(UTC), lambda: secrets.randbits(_EPOCH_BITS)
            )
    finally:
        await producer.stop()
