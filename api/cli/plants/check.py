"""`atlas plant check`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.plants.named_plant import FILE, parse_definition, print_faults, text_of

if TYPE_CHECKING:
    from twin.atlas.plant import Plant


@click.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Tell every fault of a plant file at once, each with its place and remedy; exit code 1 where there is one."""
    text = text_of(file)
    found = parse_definition(text, str(file))
    _check_model(text, found, str(file))
    counts = ((len(found.equipment), "equipment"), (len(found.tags), "tag"), (len(found.sources), "source"))
    told = ", ".join(f"{n} {word}{'' if n == 1 or word == 'equipment' else 's'}" for n, word in counts if n)
    click.echo(f"{file} is sound: {found.id}, {told}.")


def _check_model(text: str, plant: "Plant", name: str) -> None:
    """Hold the plant to its process model, where there is one."""
    if plant.model is None:
        return
    from twin.atlas.yaml_text import read_yaml
    from twin.estimation.plant_check import find_estimate_faults

    findings, unchecked = find_estimate_faults(plant)
    if unchecked:
        click.echo(f"{name}: {unchecked}", err=True)
    if findings:
        read = read_yaml(text, name)
        print_faults(name, [finding.fault(read.line(finding.path)) for finding in findings])
        raise click.exceptions.Exit(1)
