"""From the plain values of a plant file to the parts of a plant; a broken entry hides no fault of the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

from pydantic import ValidationError

from twin.atlas.areas import Area, Location, PlantUnit
from twin.atlas.chemistry_file import (
    CompoundEntry,
    ReactionEntry,
    read_composition,
    read_compounds,
    read_reactions,
)
from twin.atlas.compounds import Compound
from twin.atlas.entry import Entry
from twin.atlas.equipment import RENAMED, Equipment, EquipmentError, EquipmentType, Instrument, equipment_types
from twin.atlas.equipment.design import read_design
from twin.atlas.equipment.registry import find_type
from twin.atlas.faults import Finding
from twin.atlas.form_faults import form_findings
from twin.atlas.plant import ScanTimes
from twin.atlas.plant_file import (
    LISTS,
    VERSION,
    AreaEntry,
    EquipmentEntry,
    LocationEntry,
    PlantFile,
    SourceEntry,
    StreamEntry,
    TagEntry,
)
from twin.atlas.plant_parts import PlantParts
from twin.atlas.policies import Policy
from twin.atlas.policy_file import PolicyEntry, read_policies
from twin.atlas.price_file import PriceEntry, read_prices
from twin.atlas.streams import STREAM_KINDS, End, ProcessStream
from twin.atlas.tag_definition import Source, TagDefinition, TagKind
from twin.atlas.tags import Limits

_DEFAULT_STALE_S: Final = 10.0
_NEEDED: Final = ("sources", "tags")
_NAME_KEYS: Final = {"sources": "name", "equipment": "id", "compounds": "id", "tags": "name"}

_E = TypeVar("_E", bound=Entry)


@dataclass
class PlantReading:
    """Reads the entries one by one; `parts` for the checks, `head` for the rest, `findings` for what can't be read."""

    plain: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)
    _read: dict[str, dict[int, Entry]] = field(default_factory=dict)

    def parts(self) -> PlantParts:
        """What could be read."""
        self._read = {part: self._read_list(part, self.plain.get(part)) for part in LISTS}
        self._read_head()
        sources = {i: _source(entry) for i, entry in self._entries("sources", SourceEntry).items()}
        only = _only_source(self.plain.get("sources"))
        compounds, found = read_compounds(self._entries("compounds", CompoundEntry))
        self._add("compounds", found)
        reactions, found = read_reactions(self._entries("reactions", ReactionEntry))
        self._add("reactions", found)
        tags = {i: _tag(entry, only) for i, entry in self._entries("tags", TagEntry).items()}
        return PlantParts(
            time_zone=self.head["time_zone"],
            sources=sources,
            equipment=dict(self._equipment()),
            streams=dict(self._streams(compounds)),
            tags=tags,
            compounds=compounds,
            reactions=reactions,
            policies=self._policies(tags),
            model=self.head["model"],
            prices=self.head["prices"],
            areas={i: _area(entry) for i, entry in self._entries("areas", AreaEntry).items()},
            broken_tags=self._broken("tags"),
            broken_equipment=self._broken("equipment"),
            # Where none could be read, no tag is at fault for leaving its source out.
            broken_sources=self._broken("sources") | (frozenset() if sources else {""}),
            broken_compounds=self._broken_compounds(compounds),
            broken_streams=self._lost("streams"),
            broken_areas=self._lost("areas"),
            version=1 if self.plain.get("atlas") == 1 else VERSION,
        )

    def _entries(self, part: str, form: type[_E]) -> dict[int, _E]:
        return cast("dict[int, _E]", self._read[part])

    def _read_head(self) -> None:
        plain = self.plain
        filled: dict[str, Any] = {
            "sources": [{"name": "x"}], "tags": [{"name": "x", "description": "x", "range": (0, 1)}],
        }  # fmt: skip
        head: Any = None
        try:
            head = PlantFile.model_validate({k: v for k, v in plain.items() if k not in LISTS} | filled)
        except ValidationError as error:
            self.findings += form_findings(error, PlantFile)
        for part in _NEEDED:
            if plain.get(part) is None:
                self.findings.append(Finding((part,), f"the plant has no {part}", f"list at least one under '{part}:'"))
        scan = head.scan if head else PlantFile.model_fields["scan"].default
        since = head.history_from if head else datetime(2000, 1, 1, tzinfo=UTC)
        location = head.location if head else LocationEntry()
        prices, findings = read_prices(self._entries("prices", PriceEntry))
        self._add("prices", findings)
        self.head = {
            "id": head.plant if head else "",
            "name": head.name if head else "",
            "description": head.description if head else "",
            "time_zone": head.time_zone if head else _text(plain.get("time_zone"), "UTC"),
            "location": Location(location.enterprise, location.site),
            "prices": prices,
            "model": head.model if head else None,
            "scan": ScanTimes(
                period_us=round(scan.period_s * 1e6),
                grace_us=round(scan.grace_s * 1e6),
                silent_after_us=round(scan.silent_after_s * 1e6),
                history_from_us=round(since.timestamp() * 1e6),
            ),
        }

    def _read_list(self, part: str, given: object) -> dict[int, Entry]:
        if given is None:
            return {}
        if not isinstance(given, list):
            self.findings.append(Finding((part,), f"'{part}' is no list", "begin each entry with '- '"))
            return {}
        if not given and part in _NEEDED:
            self.findings.append(Finding((part,), f"the plant has no {part}", f"list at least one under '{part}:'"))
        read: dict[int, Entry] = {}
        for index, entry in enumerate(given):
            try:
                read[index] = LISTS[part].model_validate(entry)
            except ValidationError as error:
                self.findings += form_findings(error, LISTS[part], (part, index))
        return read

    def _policies(self, tags: Mapping[int, TagDefinition]) -> dict[int, Policy]:
        by_name = {tag.name: tag for tag in tags.values()}
        policies, findings = read_policies(self._entries("policies", PolicyEntry), by_name)
        self._add("policies", findings)
        return policies

    def _equipment(self) -> Iterator[tuple[int, Equipment]]:
        for index, entry in self._entries("equipment", EquipmentEntry).items():
            try:
                kind = self._type(entry.type)
            except EquipmentError as error:
                self.findings.append(Finding(("equipment", index, "type"), error.message, error.remedy))
                continue
            design, findings = read_design(entry.design, kind.design_fields)
            self._add("equipment", findings, index, "design")
            measures = {"measures": entry.measures} if issubclass(kind.kind, Instrument) else {}
            if entry.measures and not measures:
                message, remedy = f"a {kind.name} measures nothing", "leave it out, or add an instrument that does"
                self.findings.append(Finding(("equipment", index, "measures"), message, remedy))
            yield (
                index,
                kind.kind(
                    id=entry.id,
                    type=kind,
                    name=entry.name or entry.id,
                    at=entry.at,
                    area=entry.area,
                    unit=entry.unit,
                    design=design,
                    modes=entry.modes or kind.kind.usual_modes,
                    **measures,
                ),
            )

    def _streams(self, compounds: Mapping[int, Compound]) -> Iterator[tuple[int, ProcessStream]]:
        by_id = {compound.id: compound for compound in compounds.values()}
        broken = self._broken_compounds(compounds)
        for index, entry in self._entries("streams", StreamEntry).items():
            fields: dict[str, Any] = {}
            if entry.carries != "material" and entry.composition:
                message, remedy = f"{entry.carries} has no composition", "leave it out"
                self.findings.append(Finding(("streams", index, "composition"), message, remedy))
            elif entry.composition:
                fields["composition"], findings = read_composition(entry.composition, by_id, broken)
                self._add("streams", findings, index, "composition")
            yield index, _stream(entry, fields)

    def _add(self, part: str, findings: list[Finding], *path: str | int) -> None:
        self.findings += [Finding((part, *path, *each.path), each.message, each.remedy) for each in findings]

    def _type(self, name: str) -> EquipmentType:
        if name in RENAMED:
            if self.plain.get("atlas") == 1:
                return find_type(RENAMED[name])
            raise EquipmentError(f"type '{name}' has a new name", remedy=f"write {RENAMED[name]}")
        return find_type(name)

    def _lost(self, part: str) -> int:
        given = self.plain.get(part)
        return len(given) - len(self._read[part]) if isinstance(given, list) else 0

    def _broken_compounds(self, read: Mapping[int, Compound]) -> frozenset[str]:
        entries = self._entries("compounds", CompoundEntry)
        return self._broken("compounds") | {entry.id for index, entry in entries.items() if index not in read}

    def _broken(self, part: str) -> frozenset[str]:
        given = self.plain.get(part)
        listed = given if isinstance(given, list) else []
        broken = [e for i, e in enumerate(listed) if isinstance(e, dict) and i not in self._read[part]]
        if part == "equipment":
            known = {*equipment_types(), *RENAMED}
            broken += [e for e in listed if isinstance(e, dict) and str(e.get("type")) not in known]
        return frozenset(str(entry.get(_NAME_KEYS[part])) for entry in broken)


def _source(entry: SourceEntry) -> Source:
    return Source(entry.name, entry.kind, entry.endpoint, dict(entry.options))


def _area(entry: AreaEntry) -> Area:
    return Area(entry.id, entry.name or entry.id, tuple(PlantUnit(u.id, u.name or u.id) for u in entry.units))


def _stream(entry: StreamEntry, fields: Mapping[str, Any]) -> ProcessStream:
    return STREAM_KINDS[entry.carries](
        name=entry.name,
        source=End.parse(entry.source),
        target=End.parse(entry.target),
        description=entry.description,
        via=entry.via,
        **fields,
    )


def _tag(entry: TagEntry, only_source: str) -> TagDefinition:
    derived = entry.kind == "derived"
    given = entry.stale_after_s
    return TagDefinition(
        name=entry.name,
        description=entry.description,
        unit=entry.unit,
        low=entry.range[0],
        high=entry.range[1],
        decimals=entry.decimals,
        limits=Limits(**entry.limits.model_dump()),
        stale_after_s=usual_stale_s(entry.kind, entry.states) if given is None else given,
        equipment=entry.equipment,
        stream=entry.stream,
        source="" if derived else entry.source or only_source,
        address=entry.address,
        source_unit=entry.source_unit,
        expression=entry.expression,
        estimate=entry.estimate,
        states=entry.states,
        kind=entry.kind,
        shown=bool(entry.shown),
        shown_at=entry.shown if isinstance(entry.shown, tuple) else None,
    )


def usual_stale_s(kind: TagKind, states: Sequence[str]) -> float:
    """Age that makes a tag stale where the file doesn't say: only what is measured comes without a change."""
    return _DEFAULT_STALE_S if kind == "measured" and not states else 0.0


def _only_source(listed: object) -> str:
    """Name of the one source that is listed, which tags may leave out; read or not."""
    entries = listed if isinstance(listed, list) else []
    return _text(entries[0].get("name"), "") if len(entries) == 1 and isinstance(entries[0], Mapping) else ""


def _text(given: object, otherwise: str) -> str:
    return given if isinstance(given, str) else otherwise
