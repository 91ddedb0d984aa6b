"""What must hold of a plant, all checked at once: tags, units, limits, sources, derived tags."""

import math
from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from twin.atlas.derivation import find_circles
from twin.atlas.expressions import ExpressionError, compile_expression
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.limits import limit_faults
from twin.atlas.plant_parts import PlantParts
from twin.atlas.tag_definition import PUSH, TagDefinition
from twin.atlas.units import UnitError, conversion, parse_unit


def find_tag_faults(parts: PlantParts) -> list[Finding]:
    """All findings but those of the flowsheet, which `flowsheet.find_stream_faults` gives."""
    findings = [*_time_zone(parts.time_zone), *_duplicates(parts)]
    for index, tag in parts.tags.items():
        for check in (_units, _range, _limits, _states, _origin):
            findings += [
                Finding(("tags", index, *finding.path), finding.message, finding.remedy) for finding in check(tag)
            ]
    return [*findings, *_references(parts), *_pushed(parts), *_expressions(parts)]


def _time_zone(name: str) -> Iterable[Finding]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Finding(("time_zone",), f"unknown time zone '{name}'", "write it like Europe/Berlin or UTC")


def _duplicates(parts: PlantParts) -> Iterable[Finding]:
    groups: tuple[tuple[str, str, Iterable[tuple[int, str]]], ...] = (
        ("sources", "name", ((i, source.name) for i, source in parts.sources.items())),
        ("equipment", "id", ((i, item.id) for i, item in parts.equipment.items())),
        ("streams", "name", ((i, stream.name) for i, stream in parts.streams.items())),
        ("tags", "name", ((i, tag.name) for i, tag in parts.tags.items())),
    )
    for part, key, entries in groups:
        yield from _twice(part, key, entries)
    addresses: dict[tuple[str, str], str] = {}
    for index, tag in parts.tags.items():
        if not tag.address:
            continue
        first = addresses.setdefault((tag.source, tag.address), tag.name)
        if first != tag.name:
            message = f"address '{tag.address}' is already that of {first}"
            yield Finding(("tags", index, "address"), message, f"give {tag.name} its own address")


def _twice(part: str, key: str, entries: Iterable[tuple[int, str]]) -> Iterable[Finding]:
    seen: dict[str, int] = {}
    for index, value in entries:
        first = seen.setdefault(value, index)
        if first != index:
            yield Finding((part, index, key), f"'{value}' is already that of {part}[{first}]", "give each its own")


def _units(tag: TagDefinition) -> Iterable[Finding]:
    known = True
    for key, unit in (("unit", tag.unit), ("source_unit", tag.source_unit)):
        try:
            parse_unit(unit)
        except UnitError as error:
            known = False
            yield Finding((key,), error.message, error.remedy)
    if tag.source_unit and known:
        try:
            conversion(tag.source_unit, tag.unit)
        except UnitError as error:
            yield Finding(("source_unit",), error.message, error.remedy)


def _range(tag: TagDefinition) -> Iterable[Finding]:
    if not (math.isfinite(tag.low) and math.isfinite(tag.high)):
        yield Finding(("range",), f"range {tag.low} to {tag.high} has no end", "give two finite numbers")
    elif tag.low >= tag.high:
        yield Finding(("range",), f"range {tag.low:g} to {tag.high:g} is empty", "give the lower end first")


def _limits(tag: TagDefinition) -> Iterable[Finding]:
    for found in limit_faults(tag.limits, tag.low, tag.high, tag.unit):
        yield Finding(("limits", *found.path), found.message, found.remedy)


def _states(tag: TagDefinition) -> Iterable[Finding]:
    if tag.kind == "mode" and not tag.states:
        yield Finding(("states",), f"mode {tag.name} names no states", "list them, like [MAN, AUTO, CAS]")
    if not tag.states:
        return
    if len(set(tag.states)) != len(tag.states):
        yield Finding(("states",), "two states have the same name", "give each its own")
    if tag.unit:
        yield Finding(("unit",), f"an enumeration with the unit '{tag.unit}'", "leave the unit out, or the states")


def _origin(tag: TagDefinition) -> Iterable[Finding]:
    derived = tag.kind == "derived"
    if derived and not (tag.expression or tag.estimate):
        yield Finding(("expression",), f"derived tag {tag.name} has no expression", "say what it is computed from")
    if tag.expression and tag.estimate:
        yield Finding(("estimate",), f"{tag.name} has an expression and an estimate", "leave one of them out")
    if (tag.expression or tag.estimate) and not derived:
        what = "an expression" if tag.expression else "an estimate"
        yield Finding(("kind",), f"a tag with {what} is derived, not {tag.kind}", "write kind: derived")
    if derived and (tag.address or tag.source_unit):
        key = "address" if tag.address else "source_unit"
        yield Finding((key,), f"derived tag {tag.name} has no source", f"leave {key} out")


def _references(parts: PlantParts) -> Iterable[Finding]:
    sources = {source.name for source in parts.sources.values()} | set(parts.broken_sources)
    equipment = {item.id for item in parts.equipment.values()} | set(parts.broken_equipment)
    streams = {stream.name for stream in parts.streams.values()}
    for index, tag in parts.tags.items():
        path: Path = ("tags", index)
        if tag.equipment and tag.equipment not in equipment:
            remedy = did_you_mean(tag.equipment, equipment, "list it under equipment")
            yield Finding((*path, "equipment"), f"no equipment '{tag.equipment}'", remedy)
        if tag.stream and tag.stream not in streams and not parts.broken_streams:
            remedy = did_you_mean(tag.stream, streams, "list it under streams")
            yield Finding((*path, "stream"), f"no stream '{tag.stream}'", remedy)
        if tag.kind != "derived" and tag.source not in sources:
            remedy = did_you_mean(tag.source, sources, "list it under sources")
            yield Finding((*path, "source"), f"no source '{tag.source}'", remedy)


def _pushed(parts: PlantParts) -> Iterable[Finding]:
    """What is pushed needs no address; everything else does."""
    pushed = {source.name for source in parts.sources.values() if source.kind == PUSH} | set(parts.broken_sources)
    for index, source in parts.sources.items():
        if source.name == PUSH and source.kind != PUSH:
            message = f"a source of kind {source.kind} has the name '{PUSH}', under which pushed readings go"
            yield Finding(("sources", index, "name"), message, "give it another name, or write kind: push")
    for index, tag in parts.tags.items():
        if tag.kind != "derived" and not tag.address and tag.source not in pushed:
            message = f"tag {tag.name} has no address"
            yield Finding(("tags", index, "address"), message, "say where its source keeps it")


def _expressions(parts: PlantParts) -> Iterable[Finding]:
    names = {tag.name for tag in parts.tags.values()} | set(parts.broken_tags)
    indices = {tag.name: index for index, tag in parts.tags.items()}
    inputs: dict[str, tuple[str, ...]] = {}
    for index, tag in parts.tags.items():
        if not tag.expression:
            continue
        try:
            inputs[tag.name] = compile_expression(tag.expression, names).inputs
        except ExpressionError as error:
            yield Finding(("tags", index, "expression"), error.message, error.remedy)
    for circle in find_circles(inputs):
        last = max(circle, key=lambda name: indices[name])
        message = f"derived tags need each other: {', '.join(circle)}"
        yield Finding(("tags", indices[last], "expression"), message, "compute at least one from measured tags only")
