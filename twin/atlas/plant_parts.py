"""The parts of a plant as its checks take them, whole or not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from twin.atlas.areas import Area
from twin.atlas.compounds import Compound
from twin.atlas.equipment import Equipment
from twin.atlas.model_file import ModelEntry
from twin.atlas.policies import Policy
from twin.atlas.prices import PriceBook
from twin.atlas.reactions import Reaction
from twin.atlas.streams import ProcessStream
from twin.atlas.tag_definition import Source, TagDefinition


@dataclass(frozen=True)
class PlantParts:
    """Parts of a plant by their index in the description.

    `broken_tags`, `broken_equipment`, `broken_sources` and `broken_compounds` are names of entries that could not be
    read; nobody who mentions one is at fault for that. `broken_streams` and `broken_areas` count what could not be
    read. `version` is that of the description: what version 1 let pass stays readable for ever.
    """

    time_zone: str
    sources: Mapping[int, Source]
    equipment: Mapping[int, Equipment]
    streams: Mapping[int, ProcessStream]
    tags: Mapping[int, TagDefinition]
    areas: Mapping[int, Area] = field(default_factory=dict)
    compounds: Mapping[int, Compound] = field(default_factory=dict)
    reactions: Mapping[int, Reaction] = field(default_factory=dict)
    policies: Mapping[int, Policy] = field(default_factory=dict)
    model: ModelEntry | None = None
    prices: PriceBook = field(default_factory=PriceBook)
    broken_tags: Collection[str] = field(default_factory=frozenset)
    broken_equipment: Collection[str] = field(default_factory=frozenset)
    broken_sources: Collection[str] = field(default_factory=frozenset)
    broken_compounds: Collection[str] = field(default_factory=frozenset)
    broken_streams: int = 0
    broken_areas: int = 0
    version: int = 2

    @property
    def equipment_by_id(self) -> dict[str, Equipment]:
        """Equipment by id; of two with one id the first is meant, and the second has a fault of its own."""
        return {item.id: item for item in reversed(list(self.equipment.values()))}
