"""The flowsheet: which port each stream joins, and what must hold of that."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import networkx as nx

from twin.atlas.equipment import Equipment, Flow, Port
from twin.atlas.faults import Finding, Path, did_you_mean
from twin.atlas.plant_parts import PlantParts
from twin.atlas.streams import End, ProcessStream

_ENDS: tuple[tuple[str, Flow], ...] = (("from", "out"), ("to", "in"))


def join(stream: ProcessStream, equipment: Mapping[str, Equipment]) -> tuple[Port, Port]:
    """Ports at the two ends of a stream of a plant without faults."""
    ports = [_find_port(end, flow, stream, equipment) for end, flow in _ends(stream)]
    if ports[0] is None or ports[1] is None:
        raise LookupError(f"stream {stream.name} joins a port that isn't there; build the plant by Plant.of")
    return ports[0], ports[1]


def build_graph(equipment: Iterable[Equipment], streams: Iterable[ProcessStream]) -> "nx.MultiDiGraph[str]":
    """Equipment as nodes (attribute `equipment`), streams as edges (key: name; attributes `stream`, `circuits`).

    `circuits` are those of the ports that the stream leaves and enters.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    by_id = {item.id: item for item in equipment}
    for item in by_id.values():
        graph.add_node(item.id, equipment=item)
    for stream in streams:
        ports = [_find_port(end, flow, stream, by_id) for end, flow in _ends(stream)]
        circuits = tuple(port.circuit if port else "" for port in ports)
        ends = stream.source.equipment, stream.target.equipment
        graph.add_edge(*ends, key=stream.name, stream=stream, circuits=circuits)
    return graph


def find_stream_faults(parts: PlantParts) -> list[Finding]:
    """Ends that lead nowhere, ports of the wrong direction or kind, ports taken twice or left open."""
    equipment = parts.equipment_by_id
    findings: list[Finding] = []
    joined: Counter[tuple[str, str]] = Counter()
    for index, stream in parts.streams.items():
        for (key, flow), end in zip(_ENDS, (stream.source, stream.target), strict=True):
            path: Path = ("streams", index, key)
            port = _find_port(end, flow, stream, equipment)
            finding = _end_fault(path, end, flow, stream, parts, equipment)
            if finding is not None:
                findings.append(finding)
            elif port is not None:
                joined[end.equipment, port.name] += 1
                if joined[end.equipment, port.name] > 1 and not port.many:
                    message = f"port {end.equipment}.{port.name} is already joined"
                    findings.append(Finding(path, message, "use another port, or a mixer or splitter"))
    if not findings and not parts.broken_streams:
        findings += _open_ports(parts, joined)
    return findings


def _ends(stream: ProcessStream) -> tuple[tuple[End, Flow], tuple[End, Flow]]:
    return (stream.source, "out"), (stream.target, "in")


def _find_port(end: End, flow: Flow, stream: ProcessStream, equipment: Mapping[str, Equipment]) -> Port | None:
    item = equipment.get(end.equipment)
    if item is None:
        return None
    port = item.type.port(end.port) if end.port else item.type.only_port(flow, stream.carries)
    return port if port is not None and port.flow == flow and port.carries == stream.carries else None


def _end_fault(
    path: Path, end: End, flow: Flow, stream: ProcessStream, parts: PlantParts, equipment: Mapping[str, Equipment]
) -> Finding | None:
    item = equipment.get(end.equipment)
    if item is None:
        if end.equipment in parts.broken_equipment:
            return None
        remedy = did_you_mean(end.equipment, equipment, "list it under equipment; a stream never ends in nothing")
        return Finding(path, f"stream {stream.name} ends at '{end.equipment}', which isn't there", remedy)
    if _find_port(end, flow, stream, equipment) is not None:
        return None
    fitting = [port.name for port in item.type.ports if port.flow == flow and port.carries == stream.carries]
    choice = f"use {' or '.join(fitting)}" if fitting else f"a {item.type.name} has none for {stream.carries} {flow}"
    if not end.port:
        return Finding(path, f"'{end}' doesn't say which port", choice)
    if item.type.port(end.port) is None:
        return Finding(path, f"a {item.type.name} has no port '{end.port}'", did_you_mean(end.port, fitting, choice))
    return Finding(path, f"port '{end}' doesn't take {stream.carries} {flow}", choice)


def _open_ports(parts: PlantParts, joined: Counter[tuple[str, str]]) -> Iterator[Finding]:
    for index, item in parts.equipment.items():
        for port in item.type.ports:
            if port.required and not joined[item.id, port.name]:
                word = "from" if port.flow == "out" else "to"
                message = f"port {item.id}.{port.name} is joined by no stream"
                yield Finding(("equipment", index, "id"), message, f"add a stream {word} {item.id}.{port.name}")
