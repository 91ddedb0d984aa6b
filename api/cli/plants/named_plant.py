"""The plant that a command's argument names: a file, one that ships, or one that runs, perhaps at a revision."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin.atlas.faults import Fault
    from twin.atlas.plant import Plant

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
data_dir_option = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Data folder [.atlas]."
)


def check_id(plant_id: str) -> str:
    """The id of a plant that doesn't exist yet.

    Raises
    ------
    click.UsageError
        Where no plant may have it.
    """
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", plant_id) is None:
        raise click.UsageError(f"'{plant_id}' is no plant's id: write small letters, digits and hyphens, like my-plant")
    return plant_id


def read_definition(file: Path) -> "Plant":
    """Read a plant file.

    Raises
    ------
    click.exceptions.Exit
        Where it has faults; all of them have been told by then.
    """
    return parse_definition(text_of(file), str(file))


def load(which: str, data_dir: Path | None) -> "Plant":
    """The plant that WHICH names: a file, a shipped plant, or one that runs (`boiler-house`, `boiler-house@3`).

    Raises
    ------
    click.exceptions.Exit
        Where the file has faults; all of them have been told by then.
    AtlasError, ApiClientError
        Where it is no file and does not ship, and nothing runs, or what runs does not have it.
    """
    file = definition_file(which)
    return read_definition(file) if file is not None else parse_definition(_running_text(which, data_dir), which)


def definition_file(which: str) -> Path | None:
    """The file that `which` names, or that of the shipped plant of this name; None where it is neither."""
    from twin.plants import names, path

    if Path(which).is_file():
        return Path(which)
    return Path(path(which)) if which in names() else None


def existing_file(which: str) -> Path:
    """The same.

    Raises
    ------
    click.UsageError
        Where it is neither.
    """
    file = definition_file(which)
    if file is None:
        raise click.UsageError(f"{which} is neither a file nor a shipped plant; 'atlas plant list' shows those")
    return file


def text_of(file: Path) -> str:
    """The text of a file.

    Raises
    ------
    AtlasError
        Where it cannot be read.
    """
    from twin.atlas.errors import AtlasError

    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AtlasError(f"{file} cannot be read: {error}", remedy="give a readable file in UTF-8") from error


def _running_text(which: str, data_dir: Path | None) -> str:
    from api.cli.running import api_access
    from api.client import PlantClient
    from api.client.config import ClientConfig
    from api.settings import load as load_settings

    found = re.fullmatch(r"([a-z0-9-]+)(?:@([1-9][0-9]*))?", which)
    if found is None:
        raise click.UsageError(f"{which} is no file and no plant's id, like boiler-house or boiler-house@3")
    # A plant file tells where its sources are and who signs in there, which is not every viewer's business.
    access = api_access(load_settings(data_dir=data_dir), as_admin=True)
    with PlantClient(ClientConfig(access.address, access.key)) as client:
        return str(client.definition(found[1], int(found[2]) if found[2] else None))


def parse_definition(text: str, name: str) -> "Plant":
    """The plant of a text that goes by `name`; see `read_definition`."""
    from twin.atlas.definition import DefinitionError, parse

    try:
        return parse(text, filename=name)
    except DefinitionError as error:
        print_faults(name, error.faults)
        raise click.exceptions.Exit(1) from None


def print_faults(name: str, faults: "Sequence[Fault]") -> None:
    """Tell faults as a table on standard error."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    table = Table("line", "where", "fault", "remedy", box=None, pad_edge=False, header_style="dim")
    for fault in faults:
        table.add_row(str(fault.line or ""), Text(fault.path), Text(fault.message), Text(fault.remedy))
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    console.print(f"{name}: {many}", markup=False, soft_wrap=True)
    console.print(table)
