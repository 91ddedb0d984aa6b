"""Walks over plants: what lies up and down, ways, recycles, tear streams, and parts with their boundary."""

import time
from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.atlas.definition import parse
from twin.atlas.flowsheet import build_graph
from twin.atlas.plant import Plant
from twin.atlas.streams import ProcessStream
from twin.atlas.traversal import (
    NotInGraphError,
    downstream,
    part,
    recycle_loops,
    recycles,
    shortest_path,
    tear_streams,
    upstream,
)
from twin.plants import text


class Wires:
    """Nodes joined as a text says: `A>B B>C`, streams numbered from 1."""

    def __init__(self, arcs: Iterable[tuple[str, str]], carries: Any = "material") -> None:
        self.streams = [
            ProcessStream.of(str(number), start, end, carries) for number, (start, end) in enumerate(arcs, 1)
        ]
        self.graph = build_graph([], self.streams)


def wires(words: str) -> Wires:
    return Wires(tuple(word.split(">")) for word in words.split())  # type: ignore[misc]


@pytest.fixture(scope="module")
def eastman() -> Plant:
    return parse(text("tennessee-eastman"))


def test_nearest_come_first_and_the_start_is_left_out(eastman: Plant) -> None:
    assert downstream(eastman, "V-203")[:2] == ("SP-203", "FV-214")
    assert set(upstream(eastman, "PURGE")) >= {"FEED-A", "FEED-AC", "R-201", "C-205"}
    assert "PRODUCT" not in upstream(eastman, "PURGE")
    assert upstream(eastman, "FEED-D") == ()
    assert "V-203" not in downstream(eastman, "V-203")


def test_only_the_kinds_asked_for_are_followed() -> None:
    wired = Wires([("A", "B"), ("B", "A")], carries="signal")
    assert downstream(wired, "A") == ()
    assert recycles(wired) == ()
    assert downstream(wired, "A", ("material", "signal")) == ("B",)


def test_a_way_tells_its_streams_and_none_is_none(eastman: Plant) -> None:
    way = shortest_path(eastman, "FEED-A", "PURGE")
    assert way is not None
    assert way.nodes[:3] == ("FEED-A", "FV-201", "M-201")
    assert way.streams[-2:] == ("S-12", "S-13")
    assert len(way.streams) == len(way.nodes) - 1
    assert shortest_path(eastman, "PURGE", "FEED-A") is None


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(NotInGraphError, match="nothing is called 'R-11' here; did you mean 'R-1'"):
        downstream(wires("R-1>P-2"), "R-11")


def test_tennessee_eastman_has_one_recycling_part_of_two_loops_opened_by_one_stream(eastman: Plant) -> None:
    [recycle] = recycles(eastman)
    assert set(recycle.nodes) == {"M-201", "R-201", "E-202", "V-203", "SP-203", "K-204", "FV-214", "C-205"}
    assert "S-14" in recycle.streams
    assert set(recycle.inlets) >= {"S-4", "S-5", "S-6"}
    assert set(recycle.outlets) >= {"S-12", "S-20"}
    loops = recycle_loops(eastman)
    assert sorted(len(loop.streams) for loop in loops) == [6, 6]
    assert all(loop.nodes[0] == loop.nodes[-1] for loop in loops)
    [tear] = tear_streams(eastman)
    assert all(tear in loop.streams for loop in loops)


def test_a_plant_without_recycle_has_none() -> None:
    plant = parse(text("williams-otto"))
    assert [*recycles(plant), *recycle_loops(plant), *tear_streams(plant)] == []


def test_streams_side_by_side_are_torn_together_or_better_elsewhere() -> None:
    assert tear_streams(wires("A>B A>B B>A")) == ("3",)
    assert tear_streams(wires("A>A A>B")) == ("1",)
    assert tear_streams(wires("A>B A>B B>C C>A C>D D>C")) in {("3", "5"), ("4", "5"), ("3", "6"), ("4", "6")}


def test_loops_beyond_the_bound_are_not_counted() -> None:
    everything = Wires((str(a), str(b)) for a in range(9) for b in range(9) if a != b)
    assert len(recycle_loops(everything, most=50)) == 50


def test_a_part_tells_what_crosses_its_boundary(eastman: Plant) -> None:
    column = part(eastman, ["FV-217", "C-205"], ("material",))
    assert (column.nodes, column.streams) == (("C-205", "FV-217"), ("S-20",))
    assert (column.inlets, column.outlets) == (("S-16", "S-18"), ("S-19", "S-21"))
    whole = part(eastman, eastman.graph)
    assert (whole.inlets, whole.outlets) == ((), ())
    assert len(whole.streams) == len(eastman.streams)


def test_what_flows_through_a_jacket_does_not_get_into_the_reactor() -> None:
    """A feed heated by the product of the same reactor is no recycle; a recycle through one side of it is."""
    wired = wires("FEED>E E>R R>E E>OUT R>P P>R")
    circuits = {"1": ("", "cold"), "2": ("cold", ""), "3": ("", "hot"), "4": ("hot", "")}
    for _, _, name, data in wired.graph.edges(keys=True, data=True):
        data["circuits"] = circuits.get(name, ("", ""))
    [recycle] = recycles(wired)
    assert (recycle.nodes, recycle.streams) == (("R", "P"), ("5", "6"))
    assert (recycle.inlets, recycle.outlets) == (("2",), ("3",))
    assert len(tear_streams(wired)) == 1
    assert set(downstream(wired, "E")) == {"R", "OUT", "P"}
    assert upstream(wired, "OUT") == ("E", "R", "P", "FEED")
    way = shortest_path(wired, "FEED", "OUT")
    assert way is not None
    assert way.nodes == ("FEED", "E", "R", "E", "OUT"), "through the cold side, the reactor and the hot side"


def fewest(wired: Wires) -> int:
    """By trying: the size of the smallest set of streams whose absence leaves no loop."""
    arcs = [(start, end, name) for start, end, name in wired.graph.edges(keys=True)]
    for size in range(len(arcs) + 1):
        for chosen in combinations(arcs, size):
            if is_open(wired, {name for _, _, name in chosen}):
                return size
    raise AssertionError("without any stream there is no loop")


def is_open(wired: Wires, torn: Iterable[str]) -> bool:
    kept = nx.DiGraph((start, end) for start, end, name in wired.graph.edges(keys=True) if name not in set(torn))
    return bool(nx.is_directed_acyclic_graph(kept))


ARCS = st.lists(st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE")), max_size=9)


@given(ARCS)
def test_tear_streams_open_every_recycle_and_are_the_fewest(arcs: list[tuple[str, str]]) -> None:
    wired = Wires(arcs)
    torn = tear_streams(wired)
    assert is_open(wired, torn)
    assert len(torn) == fewest(wired)


NUMBERS = st.integers(0, 59)


@settings(max_examples=20)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=100, max_size=150))
def test_where_loops_cannot_be_counted_tears_open_all_and_spare_the_main_line(links: list[tuple[int, int]]) -> None:
    line = [*pairwise(range(60))] * 9
    wired = Wires((str(start), str(end)) for start, end in [*line, (59, 0), *links])
    torn = tear_streams(wired)
    assert is_open(wired, torn)
    assert len(torn) <= 1 + len(links)


@given(ARCS)
def test_up_and_down_are_mirror_images_and_agree_with_ways(arcs: list[tuple[str, str]]) -> None:
    wired = Wires(arcs)
    for node in wired.graph:
        for other in downstream(wired, node):
            assert node in upstream(wired, other)
            assert shortest_path(wired, node, other) is not None


def test_ten_thousand_pieces_are_walked_in_milliseconds() -> None:
    names = [f"E-{number}" for number in range(10_000)]
    arcs = list(pairwise(names)) + [(names[at + 15], names[at]) for at in range(0, 9_000, 20)]
    wired = Wires(arcs)
    downstream(wired, names[0])  # The first walk lays out the arcs.
    taken = {}
    for walk in (lambda: downstream(wired, names[0]), lambda: upstream(wired, names[-1]), lambda: recycles(wired)):
        start = time.perf_counter()
        assert walk()
        taken[walk] = time.perf_counter() - start
    assert len(tear_streams(wired)) == 450
    assert max(taken.values()) < 1.0, "milliseconds on a quiet machine; this bound only catches what grows too fast"
