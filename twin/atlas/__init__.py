"""The plant as engineers and programmers share it: `from twin.atlas import Plant, Equipment, ProcessStream, parse`.

A plant is equipment joined by streams, and tags that measure both. `Plant.of` makes one in Python, `parse` reads a
plant file, `text_of` writes one. Quantities carry their units; chemistry, policies and prices belong to the plant.
Nothing here does any I/O. docs/explanation/atlas.md shows a plant made in thirty lines.

A name comes from its module when it is first asked for, so that a process loads only what it uses (ADR 32).
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from twin.atlas.areas import Area as Area
    from twin.atlas.areas import Location as Location
    from twin.atlas.areas import PlantUnit as PlantUnit
    from twin.atlas.chemistry import Chemistry as Chemistry
    from twin.atlas.compounds import Compound as Compound
    from twin.atlas.compounds import find_compound as find_compound
    from twin.atlas.definition import parse as parse
    from twin.atlas.difference import compare as compare
    from twin.atlas.equipment import Equipment as Equipment
    from twin.atlas.equipment import ParameterField as ParameterField
    from twin.atlas.equipment import Port as Port
    from twin.atlas.equipment import Vessel as Vessel
    from twin.atlas.errors import AtlasError as AtlasError
    from twin.atlas.graphic import draw as draw
    from twin.atlas.kinetics import Kinetics as Kinetics
    from twin.atlas.mixtures import Mixture as Mixture
    from twin.atlas.plant import Plant as Plant
    from twin.atlas.policies import Policies as Policies
    from twin.atlas.policies import Policy as Policy
    from twin.atlas.portfolio import Portfolio as Portfolio
    from twin.atlas.prices import Price as Price
    from twin.atlas.prices import PriceBook as PriceBook
    from twin.atlas.quantities import Quantity as Quantity
    from twin.atlas.reactions import Reaction as Reaction
    from twin.atlas.save import edited as edited
    from twin.atlas.save import text_of as text_of
    from twin.atlas.state import PlantState as PlantState
    from twin.atlas.streams import ProcessStream as ProcessStream
    from twin.atlas.tag_definition import Source as Source
    from twin.atlas.tag_definition import TagDefinition as TagDefinition
    from twin.atlas.tags import Limits as Limits
    from twin.atlas.tags import TagTable as TagTable
    from twin.atlas.text_picture import draw_text as draw_text
    from twin.atlas.traversal import downstream as downstream
    from twin.atlas.traversal import recycles as recycles
    from twin.atlas.traversal import shortest_path as shortest_path
    from twin.atlas.traversal import tear_streams as tear_streams
    from twin.atlas.traversal import upstream as upstream

_MODULES: Final = {
    "areas": ("Area", "Location", "PlantUnit"), "chemistry": ("Chemistry",),
    "compounds": ("Compound", "find_compound"), "definition": ("parse",), "difference": ("compare",),
    "equipment": ("Equipment", "ParameterField", "Port", "Vessel"), "errors": ("AtlasError",), "graphic": ("draw",),
    "kinetics": ("Kinetics",), "mixtures": ("Mixture",), "plant": ("Plant",), "policies": ("Policies", "Policy"),
    "portfolio": ("Portfolio",), "prices": ("Price", "PriceBook"), "quantities": ("Quantity",),
    "reactions": ("Reaction",), "save": ("edited", "text_of"), "state": ("PlantState",),
    "streams": ("ProcessStream",), "tag_definition": ("Source", "TagDefinition"), "tags": ("Limits", "TagTable"),
    "text_picture": ("draw_text",),
    "traversal": ("downstream", "recycles", "shortest_path", "tear_streams", "upstream"),
}  # fmt: skip
"""The public names by the module that each comes from."""

_HOMES: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    module = _HOMES.get(name)
    if module is None:
        raise AttributeError(f"module 'twin.atlas' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"twin.atlas.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, for people who look around."""
    return sorted(_HOMES)
