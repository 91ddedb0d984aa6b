"""From the text of a plant file to the plant, with all faults of the text at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from twin.atlas.entry import Entry
from twin.atlas.equipment import EQUIPMENT_TYPES, Equipment
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Fault, Finding, Path, did_you_mean
from twin.atlas.invariants import PlantParts
from twin.atlas.plant import Plant, ScanTimes, find_faults
from twin.atlas.plant_file import LISTS, EquipmentEntry, PlantFile, SourceEntry, StreamEntry, TagEntry
from twin.atlas.streams import End, ProcessStream
from twin.atlas.tag_definition import Source, TagDefinition
from twin.atlas.tags import Limits, PlantId

LONGEST_TEXT: Final = 20_000_000
"""Characters; a plant of 100,000 tags has about half of that."""

_DEFAULT_STALE_S: Final = 10.0
_FEWEST_VALUES: Final = 1000
_NAME_KEYS: Final = {"sources": "name", "equipment": "id", "streams": "name", "tags": "name"}


class DefinitionError(AtlasError):
    """A plant file with faults; `faults` are all of them, in the order of their lines."""

    def __init__(self, filename: str, faults: tuple[Fault, ...]) -> None:
        listed = "\n".join(f"  {fault}" for fault in faults)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(
            f"{filename or 'the plant file'} has {count}:\n{listed}", remedy="mend them and check it again"
        )
        self.filename = filename
        self.faults = faults


def parse(text: str, filename: str = "") -> Plant:
    """The plant that a file's text describes.

    Raises
    ------
    DefinitionError
        Where anything is wrong with it, with every fault, its path, line and remedy.
    """
    tree = _load(text, filename)
    reading = _Reading(tree, _write_out(tree, len(text), filename))
    parts = reading.parts()
    findings = [*reading.findings, *find_faults(parts)]
    if findings:
        faults = {fault: None for finding in findings for fault in [finding.fault(_line(tree, finding.path))]}
        raise DefinitionError(filename, tuple(sorted(faults, key=lambda fault: (fault.line, fault.path))))
    head = reading.head
    return Plant.of(
        id=PlantId(head["plant"]),
        name=head["name"],
        description=head["description"],
        time_zone=parts.time_zone,
        scan=head["scan"],
        sources=tuple(parts.sources.values()),
        equipment=tuple(parts.equipment.values()),
        streams=tuple(parts.streams.values()),
        tags=tuple(parts.tags.values()),
    )


def _load(text: str, filename: str) -> CommentedMap:
    if len(text) > LONGEST_TEXT:
        raise _one(filename, "", f"{len(text)} characters are too many", f"split the plant; {LONGEST_TEXT} are allowed")
    loader = YAML(typ="rt", pure=True)
    try:
        tree = loader.load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _one(filename, "", str(error.problem), "write each key once", line) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _one(
            filename, "", f"not readable as YAML: {error.problem}", "mend the indentation or quotes", line
        ) from error
    except (YAMLError, RecursionError, ValueError) as error:
        raise _one(
            filename, "", f"not readable as YAML: {error}", "start from a file that 'atlas plant check' calls sound"
        ) from error
    if not isinstance(tree, CommentedMap):
        raise _one(filename, "", "the file is no mapping of keys", "begin it with 'atlas: 1' and 'plant: my-plant'")
    return tree


def _write_out(tree: CommentedMap, length: int, filename: str) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = _plain(tree, iter(range(max(_FEWEST_VALUES, length))))
    except (_AliasesMultiplyError, RecursionError) as error:
        message = "its aliases stand for more than the file could hold"
        raise _one(filename, "", message, "write it out, with aliases of plain values only") from error
    return plain


def _one(filename: str, path: str, message: str, remedy: str, line: int = 0) -> DefinitionError:
    return DefinitionError(filename, (Fault(path, message, remedy, line),))


@dataclass
class _Reading:
    """Reads the entries one by one, so that a broken one hides no fault of the others."""

    tree: CommentedMap
    plain: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)
    head: dict[str, Any] = field(default_factory=dict)

    def parts(self) -> PlantParts:
        plain = self.plain
        self._read_head(plain)
        entries = {part: self._read_list(part, plain.get(part)) for part in LISTS}
        sources = {i: _source(e) for i, e in entries["sources"].items() if isinstance(e, SourceEntry)}
        only = _only_source(plain.get("sources"))
        return PlantParts(
            time_zone=self.head["time_zone"],
            sources=sources,
            equipment=dict(self._equipment(entries["equipment"])),
            streams={i: _stream(e) for i, e in entries["streams"].items() if isinstance(e, StreamEntry)},
            tags={i: _tag(e, only) for i, e in entries["tags"].items() if isinstance(e, TagEntry)},
            broken_tags=self._broken("tags", plain, entries),
            broken_equipment=self._broken("equipment", plain, entries),
            # Where none could be read, no tag is at fault for leaving its source out.
            broken_sources=self._broken("sources", plain, entries) | (frozenset() if sources else {""}),
            broken_streams=_length(plain.get("streams")) - len(entries["streams"]),
        )

    def _read_head(self, plain: dict[str, Any]) -> None:
        lists: dict[str, Any] = {
            "sources": [{"name": "x"}], "tags": [{"name": "x", "description": "x", "range": (0, 1)}],
        }  # fmt: skip
        head: Any = None
        try:
            head = PlantFile.model_validate({k: v for k, v in plain.items() if k not in LISTS} | lists)
        except ValidationError as error:
            self._note((), error, PlantFile)
        for part in ("sources", "tags"):
            if plain.get(part) is None:
                self.findings.append(Finding((part,), f"the plant has no {part}", f"list at least one under '{part}:'"))
        scan = head.scan if head else PlantFile.model_fields["scan"].default
        since = head.history_from if head else datetime(2000, 1, 1, tzinfo=UTC)
        self.head = {
            "plant": head.plant if head else "",
            "name": head.name if head else "",
            "description": head.description if head else "",
            "time_zone": head.time_zone if head else _text(plain.get("time_zone"), "UTC"),
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
        if not given and part in ("sources", "tags"):
            self.findings.append(Finding((part,), f"the plant has no {part}", f"list at least one under '{part}:'"))
        read: dict[int, Entry] = {}
        for index, entry in enumerate(given):
            try:
                read[index] = LISTS[part].model_validate(entry)
            except ValidationError as error:
                self._note((part, index), error, LISTS[part])
        return read

    def _equipment(self, entries: Mapping[int, Entry]) -> Iterable[tuple[int, Equipment]]:
        for index, entry in entries.items():
            if not isinstance(entry, EquipmentEntry):
                continue
            kind = EQUIPMENT_TYPES.get(entry.type)
            if kind is None:
                remedy = did_you_mean(entry.type, EQUIPMENT_TYPES, f"use one of {', '.join(EQUIPMENT_TYPES)}")
                self.findings.append(Finding(("equipment", index, "type"), f"no equipment type '{entry.type}'", remedy))
                continue
            yield index, Equipment(id=entry.id, type=kind, name=entry.name or entry.id, at=entry.at)

    def _broken(self, part: str, plain: dict[str, Any], entries: Mapping[str, Mapping[int, Entry]]) -> frozenset[str]:
        given = plain.get(part)
        listed = given if isinstance(given, list) else []
        key = _NAME_KEYS[part]
        broken = [e for i, e in enumerate(listed) if isinstance(e, dict) and i not in entries[part]]
        if part == "equipment":
            broken += [e for e in listed if isinstance(e, dict) and str(e.get("type")) not in EQUIPMENT_TYPES]
        return frozenset(str(entry.get(key)) for entry in broken)

    def _note(self, at: Path, error: ValidationError, form: type[Entry]) -> None:
        for fault in error.errors(include_url=False, include_context=False):
            location = tuple(part for part in fault["loc"] if not _is_branch(part))
            message, remedy = _words(fault, location, form)
            self.findings.append(Finding((*at, *location), message, remedy))


def _is_branch(part: str | int) -> bool:
    """Whether a part of pydantic's location names a branch of a union instead of a key."""
    return isinstance(part, str) and (part in ("bool", "str", "int", "float") or part.startswith("tuple["))


def _words(fault: Any, location: Path, form: type[Entry]) -> tuple[str, str]:
    key = str(location[-1]) if location else "the entry"
    if fault["type"] == "extra_forbidden":
        known = [info.alias or name for name, info in form.model_fields.items()]
        if len(location) > 1:
            known = ["low_low", "low", "high", "high_high", "deadband", "period_s", "grace_s", "silent_after_s"]
        return f"unknown key '{key}'", did_you_mean(key, known, f"leave it out, or use one of {', '.join(known)}")
    if fault["type"] == "missing":
        return f"'{key}' is missing", f"add '{key}:'"
    shown = repr(fault.get("input"))
    return f"{shown[:60]} does not fit here", str(fault["msg"])[:1].lower() + str(fault["msg"])[1:]


def _source(entry: SourceEntry) -> Source:
    return Source(entry.name, entry.kind, entry.endpoint, dict(entry.options))


def _stream(entry: StreamEntry) -> ProcessStream:
    return ProcessStream(
        name=entry.name,
        source=End.parse(entry.source),
        target=End.parse(entry.target),
        carries=entry.carries,
        description=entry.description,
        via=entry.via,
    )


def _tag(entry: TagEntry, only_source: str) -> TagDefinition:
    derived = entry.kind == "derived"
    periodic = entry.kind == "measured" and not entry.states
    given = entry.stale_after_s
    return TagDefinition(
        name=entry.name,
        description=entry.description,
        unit=entry.unit,
        low=entry.range[0],
        high=entry.range[1],
        decimals=entry.decimals,
        limits=Limits(**entry.limits.model_dump()),
        stale_after_s=(_DEFAULT_STALE_S if periodic else 0.0) if given is None else given,
        equipment=entry.equipment,
        source="" if derived else entry.source or only_source,
        address=entry.address,
        source_unit=entry.source_unit,
        expression=entry.expression,
        states=entry.states,
        kind=entry.kind,
        shown=bool(entry.shown),
        shown_at=entry.shown if isinstance(entry.shown, tuple) else None,
    )


def _only_source(listed: object) -> str:
    """Name of the one source that is listed, which tags may leave out; read or not."""
    entries = listed if isinstance(listed, list) else []
    return _text(entries[0].get("name"), "") if len(entries) == 1 and isinstance(entries[0], dict) else ""


def _length(given: object) -> int:
    return len(given) if isinstance(given, list) else 0


def _text(given: object, otherwise: str) -> str:
    return given if isinstance(given, str) else otherwise


class _AliasesMultiplyError(Exception):
    """More values than the text has characters: only aliases of aliases do that."""


def _plain(node: Any, room: Iterator[int]) -> Any:
    """The tree as plain Python values, without comments and YAML's own types; each value takes one from `room`."""
    if next(room, None) is None:
        raise _AliasesMultiplyError
    if isinstance(node, Mapping):
        return {str(key): _plain(value, room) for key, value in node.items()}
    if isinstance(node, (list, CommentedSeq)):
        return [_plain(value, room) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _line(tree: CommentedMap, path: Path) -> int:
    """The line of the text where a path stands, as near as it goes; from 1."""
    node: Any = tree
    line = 0
    for part in path:
        try:
            at = node.lc.item(part) if isinstance(node, CommentedSeq) else node.lc.key(part)
            line, node = at[0] + 1, node[part]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line
