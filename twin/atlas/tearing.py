"""Which arcs to cut so that a graph has no loop left: tear streams, as few as can be or near it.

Every loop must be hit by a cut. What is clear at once is decided first. Where the loops of the rest can be counted, the
fewest cuts that hit all are searched for by branch and bound; else the nodes are put in a good order, and what runs
against it is cut (Eades, Lin and Smyth, "A fast and effective heuristic for the feedback arc set problem", Information
Processing Letters 47, 1993).
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Final

import networkx as nx

Arc = tuple[int, int]

_COUNTABLE: Final = 200_000
"""Loops times arcs up to which loops are counted; it keeps the search to some tenths of a second."""
_STEPS: Final = 20_000
"""Branches tried; a search that ends there keeps the best it has found."""


def cut(graph: "nx.DiGraph[int]") -> list[Arc]:
    """The arcs to cut, in the graph's order.

    Parameters
    ----------
    graph
        Nodes are numbers, since sets of these have the same order at every start of Python and sets of names don't.
        `weight` of an arc is what cutting it costs, at least 1.
    """
    core, stands_for, chosen = _shrunk(graph)
    arcs = list(core.edges)
    if arcs:
        most = _COUNTABLE // len(arcs)
        loops = list(islice(nx.simple_cycles(core), most + 1))
        few = len(loops) <= most
        chosen |= {
            original
            for arc in (_Cover.of(core, loops).found() if few else _against(_order(core), arcs))
            for original in stands_for[arc]
        }
    return [arc for arc in graph.edges if arc in chosen]


def _shrunk(graph: "nx.DiGraph[int]") -> tuple["nx.DiGraph[int]", dict[Arc, tuple[Arc, ...]], set[Arc]]:
    """What is left to be searched, the arcs that each of its arcs stands for, and those that must be cut anyway.

    A node passed by one way only joins its two arcs to one, of which the cheaper stands for both; arcs side by side are
    cut together or not at all; an arc from a node to itself must be cut. Most plants shrink to nothing.
    """
    ways: dict[int, dict[int, tuple[int, tuple[Arc, ...]]]] = {node: {} for node in graph}
    before: dict[int, dict[int, None]] = {node: {} for node in graph}
    for start, end in graph.edges:
        ways[start][end], before[end][start] = (int(graph.edges[start, end]["weight"]), ((start, end),)), None
    chosen: set[Arc] = set()
    waiting = deque(graph)
    while waiting:
        node = waiting.popleft()
        if node not in ways:
            continue
        chosen.update(ways[node].pop(node, (0, ()))[1])
        before[node].pop(node, None)
        if len(ways[node]) == len(before[node]) == 1:
            waiting.extend(_join(node, ways, before))
        elif not ways[node] or not before[node]:
            waiting.extend(_drop(node, ways, before))
    core: nx.DiGraph[int] = nx.DiGraph()
    for start, ends in ways.items():
        core.add_edges_from((start, end, {"weight": weight}) for end, (weight, _) in ends.items())
    return core, {(start, end): arcs for start, ends in ways.items() for end, (_, arcs) in ends.items()}, chosen


def _join(
    node: int, ways: dict[int, dict[int, tuple[int, tuple[Arc, ...]]]], before: dict[int, dict[int, None]]
) -> Arc:
    """Take out a node that has one arc in and one out; the neighbours that it leaves."""
    (start,), ((end, second),) = before.pop(node), ways.pop(node).items()
    first = ways[start].pop(node)
    del before[end][node]
    weight, arcs = min(first, second, key=lambda way: way[0])
    beside = ways[start].get(end, (0, ()))
    ways[start][end], before[end][start] = (beside[0] + weight, (*beside[1], *arcs)), None
    return start, end


def _drop(
    node: int, ways: dict[int, dict[int, tuple[int, tuple[Arc, ...]]]], before: dict[int, dict[int, None]]
) -> list[int]:
    """Take out a node that no loop passes; the neighbours that it leaves."""
    ends, starts = list(ways.pop(node)), list(before.pop(node))
    for end in ends:
        del before[end][node]
    for start in starts:
        del ways[start][node]
    return [*ends, *starts]


@dataclass
class _Cover:
    """The cheapest arcs that hit all loops; a loop is one bit, an arc the bits of the loops that pass it."""

    hits: dict[Arc, int]
    cost: dict[Arc, int]
    arcs_of_loop: Sequence[Sequence[Arc]]
    best: tuple[Arc, ...] = ()
    best_cost: int | None = None
    steps: int = field(default=_STEPS)

    @classmethod
    def of(cls, graph: "nx.DiGraph[int]", loops: Sequence[Sequence[int]]) -> "_Cover":
        hits: dict[Arc, int] = {}
        for bit, loop in enumerate(loops):
            for arc in pairwise([*loop, loop[0]]):
                hits[arc] = hits.get(arc, 0) | 1 << bit
        cost = {arc: graph.edges[arc]["weight"] for arc in hits}
        worth = _undominated(hits, cost)
        return cls(hits, cost, [[arc for arc in worth if hits[arc] >> bit & 1] for bit in range(len(loops))])

    def found(self) -> set[Arc]:
        self._search((1 << len(self.arcs_of_loop)) - 1, (), 0)
        return set(self.best)

    def _search(self, left: int, chosen: tuple[Arc, ...], spent: int) -> None:
        if not left:
            self.best, self.best_cost = chosen, spent
            return
        loop = (left & -left).bit_length() - 1
        promising = sorted(self.arcs_of_loop[loop], key=lambda arc: -(self.hits[arc] & left).bit_count())
        for arc in promising:
            # What is still left needs one more cut at least. The first way down is never given up: it is the answer
            # where nothing better turns up.
            total = spent + self.cost[arc]
            rest = left & ~self.hits[arc]
            if self.best_cost is not None and (self.steps <= 0 or total + (1 if rest else 0) >= self.best_cost):
                continue
            self.steps -= 1
            self._search(rest, (*chosen, arc), total)


def _undominated(hits: dict[Arc, int], cost: dict[Arc, int]) -> list[Arc]:
    """Arcs worth a cut: none other hits the same loops or more, and costs no more."""
    kept: list[Arc] = []
    for arc in sorted(hits, key=lambda arc: (-hits[arc].bit_count(), cost[arc], arc)):
        if not any(hits[arc] | hits[other] == hits[other] and cost[other] <= cost[arc] for other in kept):
            kept.append(arc)
    return kept


def _against(order: Sequence[int], arcs: Iterable[Arc]) -> set[Arc]:
    place = {node: index for index, node in enumerate(order)}
    return {(start, end) for start, end in arcs if place[end] <= place[start]}


def _order(graph: "nx.DiGraph[int]") -> list[int]:
    """Nodes so that little runs backwards: sinks last, sources first, else what gives most more than it takes."""
    gives: dict[int, int] = dict(graph.out_degree(weight="weight"))
    takes: dict[int, int] = dict(graph.in_degree(weight="weight"))
    queue = [(_rank(gives[node], takes[node]), node) for node in graph]
    heapq.heapify(queue)
    first: list[int] = []
    last: list[int] = []
    placed: set[int] = set()
    while queue:
        rank, node = heapq.heappop(queue)
        if node in placed or rank != _rank(gives[node], takes[node]):
            continue  # Its degrees have changed since; it stands in the queue with those of now.
        placed.add(node)
        (last if gives[node] == 0 else first).append(node)
        for changed, degrees, neighbour in _freed(graph, node, gives, takes):
            if neighbour not in placed:
                degrees[neighbour] -= changed
                heapq.heappush(queue, (_rank(gives[neighbour], takes[neighbour]), neighbour))
    return first + last[::-1]


def _rank(gives: int, takes: int) -> tuple[int, int]:
    """Place in the queue, the lowest first: sinks, then sources, then the greatest excess of what is given."""
    return (0, 0) if gives == 0 else (1, 0) if takes == 0 else (2, takes - gives)


def _freed(
    graph: "nx.DiGraph[int]", node: int, gives: dict[int, int], takes: dict[int, int]
) -> Iterable[tuple[int, dict[int, int], int]]:
    """What `node` no longer gives to, and takes from, its neighbours."""
    for end, arc in graph.succ[node].items():
        yield arc["weight"], takes, end
    for start, arc in graph.pred[node].items():
        yield arc["weight"], gives, start
