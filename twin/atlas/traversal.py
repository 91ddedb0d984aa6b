"""Walks over a graph of streams: what lies upstream and downstream, paths, recycles, and a part with its boundary.

Everything here takes a `Plant`, a `Portfolio`, or whatever else has such a `graph`. Answers are the same at every call:
they follow the order in which the description lists things. How tear streams are found: `twin.atlas.tearing`.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final, Protocol

import networkx as nx

from twin.atlas.equipment import Carries
from twin.atlas.errors import AtlasError
from twin.atlas.faults import did_you_mean
from twin.atlas.tearing import cut

if TYPE_CHECKING:
    from twin.atlas.plant import Plant

MATERIAL: Final[tuple[Carries, ...]] = ("material",)
"""What is followed unless one says otherwise: a control loop is no recycle."""


class NotInGraphError(AtlasError):
    """A name that nothing in the graph bears."""


class Connected(Protocol):
    """What can be walked."""

    @property
    def graph(self) -> "nx.MultiDiGraph[str]":
        """Names as nodes; streams as edges with the stream's name as key.

        An edge's attribute `stream` has `carries`; `circuits`, where it is there, names those that the stream leaves
        and enters.
        """


@dataclass(frozen=True)
class Path:
    """A way from the first of `nodes` to the last; `streams` are one fewer, or as many where it ends where it began."""

    nodes: tuple[str, ...]
    streams: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A part of a graph: its nodes, the streams within it, and those that cross its boundary inwards and outwards."""

    nodes: tuple[str, ...]
    streams: tuple[str, ...]
    inlets: tuple[str, ...]
    outlets: tuple[str, ...]


def downstream(of: Connected, start: str, carries: Collection[Carries] = MATERIAL) -> tuple[str, ...]:
    """All that what leaves `start` can reach, the nearest first; `start` itself is not among them.

    Parameters
    ----------
    of
        Plant or portfolio.
    start
        Id of a piece of equipment, or another node's name.
    carries
        Kinds of streams that are followed.

    Raises
    ------
    NotInGraphError
        Where nothing is called `start`.
    """
    flows = _flows(of, carries)
    return _names(_walk(flows.succ, _circuits(of, start)), start)


def upstream(of: Connected, start: str, carries: Collection[Carries] = MATERIAL) -> tuple[str, ...]:
    """All from which something can reach `start`, the nearest first; otherwise like `downstream`."""
    flows = _flows(of, carries)
    return _names(_walk(flows.pred, _circuits(of, start)), start)


def shortest_path(of: Connected, start: str, end: str, carries: Collection[Carries] = MATERIAL) -> Path | None:
    """A way from `start` to `end` over the fewest streams, or None where there is none; raises like `downstream`."""
    flows = _flows(of, carries)
    ends = _circuits(of, end)
    came_from = _walk(flows.succ, _circuits(of, start))
    found = next((node for node in came_from if node in ends), None)
    if found is None:
        return None
    way = [found]
    while (before := came_from[way[-1]]) is not None:
        way.append(before)
    return _path(flows, way[::-1])


def recycles(of: Connected, carries: Collection[Carries] = MATERIAL) -> tuple[Part, ...]:
    """The largest parts within which everything reaches everything: each holds one recycle or several that share it."""
    flows = _flows(of, carries)
    found = []
    for group in _recycling(flows):
        arcs = _arcs(flows, group)
        found.append(Part(_names(group), *(_streams(flows, arcs[side]) for side in ("within", "in", "out"))))
    return tuple(found)


def recycle_loops(of: Connected, carries: Collection[Carries] = MATERIAL, *, most: int = 1000) -> tuple[Path, ...]:
    """Closed ways, each passing a node once; `most` bounds them, since a plant can have more than anyone counts.

    Of streams that run side by side between the same two nodes, the first stands for all.
    """
    flows = _flows(of, carries)
    loops = (loop for group in _recycling(flows) for loop in _loops(flows, group))
    return tuple(_path(flows, [*loop, loop[0]]) for loop in islice(loops, most))


def tear_streams(of: Connected, carries: Collection[Carries] = MATERIAL) -> tuple[str, ...]:
    """Streams without which no recycle is left: what a sequential calculation has to guess.

    They are as few as can be where a recycle's loops can be counted, and near it elsewhere; see `twin.atlas.tearing`.
    """
    flows = _flows(of, carries)
    torn = ((group[a], group[b]) for group in _recycling(flows) for a, b in cut(_numbered(flows, group)))
    return _streams(flows, torn)


def part(of: Connected, nodes: Iterable[str], carries: Collection[Carries] | None = None) -> Part:
    """The part that consists of `nodes`, with its boundary streams; `carries` None means streams of all kinds.

    Raises
    ------
    NotInGraphError
        Where one of the nodes isn't there.
    """
    wanted = {node: _circuits(of, node) for node in nodes}
    inside = {node: None for node in of.graph if node in wanted}
    streams: dict[bool, list[str]] = {True: [], False: []}
    for _, end, name, data in of.graph.edges(inside, keys=True, data=True):
        if carries is None or data["stream"].carries in carries:
            streams[end in inside].append(name)
    inlets = [
        name
        for start, _, name, data in of.graph.in_edges(inside, keys=True, data=True)
        if start not in inside and (carries is None or data["stream"].carries in carries)
    ]
    return Part(tuple(inside), tuple(streams[True]), tuple(inlets), tuple(streams[False]))


def part_of_area(plant: "Plant", place: str) -> Part:
    """The part that stands in an area or a unit of the plant, with its boundary streams of all kinds.

    Raises
    ------
    NotInGraphError
        Where the plant has no such area or unit.
    """
    known = [name for area in plant.areas for name in (area.id, *(unit.id for unit in area.units))]
    if place not in known:
        remedy = did_you_mean(place, known, f"use one of {', '.join(known)}" if known else "list areas in its file")
        raise NotInGraphError(f"plant {plant.id} has no area or unit '{place}'", remedy=remedy)
    return part(plant, [item.id for item in plant.equipment if place in (item.area, item.unit)])


Node = tuple[str, str]
"""A node's name and one of its circuits: what flows through a jacket doesn't get into the reactor."""


def _flows(of: Connected, carries: Collection[Carries]) -> "nx.DiGraph[Node]":
    """The circuits, with one arc from one to another, whose attribute `streams` names what runs there.

    It is kept with the graph that it was made of, as a description doesn't change.
    """
    kept = of.graph.graph.setdefault("flows", {})
    kinds = frozenset(carries)
    if kinds not in kept:
        flows: nx.DiGraph[Node] = nx.DiGraph()
        flows.add_nodes_from((name, "") for name in of.graph)
        for start, end, name, data in of.graph.edges(keys=True, data=True):
            if data["stream"].carries not in kinds:
                continue
            leaving, entering = data.get("circuits", ("", ""))
            arc = (start, leaving), (end, entering)
            if flows.has_edge(*arc):
                flows.edges[arc]["streams"].append(name)
                flows.edges[arc]["weight"] += 1
            else:
                flows.add_edge(*arc, streams=[name], weight=1)
        kept[kinds] = flows
    found: nx.DiGraph[Node] = kept[kinds]
    return found


def _circuits(of: Connected, name: str) -> set[Node]:
    """All circuits of what is called `name`."""
    if name not in of.graph:
        remedy = did_you_mean(name, of.graph, "use the id of something that is listed")
        raise NotInGraphError(f"nothing is called '{name}' here", remedy=remedy)
    ends = [*of.graph.in_edges(name, data="circuits"), *of.graph.out_edges(name, data="circuits")]
    found = {(name, "")}
    for start, end, circuits in ends:
        leaving, entering = circuits or ("", "")
        found |= {(node, circuit) for node, circuit in ((start, leaving), (end, entering)) if node == name}
    return found


def _walk(neighbours: Mapping[Node, Iterable[Node]], starts: Iterable[Node]) -> dict[Node, Node | None]:
    """What is reached, the nearest first, and from where each was."""
    came_from: dict[Node, Node | None] = dict.fromkeys(sorted(starts))
    waiting = deque(came_from)
    while waiting:
        node = waiting.popleft()
        for neighbour in neighbours[node]:
            if neighbour not in came_from:
                came_from[neighbour] = node
                waiting.append(neighbour)
    return came_from


def _names(nodes: Iterable[Node], but: str | None = None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, _ in nodes if name != but))


def _streams(flows: "nx.DiGraph[Node]", arcs: Iterable[tuple[Node, Node]]) -> tuple[str, ...]:
    return tuple(stream for arc in arcs for stream in flows.edges[arc]["streams"])


def _recycling(flows: "nx.DiGraph[Node]") -> list[list[Node]]:
    """Groups of nodes that reach one another, in the graph's order, each in that order."""
    groups = [
        group for group in nx.strongly_connected_components(flows) if len(group) > 1 or flows.has_edge(*(2 * [*group]))
    ]
    member = {node: number for number, group in enumerate(groups) for node in group}
    found: dict[int, list[Node]] = {}
    for node in flows:
        if node in member:
            found.setdefault(member[node], []).append(node)
    return list(found.values())


def _arcs(flows: "nx.DiGraph[Node]", group: list[Node]) -> dict[str, list[tuple[Node, Node]]]:
    """The arcs within a group, into it and out of it."""
    members = set(group)
    leaving = list(flows.edges(group))
    return {
        "within": [arc for arc in leaving if arc[1] in members],
        "in": [arc for arc in flows.in_edges(group) if arc[0] not in members],
        "out": [arc for arc in leaving if arc[1] not in members],
    }


def _numbered(flows: "nx.DiGraph[Node]", group: list[Node]) -> "nx.DiGraph[int]":
    """The group by itself, its nodes as numbers in their order: networkx's own subgraph would follow that of a set."""
    number = {node: index for index, node in enumerate(group)}
    numbered: nx.DiGraph[int] = nx.DiGraph()
    numbered.add_nodes_from(range(len(group)))
    for start, end in _arcs(flows, group)["within"]:
        numbered.add_edge(number[start], number[end], weight=flows.edges[start, end]["weight"])
    return numbered


def _loops(flows: "nx.DiGraph[Node]", group: list[Node]) -> Iterator[list[Node]]:
    for loop in nx.simple_cycles(_numbered(flows, group)):
        first = loop.index(min(loop))
        yield [group[number] for number in (*loop[first:], *loop[:first])]


def _path(flows: "nx.DiGraph[Node]", nodes: list[Node]) -> Path:
    streams = tuple(flows.edges[arc]["streams"][0] for arc in pairwise(nodes))
    return Path(tuple(name for name, _ in nodes), streams)
