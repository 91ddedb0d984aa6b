"""Walks over a graph of streams: what lies upstream and downstream, paths, recycles, and a part with its boundary.

Everything here takes a `Plant`, a `Portfolio`, or whatever else has such a `graph`. Answers are the same at every call:
they follow the order in which the description lists things. How tear streams are found: `twin.atlas.tearing`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final, Protocol

import networkx as nx

from twin.atlas.equipment import Carries
from twin.atlas.errors import AtlasError
from twin.atlas.faults import did_you_mean
from twin.atlas.tearing import cut

MATERIAL: Final[tuple[Carries, ...]] = ("material",)
"""What is followed unless one says otherwise: a control loop is no recycle."""


class NotInGraphError(AtlasError):
    """A name that nothing in the graph bears."""


class Connected(Protocol):
    """What can be walked."""

    @property
    def graph(self) -> "nx.MultiDiGraph[str]":
        """Names as nodes; streams as edges, whose key is the stream's name and whose attribute `stream` carries it."""


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
    return tuple(node for _, node in nx.bfs_edges(_flows(of, carries), _known(of, start)))


def upstream(of: Connected, start: str, carries: Collection[Carries] = MATERIAL) -> tuple[str, ...]:
    """All from which something can reach `start`, the nearest first; otherwise like `downstream`."""
    return tuple(node for _, node in nx.bfs_edges(_flows(of, carries), _known(of, start), reverse=True))


def shortest_path(of: Connected, start: str, end: str, carries: Collection[Carries] = MATERIAL) -> Path | None:
    """A way from `start` to `end` over the fewest streams, or None where there is none; raises like `downstream`."""
    flows = _flows(of, carries)
    try:
        return _path(flows, nx.shortest_path(flows, _known(of, start), _known(of, end)))
    except nx.NetworkXNoPath:
        return None


def recycles(of: Connected, carries: Collection[Carries] = MATERIAL) -> tuple[Part, ...]:
    """The largest parts within which everything reaches everything: each holds one recycle or several that share it."""
    flows = _flows(of, carries)
    return tuple(_part(of, group, carries) for group in _recycling(flows))


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
    return tuple(stream for arc in torn for stream in flows.edges[arc]["streams"])


def part(of: Connected, nodes: Iterable[str], carries: Collection[Carries] | None = None) -> Part:
    """The part that consists of `nodes`, with its boundary streams; `carries` None means streams of all kinds.

    Raises
    ------
    NotInGraphError
        Where one of the nodes isn't there.
    """
    wanted = {_known(of, node) for node in nodes}
    return _part(of, [node for node in of.graph if node in wanted], carries)


def _part(of: Connected, nodes: list[str], carries: Collection[Carries] | None) -> Part:
    inside = dict.fromkeys(nodes)
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


def _flows(of: Connected, carries: Collection[Carries]) -> "nx.DiGraph[str]":
    """The graph with one arc from node to node, whose attribute `streams` names what runs there.

    It is kept with the graph it was made of, as a description doesn't change.
    """
    kept = of.graph.graph.setdefault("flows", {})
    kinds = frozenset(carries)
    if kinds not in kept:
        flows: nx.DiGraph[str] = nx.DiGraph()
        flows.add_nodes_from(of.graph)
        for start, end, name, data in of.graph.edges(keys=True, data=True):
            if data["stream"].carries not in kinds:
                continue
            if flows.has_edge(start, end):
                flows.edges[start, end]["streams"].append(name)
                flows.edges[start, end]["weight"] += 1
            else:
                flows.add_edge(start, end, streams=[name], weight=1)
        kept[kinds] = flows
    found: nx.DiGraph[str] = kept[kinds]
    return found


def _recycling(flows: "nx.DiGraph[str]") -> list[list[str]]:
    """Groups of nodes that reach one another, in the graph's order, each in that order."""
    groups = [
        group for group in nx.strongly_connected_components(flows) if len(group) > 1 or flows.has_edge(*(2 * [*group]))
    ]
    member = {node: number for number, group in enumerate(groups) for node in group}
    found: dict[int, list[str]] = {}
    for node in flows:
        if node in member:
            found.setdefault(member[node], []).append(node)
    return list(found.values())


def _numbered(flows: "nx.DiGraph[str]", group: list[str]) -> "nx.DiGraph[int]":
    """The group by itself, its nodes as numbers in their order: networkx's own subgraph would follow that of a set."""
    number = {node: index for index, node in enumerate(group)}
    numbered: nx.DiGraph[int] = nx.DiGraph()
    numbered.add_nodes_from(range(len(group)))
    for start, end, data in flows.edges(group, data=True):
        if end in number:
            numbered.add_edge(number[start], number[end], weight=data["weight"])
    return numbered


def _loops(flows: "nx.DiGraph[str]", group: list[str]) -> Iterator[list[str]]:
    for loop in nx.simple_cycles(_numbered(flows, group)):
        first = loop.index(min(loop))
        yield [group[number] for number in (*loop[first:], *loop[:first])]


def _path(flows: "nx.DiGraph[str]", nodes: list[str]) -> Path:
    return Path(tuple(nodes), tuple(flows.edges[arc]["streams"][0] for arc in pairwise(nodes)))


def _known(of: Connected, node: str) -> str:
    if node not in of.graph:
        raise NotInGraphError(
            f"nothing is called '{node}' here", remedy=did_you_mean(node, of.graph, "use the id of what is listed")
        )
    return node
