"""`atlas plant import`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.plants.named_plant import FILE, check_id, print_faults
from api.cli.plants.new import SCHEMA_FILE, write_schema

if TYPE_CHECKING:
    from twin.importing.imported import Imported


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--id", "plant_id", help="The plant's id [that of the first file's name].")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write [ID.yaml].")
@click.option("--endpoint", default="", help="OPC UA server that the tags' addresses belong to.")
@click.option("--column", "columns", multiple=True, metavar="FIELD=TITLE",
              help="A column of the tag list that bears an unusual name; may be given often.")  # fmt: skip
def import_plant(
    files: tuple[Path, ...], plant_id: str | None, output: Path | None, endpoint: str, columns: tuple[str, ...]
) -> None:
    """Make a plant file of a tag list (CSV), of a P&ID (DEXPI, as Proteus XML), or of both.

    Every row and item that could not be taken is told, with its line and remedy; exit code 1 where there is one. What
    was assumed stands at the head of the file. A P&ID needs the extra 'dexpi'.
    """
    made_id = check_id(plant_id) if plant_id else _id_of(files[0])
    file = output or Path(f"{made_id}.yaml")
    if file.exists():
        raise click.UsageError(f"{file} is there already; name another with -o")
    made = _read(files, made_id, endpoint, dict(_pair(column) for column in columns))
    file.write_text(_text(made, files), encoding="utf-8")
    write_schema(file.parent)
    plant = made.plant
    click.echo(f"wrote {file}: {len(plant.equipment)} equipment, {len(plant.streams)} streams, {len(plant.tags)} tags")
    for note in made.notes:
        click.echo(f"  {note}")
    if made.faults:
        print_faults("left out", made.faults)
        raise click.exceptions.Exit(1)


def _read(files: tuple[Path, ...], plant: str, endpoint: str, columns: dict[str, str]) -> "Imported":
    from twin.importing.tag_list import read_tag_list

    drawings = [file for file in files if file.suffix.lower() == ".xml"]
    lists = [file for file in files if file not in drawings]
    if len(drawings) > 1 or len(lists) > 1:
        raise click.UsageError("give one tag list, one P&ID, or one of each")
    listed = read_tag_list(_foreign_text(lists[0]), plant, endpoint, columns) if lists else None
    return listed if listed is not None and not drawings else _read_drawing(drawings[0], plant, listed)


def _read_drawing(file: Path, plant: str, listed: "Imported | None") -> "Imported":
    from twin.importing.dexpi import read_dexpi
    from twin.importing.drawn_plant import plant_of_drawing

    return plant_of_drawing(read_dexpi(_foreign_text(file)), plant, listed)


def _foreign_text(file: Path) -> str:
    """The text of a file in UTF-8, or as Windows' spreadsheets save it."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _text(made: "Imported", files: tuple[Path, ...]) -> str:
    from twin.atlas.save import text_of

    head = [f"Imported from {' and '.join(file.name for file in files)}.", *made.notes]
    comments = "".join(f"# {line}\n" for note in head for line in note.splitlines())
    return f"# yaml-language-server: $schema={SCHEMA_FILE}\n{comments}{text_of(made.plant).rstrip()}\n"


def _id_of(file: Path) -> str:
    made = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")[:60]
    if not made:
        raise click.UsageError(f"no plant's id can be made of {file.name}; give one with --id")
    return made


def _pair(given: str) -> tuple[str, str]:
    field, sign, title = given.partition("=")
    if not sign:
        raise click.UsageError(f"'{given}' is no FIELD=TITLE; write it like tag=Signal")
    return field.strip(), title.strip()
