"""The form of a plant file, version 2: what each entry may say, read strictly; what it means is `definition`'s."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from twin.atlas.chemistry_file import CompoundEntry, ReactionEntry
from twin.atlas.entry import Entry, Instant, Name, Number, Place, Switch, Text, Whole
from twin.atlas.equipment import Carries, equipment_types
from twin.atlas.model_file import ModelEntry
from twin.atlas.policy_file import PolicyEntry
from twin.atlas.price_file import PriceEntry
from twin.atlas.tag_definition import TagKind

VERSION: Final = 2
EARLIEST: Final = date(2000, 1, 1)
"""Where a file doesn't say since when it has history; an unset clock says 1970 and is caught by this."""


class ScanEntry(Entry):
    """Times of the plant's grid in seconds."""

    period_s: Number = Field(1.0, ge=0.1, le=3600, description="time between two scans, s")
    grace_s: Number = Field(2.0, ge=0, le=600, description="how long a scan waits for late readings, s")
    silent_after_s: Number = Field(
        10.0, ge=1, le=86_400, description="silence after which a source's tags are stale, s"
    )


class SourceEntry(Entry):
    """Where readings come from."""

    name: Name = Field(description="short name; part of every batch that comes from there")
    kind: Literal["opcua", "push"] = Field("opcua", description="what speaks there")
    endpoint: Text = Field("", max_length=500, description="address, like opc.tcp://host:4840/path")
    options: dict[Text, Text | Whole | Number | Switch] = Field(default_factory=dict, description="the connector's own")


class LocationEntry(Entry):
    """Whose plant it is, and where."""

    enterprise: Text = Field("", max_length=120, description="whose plant it is")
    site: Text = Field("", max_length=120, description="where it stands")


class UnitEntry(Entry):
    """A unit of an area."""

    id: Name = Field(description="its number, like U110")
    name: Text = Field("", max_length=120, description="what people call it; its id if unset")


class AreaEntry(Entry):
    """An area of the plant."""

    id: Name = Field(description="its number, like A100")
    name: Text = Field("", max_length=120, description="what people call it; its id if unset")
    units: tuple[UnitEntry, ...] = Field((), description="its units, each `{id, name}`")


class EquipmentEntry(Entry):
    """A piece of equipment."""

    id: Name = Field(description="its number on the flowsheet, like R-101")
    type: Text = Field(description="one of the equipment types")
    name: Text = Field("", max_length=120, description="what people call it; its id if unset")
    area: Text = Field("", description="id of the area that it stands in")
    unit: Text = Field("", description="id of the unit that it belongs to")
    measures: Text = Field("", description="of an instrument or controller: equipment or stream that it measures")
    design: dict[Text, Text | Number] = Field(default_factory=dict, description="design data with units, as its type")
    modes: tuple[Name, ...] = Field((), description="operating modes that it knows; those of its type if unset")
    at: Place | None = Field(None, description="middle of its symbol in drawing units")


class StreamEntry(Entry):
    """What flows from one port to another."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    name: Name = Field(description="its number on the flowsheet, like S-1")
    source: Text = Field(alias="from", description="equipment or equipment.port that it leaves")
    target: Text = Field(alias="to", description="equipment or equipment.port that it enters")
    carries: Carries = Field("material", description="what flows")
    composition: dict[Name, Text] = Field(
        default_factory=dict, description="share of each compound, like {A: 40 wt%, B: 60 wt%}; all wt% or all mol%"
    )
    description: Text = Field("", max_length=200, description="what a person reads of it")
    via: tuple[Place, ...] = Field((), description="corners of its line, where the drawing needs them")


class LimitsEntry(Entry):
    """Limits in the tag's unit."""

    low_low: Number | None = Field(None, description="below it the state is low low")
    low: Number | None = Field(None, description="below it the state is low")
    high: Number | None = Field(None, description="above it the state is high")
    high_high: Number | None = Field(None, description="above it the state is high high")
    deadband: Number = Field(0.0, description="how far a value must come back before the state clears")


class TagEntry(Entry):
    """A tag."""

    name: Name = Field(description="ISA-5.1 name with the part of its loop, like TIC-101.PV")
    description: Text = Field(min_length=1, max_length=200, description="what a person reads beside the name")
    unit: Text = Field("", max_length=40, description="unit that is stored and shown; empty for enumerations")
    range: tuple[Number, Number] = Field(description="the instrument's range in the tag's unit")
    decimals: Whole = Field(2, ge=0, le=9, description="figures after the point on every screen")
    limits: LimitsEntry = Field(LimitsEntry(), description="see Limits")
    stale_after_s: Number | None = Field(
        None, ge=0, description="age that makes it stale, s; 0: reports on change only"
    )
    equipment: Text = Field("", description="id of the equipment that it belongs to")
    stream: Text = Field("", description="name of the stream that it measures")
    source: Text = Field("", description="name of its source; may be left out where the plant has one")
    address: Text = Field("", max_length=500, description="where the source keeps it, like ns=2;s=TIC-101.PV")
    source_unit: Text = Field("", max_length=40, description="the source's unit where it differs")
    expression: Text = Field("", description="of a derived tag: [TI-1.PV] - [TI-2.PV]")
    estimate: Text = Field("", description="of a derived tag: an unknown or output of the model, as estimated")
    states: tuple[Text, ...] = Field((), description="names of an enumeration's integers, from 0")
    kind: TagKind = Field("measured", description="what it is to its loop")
    shown: Switch | Place = Field(False, description="on the process graphic, perhaps at a place")


class PlantFile(Entry):
    """A whole plant file."""

    atlas: Literal[1, 2] = Field(description="version of the form; 1 is still read")
    plant: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9\-]*$", max_length=60)] = Field(description="the plant's id")
    name: Text = Field(min_length=1, max_length=120, description="what people call the plant")
    description: Text = Field("", description="one sentence about it")
    time_zone: Text = Field("UTC", description="zone of the plant's clock, like Europe/Berlin")
    history_from: Instant = Field(
        datetime(EARLIEST.year, 1, 1, tzinfo=UTC), description="earliest time a reading may bear"
    )
    scan: ScanEntry = Field(ScanEntry(), description="see Scan")
    location: LocationEntry = Field(LocationEntry(), description="see Location")
    areas: tuple[AreaEntry, ...] = Field((), description="see Areas")
    compounds: tuple[CompoundEntry, ...] = Field((), description="see Compounds")
    reactions: tuple[ReactionEntry, ...] = Field((), description="see Reactions")
    sources: tuple[SourceEntry, ...] = Field(min_length=1, description="see Sources")
    equipment: tuple[EquipmentEntry, ...] = Field((), description="see Equipment")
    streams: tuple[StreamEntry, ...] = Field((), description="see Streams")
    prices: tuple[PriceEntry, ...] = Field((), description="see Prices")
    policies: tuple[PolicyEntry, ...] = Field((), description="see Policies")
    model: ModelEntry | None = Field(None, description="see Model")
    tags: tuple[TagEntry, ...] = Field(min_length=1, description="see Tags")


LISTS: Final[dict[str, type[Entry]]] = {
    "areas": AreaEntry, "compounds": CompoundEntry, "reactions": ReactionEntry, "sources": SourceEntry,
    "equipment": EquipmentEntry, "streams": StreamEntry,
    "prices": PriceEntry, "policies": PolicyEntry, "tags": TagEntry,
}  # fmt: skip
"""The parts that are lists, with the form of their entries."""


def json_schema() -> dict[str, Any]:
    """The form as JSON Schema, so that editors complete and check plant files."""
    schema = PlantFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Atlas Live plant file"
    schema["$defs"]["EquipmentEntry"]["properties"]["type"]["enum"] = list(equipment_types())
    return schema
