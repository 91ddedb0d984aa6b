"""The plant: equipment joined by process streams, its tags and their sources; an aggregate that is whole or isn't."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import networkx as nx
from msgspec import UNSET

from twin.atlas.areas import Area, Location, find_area_faults
from twin.atlas.chemistry import Chemistry, find_chemistry_faults
from twin.atlas.control_loops import ControlLoop, find_loop_faults, find_loops, find_measuring_faults
from twin.atlas.economics import Economics
from twin.atlas.economics_file import read_economics
from twin.atlas.equipment import Equipment, Port
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Finding, did_you_mean
from twin.atlas.flowsheet import build_graph, find_stream_faults, join
from twin.atlas.invariants import find_tag_faults
from twin.atlas.live_triggers import live_triggers
from twin.atlas.material_paths import find_material_faults
from twin.atlas.model_faults import find_model_faults, modelled_units
from twin.atlas.model_file import ModelEntry
from twin.atlas.optimisation import Optimisation
from twin.atlas.optimisation_file import read_optimisation
from twin.atlas.plant_parts import PlantParts
from twin.atlas.policies import Policies
from twin.atlas.policy_faults import PolicyGround, find_policy_faults
from twin.atlas.prices import PriceBook
from twin.atlas.streams import MaterialStream, ProcessStream
from twin.atlas.tag_definition import Source, TagDefinition
from twin.atlas.tags import PlantId, TagTable, TagTableContent


class PlantError(AtlasError):
    """A plant that breaks its invariants; `findings` are all of them."""

    def __init__(self, plant: str, findings: tuple[Finding, ...]) -> None:
        listed = "; ".join(str(finding.fault()) for finding in findings)
        super().__init__(f"plant {plant} has {len(findings)} faults: {listed}", remedy="mend them and load it again")
        self.findings = findings


@dataclass(frozen=True, kw_only=True)
class ScanTimes:
    """Times of the plant's grid (rule closed-scans) in microseconds; see `TagTableContent`."""

    period_us: int = 1_000_000
    grace_us: int = 2_000_000
    silent_after_us: int = 10_000_000
    history_from_us: int = 0


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A plant as its file describes it; make one by `Plant.of`, which checks it.

    Parameters
    ----------
    id, name, description
        The plant's id, like `williams-otto`; what people call it; one sentence about it.
    time_zone
        Zone of its clock, like Europe/Berlin.
    scan
        Times of its grid.
    location, areas
        Whose it is and where, and how it is divided (ISA-95).
    chemistry
        Its compounds and reactions.
    sources
        Where readings come from.
    equipment, streams
        The flowsheet.
    tags
        What is measured, set and computed.
    policies
        What holds by equipment and operating mode.
    prices
        The first price book.
    model
        The process model that answers what-if questions, and what is estimated with it.
    """

    id: PlantId
    name: str
    description: str = ""
    time_zone: str = "UTC"
    scan: ScanTimes = ScanTimes()
    location: Location = field(default_factory=Location)
    areas: tuple[Area, ...] = ()
    chemistry: Chemistry = field(default_factory=Chemistry)
    sources: tuple[Source, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    streams: tuple[ProcessStream, ...] = ()
    tags: tuple[TagDefinition, ...] = ()
    policies: Policies = field(default_factory=Policies)
    prices: PriceBook = field(default_factory=PriceBook)
    model: ModelEntry | None = None

    @classmethod
    def of(cls, **fields: Any) -> "Plant":
        """Make a plant of the fields and check all its invariants; any sequence will do for what comes in order.

        Raises
        ------
        PlantError
            Where one is broken, with every fault.
        """
        ordered: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
        }
        plant = cls(**ordered)
        findings = find_faults(plant.parts)
        if findings:
            raise PlantError(plant.id, tuple(findings))
        return plant

    @property
    def parts(self) -> PlantParts:
        """Parts by index, as the checks take them."""
        return PlantParts(
            time_zone=self.time_zone,
            sources=dict(enumerate(self.sources)),
            equipment=dict(enumerate(self.equipment)),
            streams=dict(enumerate(self.streams)),
            tags=dict(enumerate(self.tags)),
            areas=dict(enumerate(self.areas)),
            compounds=dict(enumerate(self.chemistry.compounds)),
            reactions=dict(enumerate(self.chemistry.reactions)),
            policies=dict(enumerate(self.policies)),
            model=self.model,
            prices=self.prices,
        )

    @cached_property
    def equipment_by_id(self) -> dict[str, Equipment]:
        """Equipment by its id."""
        return {item.id: item for item in self.equipment}

    @cached_property
    def streams_by_name(self) -> dict[str, ProcessStream]:
        """Process streams by their name."""
        return {stream.name: stream for stream in self.streams}

    @cached_property
    def loops(self) -> tuple[ControlLoop, ...]:
        """What each controller measures and drives."""
        return find_loops(self.equipment_by_id, self.streams_by_name)

    @cached_property
    def tags_by_name(self) -> dict[str, TagDefinition]:
        """Tags by their name."""
        return {tag.name: tag for tag in self.tags}

    def tags_of(self, name: str) -> tuple[TagDefinition, ...]:
        """Tags of a piece of equipment or of a stream, in their order."""
        return tuple(tag for tag in self.tags if name in (tag.equipment, tag.stream))

    @cached_property
    def graph(self) -> "nx.MultiDiGraph[str]":
        """Equipment as nodes, process streams as edges; see `build_graph`."""
        return build_graph(self.equipment, self.streams)

    @cached_property
    def economics(self) -> Economics | None:
        """How its money is reckoned with the process model's answers; None where its file doesn't say."""
        if self.model is None or self.model.economics is None:
            return None
        return read_economics(self.model.economics, modelled_units(self.tags), self.prices)[0]

    @cached_property
    def optimisation(self) -> Optimisation | None:
        """How better settings are looked for with the process model; None where its file doesn't say."""
        if self.model is None or self.model.optimise is None:
            return None
        told = self.model.economics is not None
        return read_optimisation(self.model.optimise, modelled_units(self.tags), has_economics=told)[0]

    def ports(self, stream: ProcessStream) -> tuple[Port, Port]:
        """Ports that a stream comes from and goes to."""
        return join(stream, self.equipment_by_id)

    def tag_table(self, number: int, revision: int, tag_ids: Mapping[tuple[str, str], int]) -> TagTable:
        """Return the tag table of one revision.

        Parameters
        ----------
        number
            The plant's number, which the database gave.
        revision
            Which revision of the plant's file this is, from 1.
        tag_ids
            Number of each tag by (name, unit).

        Raises
        ------
        PlantError
            Where a tag has no number.
        """
        missing = tuple(
            Finding(("tags", index, "name"), f"tag {tag.name} in {tag.unit or '1'} has no number", "give it one first")
            for index, tag in enumerate(self.tags)
            if (tag.name, tag.unit) not in tag_ids
        )
        if missing:
            raise PlantError(self.id, missing)
        content = TagTableContent(
            plant=self.id,
            number=number,
            revision=revision,
            time_zone=self.time_zone,
            scan_period_us=self.scan.period_us,
            grace_us=self.scan.grace_us,
            silent_after_us=self.scan.silent_after_us,
            history_from_us=self.scan.history_from_us,
            tags=tuple(tag.numbered(tag_ids[tag.name, tag.unit]) for tag in self.tags),
            model=UNSET if self.model is None else self.model.live or UNSET,
            triggers=live_triggers(self.policies) or UNSET,
        )
        return TagTable.of(content)


def find_faults(parts: PlantParts) -> list[Finding]:
    """Every invariant that the parts break; how things hang together is asked only of streams that join."""
    local = [*find_tag_faults(parts), *find_area_faults(parts), *find_measuring_faults(parts)]
    local += [*_chemistry(parts), *_policies(parts), *find_model_faults(parts)]
    joins = find_stream_faults(parts)
    if joins or parts.broken_streams or parts.broken_equipment:
        return [*local, *joins]
    material = find_material_faults(parts) if parts.version > 1 else ()
    return [*local, *find_loop_faults(parts), *material]


def _policies(parts: PlantParts) -> list[Finding]:
    ground = PolicyGround(
        modes={item.id: item.modes for item in parts.equipment.values()},
        tags={tag.name: tag for tag in parts.tags.values()},
        unread={*parts.broken_equipment, *parts.broken_tags},
    )
    found = find_policy_faults(parts.policies, ground)
    return [Finding(("policies", *each.path), each.message, each.remedy) for each in found]


def _chemistry(parts: PlantParts) -> Iterator[Finding]:
    equipment = {*(item.id for item in parts.equipment.values()), *parts.broken_equipment}
    yield from find_chemistry_faults(parts.compounds, parts.reactions, equipment, parts.broken_compounds)
    known = {compound.id: compound for compound in parts.compounds.values()}
    for index, stream in parts.streams.items():
        mixture = stream.composition if isinstance(stream, MaterialStream) else None
        for compound in mixture.compounds if mixture else ():
            if known.get(compound.id) != compound:
                remedy = did_you_mean(compound.id, known, "list it under compounds")
                path = ("streams", index, "composition", compound.id)
                yield Finding(path, f"{compound.id} isn't among the plant's compounds", remedy)
