"""Control loops: each controller measures something, and drives an actuator that acts on what it measures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import networkx as nx

from twin.atlas.equipment import Boundary, Controller, Equipment, Instrument, Transmitter
from twin.atlas.faults import Finding, did_you_mean
from twin.atlas.flowsheet import join
from twin.atlas.plant_parts import PlantParts
from twin.atlas.streams import ProcessStream


@dataclass(frozen=True)
class ControlLoop:
    """What a controller measures and what it drives.

    `measured` is the equipment where the value arises, None where the value comes from outside or is another
    controller's. `actuators` are the equipment that it drives, itself or through other controllers' setpoints.
    """

    controller: str
    measured: str | None
    actuators: tuple[str, ...]


def find_loops(equipment: Mapping[str, Equipment], streams: Mapping[str, ProcessStream]) -> tuple[ControlLoop, ...]:
    """The loops of all controllers, in their order; of a plant whose streams join."""
    signals = _Signals(equipment, streams)
    return tuple(
        ControlLoop(item.id, signals.measured(item), signals.actuators(item.id))
        for item in equipment.values()
        if isinstance(item, Controller)
    )


def find_measuring_faults(parts: PlantParts) -> list[Finding]:
    """Instruments that measure nothing, or what isn't there."""
    equipment = parts.equipment_by_id
    streams = {stream.name for stream in parts.streams.values()}
    told = {s.target.equipment for s in parts.streams.values() if s.target.port == "measurement"}
    findings = []
    for index, item in parts.equipment.items():
        if not isinstance(item, Instrument):
            continue
        known = item.measures in equipment or item.measures in streams or item.measures in parts.broken_equipment
        if item.measures and not known and not parts.broken_streams:
            remedy = did_you_mean(item.measures, [*equipment, *streams], "name a piece of equipment or a stream")
            message = f"{item.id} measures '{item.measures}', which isn't there"
            findings.append(Finding(("equipment", index, "measures"), message, remedy))
        takes = isinstance(item, Transmitter) or (isinstance(item, Controller) and item.id not in told)
        if not item.measures and takes and not parts.broken_streams:
            remedy = "write measures: with the equipment or the stream"
            findings.append(Finding(("equipment", index, "measures"), f"{item.id} measures nothing", remedy))
    return findings


def find_loop_faults(parts: PlantParts) -> Iterator[Finding]:
    """Loops that aren't closed, in a plant whose streams join."""
    equipment = parts.equipment_by_id
    loops = {loop.controller: loop for loop in find_loops(equipment, {s.name: s for s in parts.streams.values()})}
    joined: nx.Graph[str] = nx.Graph()
    joined.add_nodes_from(equipment)
    joined.add_edges_from(
        (stream.source.equipment, stream.target.equipment)
        for stream in parts.streams.values()
        if stream.carries != "signal"
    )
    for index, item in parts.equipment.items():
        loop = loops.get(item.id)
        if loop is None:
            continue
        if not loop.actuators:
            message = f"the loop of {item.id} is open: its output reaches no actuator"
            remedy = f"lead {item.id}.output to the stem of a valve, or to a controller that drives one"
            yield Finding(("equipment", index, "id"), message, remedy)
        elif loop.measured and not any(nx.has_path(joined, loop.measured, each) for each in loop.actuators):
            message = f"the loop of {item.id} is open: no stream joins {loop.actuators[0]} to {loop.measured}"
            yield Finding(("equipment", index, "measures"), message, "measure what the actuator acts on")


class _Signals:
    """Signal streams, walked from a controller to what it drives and back to what it measures."""

    def __init__(self, equipment: Mapping[str, Equipment], streams: Mapping[str, ProcessStream]) -> None:
        self._equipment = equipment
        self._streams = streams
        self._from: dict[str, list[tuple[str, str]]] = {}
        self._into: dict[tuple[str, str], str] = {}
        for stream in streams.values():
            if stream.carries == "signal":
                port = join(stream, equipment)[1].name
                self._from.setdefault(stream.source.equipment, []).append((stream.target.equipment, port))
                self._into[stream.target.equipment, port] = stream.source.equipment

    def actuators(self, controller: str) -> tuple[str, ...]:
        found: dict[str, None] = {}
        waiting, seen = [controller], {controller}
        while waiting:
            for target, port in self._from.get(waiting.pop(), ()):
                item = self._equipment[target]
                if isinstance(item, Controller):
                    if port != "measurement" and target not in seen:
                        seen.add(target)
                        waiting.append(target)
                elif not isinstance(item, Instrument | Boundary):
                    found[target] = None
        return tuple(found)

    def measured(self, item: Equipment) -> str | None:
        if isinstance(item, Instrument) and item.measures:
            stream = self._streams.get(item.measures)
            if item.measures in self._equipment or stream is None:
                return item.measures if item.measures in self._equipment else None
            return stream.source.equipment
        source = self._equipment.get(self._into.get((item.id, "measurement"), ""))
        if source is None or isinstance(source, Boundary | Controller):
            return None
        return self.measured(source) if isinstance(source, Transmitter) else source.id
