"""The order in which derived tags are computed, and the circles that make an order impossible."""

from collections.abc import Iterable, Mapping

import networkx as nx


def _graph(inputs: Mapping[str, Iterable[str]]) -> "nx.DiGraph[str]":
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(inputs)
    graph.add_edges_from((name, tag) for tag, names in inputs.items() for name in names if name in inputs)
    return graph


def derivation_order(inputs: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Derived tags, each after those that it needs; equal ones by name, so that the order is always the same.

    `inputs` gives the names that each derived tag's expression mentions.

    Raises
    ------
    networkx.NetworkXUnfeasible
        Where they go round in a circle; a loaded plant has none.
    """
    return tuple(nx.lexicographical_topological_sort(_graph(inputs)))


def find_circles(inputs: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Groups of derived tags that need each other, or themselves; each group sorted."""
    graph = _graph(inputs)
    groups = (group for group in nx.strongly_connected_components(graph))
    return tuple(
        sorted(tuple(sorted(group)) for group in groups if len(group) > 1 or graph.has_edge(*(2 * tuple(group))))
    )
