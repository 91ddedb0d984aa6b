"""What the API tells of a plant's file: its equipment, process streams and sources, and its graphic."""

from typing import Any

from api.plant_directory import PlantFile
from connectors.connection import SourceSettings
from twin.atlas.definition import parse
from twin.atlas.equipment import Equipment
from twin.atlas.graphic import draw
from twin.atlas.streams import ProcessStream


def read_plant_file(text: str) -> PlantFile:
    """Read a stored plant file and draw it; takes tens of milliseconds.

    Raises
    ------
    DefinitionError
        Where the text is no plant file of this release.
    """
    plant = parse(text)
    sources = tuple(
        SourceSettings(name=source.name, kind=source.kind, endpoint=source.endpoint, options=dict(source.options))
        for source in plant.sources
    )
    return PlantFile(
        equipment=[_equipment(item) for item in plant.equipment],
        streams=[_stream(stream) for stream in plant.streams],
        sources=sources,
        graphic=draw(plant),
    )


def _equipment(item: Equipment) -> dict[str, Any]:
    return {"id": item.id, "name": item.name, "kind": item.type.name, "description": item.type.description}


def _stream(stream: ProcessStream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "description": stream.description,
        "carries": stream.carries,
        "from": stream.source.equipment,
        "from_port": stream.source.port,
        "to": stream.target.equipment,
        "to_port": stream.target.port,
    }
