"""`atlas plant new`."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Final

import click

from api.cli.plants.named_plant import check_id

SCHEMA_FILE: Final = "plant-file.schema.json"
"""What the first line of each template points editors to; it lies beside the plant file."""

TEMPLATES: Final = ("minimal", "tank", "reactor")


@click.command()
@click.argument("plant_id", metavar="ID")
@click.option("--template", type=click.Choice(TEMPLATES), default="minimal", show_default=True,
              help="What to begin with.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
              help="File to write [ID.yaml]; - for standard output.")  # fmt: skip
def new(plant_id: str, template: str, output: Path | None) -> None:
    """Write a plant file to begin with: sound, commented, and with a schema for editors beside it.

    ID is the plant's id, in small letters, digits and hyphens.
    """
    text = template_text(template, plant_id)
    if output == Path("-"):
        click.echo(text, nl=False)
        return
    file = output or Path(f"{plant_id}.yaml")
    if file.exists():
        raise click.UsageError(f"{file} is there already; name another with -o")
    file.write_text(text, encoding="utf-8")
    schema = write_schema(file.parent)
    click.echo(f"wrote {file}, and {schema} for editors\nnext: atlas plant check {file}")


def template_text(template: str, plant_id: str) -> str:
    """The text of a template for a plant."""
    check_id(plant_id)
    text = (files("api.cli.plants") / "templates" / f"{template}.yaml").read_text(encoding="utf-8")
    name = plant_id.replace("-", " ").capitalize()
    return text.replace("plant: my-plant", f"plant: {plant_id}").replace("name: My plant", f"name: {name}")


def write_schema(folder: Path) -> Path:
    """Write the form of plant files, with the types of equipment that are installed, for editors."""
    from twin.atlas.plant_file import json_schema

    file = folder / SCHEMA_FILE
    file.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    return file
