"""From the text of a plant file to the plant, with all faults of the text at once."""

from twin.atlas.chemistry import Chemistry
from twin.atlas.plant import Plant, find_faults
from twin.atlas.plant_reading import PlantReading
from twin.atlas.policies import Policies
from twin.atlas.yaml_text import LONGEST_TEXT, DefinitionError, read_yaml

__all__ = ["LONGEST_TEXT", "DefinitionError", "parse"]


def parse(text: str, filename: str = "") -> Plant:
    """The plant that a file's text describes; version 1 is read as well.

    Raises
    ------
    DefinitionError
        Where anything is wrong with it, with every fault, its path, line and remedy.
    """
    read = read_yaml(text, filename)
    reading = PlantReading(read.plain)
    parts = reading.parts()
    findings = [*reading.findings, *find_faults(parts)]
    if findings:
        read.refuse(findings)
    return Plant(
        **reading.head,
        areas=tuple(parts.areas.values()),
        chemistry=Chemistry(tuple(parts.compounds.values()), tuple(parts.reactions.values())),
        sources=tuple(parts.sources.values()),
        equipment=tuple(parts.equipment.values()),
        streams=tuple(parts.streams.values()),
        policies=Policies(tuple(parts.policies.values())),
        tags=tuple(parts.tags.values()),
    )
