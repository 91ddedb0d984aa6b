"""Which arcs to cut so that a graph has no loop left: tear streams, as few as can be or near it.

Every loop must be hit by a cut. Where the loops can be counted, the fewest cuts that hit all are searched for by branch
and bound; else the nodes are put in a good order, and what runs against it is cut (Eades, Lin and Smyth, "A fast and
effective heuristic for the feedback arc set problem", Information Processing Letters 47, 1993).
"""

import heapq
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
        Every node reaches every other. Nodes are numbers, since sets of these have the same order at every start of
        Python and sets of names don't. `weight` of an arc is what cutting it costs, at least 1.
    """
    arcs = list(graph.edges)
    if len(arcs) == len(graph):  # One ring, as most recycles are.
        return [min(arcs, key=lambda arc: int(graph.edges[arc]["weight"]))]
    most = _COUNTABLE // len(arcs)
    loops = list(islice(nx.simple_cycles(graph), most + 1))
    chosen = _Cover.of(graph, loops).found() if len(loops) <= most else _against(_order(graph), arcs)
    return [arc for arc in arcs if arc in chosen]


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
