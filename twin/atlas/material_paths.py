"""Ways of material through a plant: from feeds to products, and in closed circuits such as cooling water."""

from collections.abc import Iterable, Iterator, Mapping

import networkx as nx

from twin.atlas.equipment import Equipment, Feed, Instrument, Product
from twin.atlas.faults import Finding, Path
from twin.atlas.flowsheet import join
from twin.atlas.plant_parts import PlantParts
from twin.atlas.streams import ProcessStream

Node = tuple[str, str]
"""Equipment's id and one of its circuits: what enters a jacket never leaves with the product."""


def material_graph(equipment: Mapping[str, Equipment], streams: Iterable[ProcessStream]) -> "nx.MultiDiGraph[Node]":
    """Circuits of equipment as nodes, material streams as edges (key: name); of a plant whose streams join."""
    graph: nx.MultiDiGraph[Node] = nx.MultiDiGraph()
    for stream in streams:
        if stream.carries == "material":
            source, target = join(stream, equipment)
            ends = (stream.source.equipment, source.circuit), (stream.target.equipment, target.circuit)
            graph.add_edge(*ends, key=stream.name)
    return graph


def find_material_faults(parts: PlantParts) -> Iterator[Finding]:
    """Dead ends, feeds that reach no product and products that no feed reaches, in a plant whose streams join.

    A circuit without feed and product is sound where material goes round in it. A sample that ends in an analyser is
    no dead end.
    """
    equipment = parts.equipment_by_id
    graph = material_graph(equipment, parts.streams.values())
    ends = {node for node in graph if not graph.out_degree(node) and not _may_end(equipment[node[0]])}
    starts = {node for node in graph if not graph.in_degree(node) and not isinstance(equipment[node[0]], Feed)}
    fed, drained = _reached(graph, equipment, starts), _reached(graph.reverse(copy=False), equipment, ends)
    broken: dict[str, list[str]] = {}
    for (id, circuit), way in [*((node, "enters") for node in ends), *((node, "leaves") for node in starts)]:
        broken.setdefault(id, []).append(_dead_end(f"the {circuit} of {id}" if circuit else id, way))
    for index, item in parts.equipment.items():
        path: Path = ("equipment", index, "id")
        for message in broken.get(item.id, ()):
            yield Finding(path, message, "add the stream that is missing, or a feed or product at that end")
        main = (item.id, "")
        if isinstance(item, Feed) and main in graph and main not in drained:
            message = f"what {item.id} brings reaches no product"
            yield Finding(path, message, "lead a stream out of the circuit to a product")
        if isinstance(item, Product) and main in graph and main not in fed:
            message = f"no feed reaches {item.id}"
            yield Finding(path, message, "lead a feed into the circuit that it comes from")


def _dead_end(place: str, way: str) -> str:
    return f"material {way} {place} but never {'leaves' if way == 'enters' else 'enters'}"


def _may_end(item: Equipment) -> bool:
    return isinstance(item, Product | Instrument)


def _reached(graph: "nx.MultiDiGraph[Node]", equipment: Mapping[str, Equipment], broken: set[Node]) -> set[Node]:
    """What boundaries reach along the graph; what only a broken place reaches counts too, for its fault is told."""
    starts = [node for node in graph if isinstance(equipment[node[0]], Feed | Product) and not graph.in_degree(node)]
    found = {*starts, *broken}
    waiting = list(found)
    while waiting:
        for node in graph.successors(waiting.pop()):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
