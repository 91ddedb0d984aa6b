"""A plant from a drawing: equipment on ports of its type, and a tag of each instrument."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Final

from twin.atlas.equipment import Equipment, EquipmentType, Port, find_type
from twin.atlas.plant import Plant, PlantError
from twin.atlas.streams import End, MaterialStream
from twin.atlas.tag_definition import PUSH, Source, TagDefinition
from twin.atlas.tags import PlantId
from twin.importing.drawing import Drawing, DrawnInstrument, DrawnItem, ItemKind
from twin.importing.drawn_flowsheet import DrawnFlowsheet
from twin.importing.imported import SCAN, ForeignFileError, Imported

_RANGES: Final = {
    "T": ("degC", 0.0, 200.0, "Temperature"), "P": ("bar(g)", 0.0, 10.0, "Pressure"),
    "F": ("m3/h", 0.0, 100.0, "Flow"), "L": ("%", 0.0, 100.0, "Level"), "A": ("%", 0.0, 100.0, "Analysis"),
    "D": ("kg/m3", 0.0, 2000.0, "Density"), "S": ("1/min", 0.0, 3000.0, "Speed"), "W": ("kg", 0.0, 1000.0, "Weight"),
    "J": ("kW", 0.0, 100.0, "Power"), "Q": ("%", 0.0, 100.0, "Quality"),
}  # fmt: skip
"""Unit and range that an instrument is given by its first letter (ISA-5.1), since diagrams don't tell them."""

_SHORT: Final = {
    "pump": "P", "compressor": "K", "blower": "K", "turbine": "KT", "control-valve": "FV", "mixer": "M",
    "splitter": "SP", "feed": "FEED", "product": "PRODUCT", "tank": "T", "cooling-tower": "CT",
}  # fmt: skip
"""Beginning of the id that equipment gets whose tag the drawing doesn't tell; E where it isn't listed."""


def plant_of_drawing(drawing: Drawing, plant: str, listed: Imported | None = None) -> Imported:
    """Make a plant of a drawing; what it doesn't show is assumed, and told.

    Where a tag list is given, its tags and sources are taken, and the drawing tells where each one measures.

    Raises
    ------
    ForeignFileError
        Where no sound plant comes of it; the message tells every fault.
    """
    sheet = DrawnFlowsheet.of(drawing)
    building = _Building(sheet)
    drawn = {tag.loop: tag for tag in (building.tag(instrument) for instrument in drawing.instruments)}
    if not drawn and listed is None:
        raise ForeignFileError("the P&ID shows no instrument", remedy="give the tag list, a CSV file, beside it")
    placed = [_placed(tag, drawn) for tag in listed.plant.tags] if listed else drawn.values()
    try:
        made = Plant.of(
            id=PlantId(plant), name=plant.replace("-", " ").capitalize(), scan=SCAN,
            sources=listed.plant.sources if listed else (Source(PUSH, PUSH, ""),),
            equipment=tuple(building.equipment.values()), streams=tuple(building.streams), tags=tuple(placed),
        )  # fmt: skip
    except PlantError as error:
        told = "\n".join(f"  {finding.fault()}" for finding in error.findings)
        raise ForeignFileError(f"the P&ID makes no sound plant:\n{told}", remedy="mend the drawing") from error
    notes = [*drawing.notes, *building.notes, *_left_out(sheet), *_tag_notes(drawn, listed)]
    return Imported(made, tuple(notes), listed.faults if listed else ())


def _placed(tag: TagDefinition, drawn: Mapping[str, TagDefinition]) -> TagDefinition:
    """A tag of the list, with the place that the drawing shows for its loop."""
    shown = drawn.get(_sound(tag.loop))
    return replace(tag, equipment=shown.equipment, stream=shown.stream) if shown else tag


def _left_out(sheet: DrawnFlowsheet) -> Iterator[str]:
    if sheet.passed:
        yield f"{sheet.passed} valves and fittings that a line merely passes are left out."
    if sheet.dead_ends:
        yield f"{sheet.dead_ends} drains, vents and blind ends are left out."


def _tag_notes(drawn: Mapping[str, TagDefinition], listed: Imported | None) -> Iterator[str]:
    if listed is None:
        yield "Diagrams tell no units and ranges: those of the tags are assumed by their letters. Check each."
        yield "No tag has an address, so all are pushed; to read a server, give each one its address."
        return
    yield from listed.notes
    lacking = [loop for loop in drawn if not any(_sound(tag.loop) == loop for tag in listed.plant.tags)]
    if lacking:
        yield f"Drawn, but not in the tag list, and left out: {', '.join(lacking)}."


class _Building:
    """Equipment and streams of a simplified drawing."""

    def __init__(self, sheet: DrawnFlowsheet) -> None:
        self._sheet = sheet
        self.notes: list[str] = []
        for key in list(sheet.items):
            self._make_room(key)
        self._ids = _ids(sheet.items.values())
        self.equipment = {key: self._made(item) for key, item in sheet.items.items()}
        self._taken: dict[str, Counter[str]] = defaultdict(Counter)
        self._chambers: dict[str, list[str]] = defaultdict(list)
        self.streams: list[MaterialStream] = []
        self._stream_at: dict[str, str] = {}
        for pipe in sheet.pipes:
            source = self._end(pipe.source, "out", pipe.source_chamber)
            target = self._end(pipe.target, "in", pipe.target_chamber)
            name = self._join(source, target)
            self._stream_at |= dict.fromkeys(pipe.places, name)
        for key in list(self.equipment):
            self._close(key)

    def tag(self, instrument: DrawnInstrument) -> TagDefinition:
        """The measured value of an instrument."""
        unit, low, high, what = _RANGES.get(instrument.loop[0].upper(), ("%", 0.0, 100.0, "Value"))
        item = self.equipment.get(instrument.at)
        return TagDefinition(
            name=f"{_sound(instrument.loop)}.PV", description=f"{what} {instrument.loop}", unit=unit, low=low,
            high=high, source=PUSH, equipment=item.id if item else "",
            stream="" if item else self._stream_at.get(instrument.at, ""),
        )  # fmt: skip

    def _made(self, item: DrawnItem) -> Equipment:
        return Equipment.of(item.type, self._ids[item.key], name=item.name)

    def _make_room(self, key: str) -> None:
        """Gather and divide what is more than the ports of an item take."""
        kind = find_type(self._sheet.items[key].type)
        for flow, pipes, lead in (
            ("in", self._sheet.into(key), self._sheet.gather),
            ("out", self._sheet.out_of(key), self._sheet.divide),
        ):
            ports = _ports(kind, flow)
            if len(pipes) > len(ports) and not any(port.many for port in ports):
                lead(pipes[len(ports) - 1 :], key)

    def _end(self, key: str, flow: str, chamber: str) -> End:
        """A port of the chamber's circuit: a free required one, else one that takes several, else any free one."""
        item, taken = self.equipment[key], self._taken[key]
        circuit = self._circuit(key, chamber)
        fit = [port for port in _ports(item.type, flow) if port.many or not taken[port.name]]
        port = min(fit, key=lambda port: (
            port.circuit != circuit, not (port.required and not taken[port.name]), not port.many,
        ))  # fmt: skip
        taken[port.name] += 1
        return End(item.id, port.name)

    def _circuit(self, key: str, chamber: str) -> str:
        """The circuit that a chamber of the drawing is; chambers take them in the order in which lines meet them."""
        met = self._chambers[key]
        if chamber and chamber not in met:
            met.append(chamber)
        circuits = list(dict.fromkeys(port.circuit for port in self.equipment[key].type.ports))
        return circuits[min(met.index(chamber), len(circuits) - 1)] if chamber else ""

    def _join(self, source: End, target: End) -> str:
        name = f"S-{len(self.streams) + 1}"
        self.streams.append(MaterialStream(name=name, source=source, target=target))
        return name

    def _close(self, key: str) -> None:
        """Add feeds and products where the drawing leaves a port open that must be joined, or a way without an end."""
        item, taken = self.equipment[key], self._taken[key]
        for port in item.type.ports:
            if port.carries != "material" or taken[port.name]:
                continue
            met = {other.flow for other in item.type.ports if taken[other.name] and other.circuit == port.circuit}
            if port.required or (met and port.flow not in met):
                self._bound(item, port)
                taken[port.name] += 1

    def _bound(self, item: Equipment, port: Port) -> None:
        type_name: ItemKind = "feed" if port.flow == "in" else "product"
        key = self._sheet.add(type_name, type_name)
        self._ids = _ids(self._sheet.items.values())
        boundary = self.equipment[key] = Equipment.of(type_name, self._ids[key], name=f"{item.id} {port.name}")
        self._taken[key]["outlet" if type_name == "feed" else "inlet"] += 1
        here, there = End(item.id, port.name), End(boundary.id, boundary.type.ports[0].name)
        self._join(*((there, here) if type_name == "feed" else (here, there)))
        self.notes.append(f"Nothing is drawn at {item.id}.{port.name}: {boundary.id} was added.")


def _ports(kind: EquipmentType, flow: str) -> list[Port]:
    return [port for port in kind.ports if port.flow == flow and port.carries == "material"]


def _sound(label: str) -> str:
    """A label as a name of a plant file: signs that it may not hold become a hyphen."""
    return re.sub(r"[^A-Za-z0-9_.\-/]+", "-", label).strip("-.")[:70]


def _ids(items: Iterable[DrawnItem]) -> dict[str, str]:
    """An id for each item: its label, else a letter and the next number that is free."""
    listed = list(items)
    labels = Counter(_sound(item.label) for item in listed)
    taken = {label for label, times in labels.items() if label and times == 1}
    ids = {}
    for item in listed:
        label = _sound(item.label)
        if label not in taken:
            letter = _SHORT.get(item.type, "E")
            label = next(f"{letter}-{n}" for n in count(1) if f"{letter}-{n}" not in taken)
            taken.add(label)
        ids[item.key] = label
    return ids
