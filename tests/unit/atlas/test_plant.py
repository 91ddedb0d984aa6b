"""The plant aggregate: whole or refused, its graph, its ports, its tag table; and the order of derived tags."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.derivation import derivation_order, find_circles
from twin.atlas.equipment import EQUIPMENT_TYPES
from twin.atlas.flowsheet import build_graph
from twin.atlas.plant import Plant, PlantError
from twin.atlas.streams import End, ProcessStream
from twin.atlas.tag_definition import TagDefinition
from twin.atlas.tags import Limits

Tree = dict[str, Any]
Faults = Callable[[Any], dict[str, str]]


@pytest.fixture
def plant(tree: Tree, plant_of: Callable[[Any], Plant]) -> Plant:
    return plant_of(tree)


def again(plant: Plant, **changes: Any) -> Plant:
    """The plant with changes, checked anew."""
    return Plant.of(**{name: getattr(plant, name) for name in plant.__dataclass_fields__} | changes)


def test_a_plant_that_breaks_its_invariants_is_never_made(plant: Plant) -> None:
    tags = (*plant.tags, replace(plant.tags[0], address="other"), replace(plant.tags[1], name="X", low=5.0, high=4.0))
    with pytest.raises(PlantError) as refused:
        again(plant, tags=tags, time_zone="Mars", streams=plant.streams[:1])
    paths = [finding.fault().path for finding in refused.value.findings]
    assert set(paths) >= {"time_zone", "tags[4].name", "tags[5].range", "tags[5].address", "equipment[2].id"}
    assert "TI-1.PV" in str(refused.value)
    assert again(plant) == plant


def test_the_graph_is_walked_from_feed_to_product(plant: Plant) -> None:
    assert list(nx.topological_sort(plant.graph)) == ["FEED", "V-1", "OUT"]
    assert [key for _, _, key in plant.graph.edges(keys=True)] == ["S-1", "S-2"]
    assert plant.graph.nodes["V-1"]["equipment"] is plant.equipment_by_id["V-1"]
    assert plant.graph.edges["FEED", "V-1", "S-1"]["stream"] is plant.streams[0]
    assert [port.name for port in plant.ports(plant.streams[0])] == ["outlet", "inlet"]


def test_parallel_streams_and_recycles_are_kept_apart() -> None:
    streams = [
        ProcessStream(name=name, source=End(a), target=End(b))
        for name, a, b in (("1", "A", "B"), ("2", "A", "B"), ("3", "B", "A"))
    ]
    graph = build_graph([], streams)
    assert sorted(graph.edges(keys=True)) == [("A", "B", "1"), ("A", "B", "2"), ("B", "A", "3")]


@pytest.mark.parametrize(
    ("stream", "change", "place"),
    [
        (0, {"to": "V-1.outlet"}, "streams[0].to"),  # the wrong direction
        (0, {"to": "V-1.level"}, "streams[0].to"),  # the wrong kind
        (0, {"to": "V-1", "carries": "signal"}, "streams[0].to"),
        (0, {"from": "V-9"}, "streams[0].from"),
        (1, {"from": "FEED"}, "streams[1].from"),  # taken
        (1, {"to": "V-1.inlet"}, "equipment[2].id"),  # leaves the product open
        (1, {"to": "OUT.inlet"}, ""),
        (1, {"to": "V-1", "from": "FEED"}, "streams[1].from"),
    ],
)
def test_ends_of_streams_are_held_to_the_ports(
    tree: Tree, faults: Faults, stream: int, change: dict[str, str], place: str
) -> None:
    tree["streams"][stream].update(change)
    assert place in faults(tree) if place else faults(tree) == {}


def test_a_port_for_many_takes_many_and_another_takes_one(tree: Tree, faults: Faults) -> None:
    tree["equipment"] += [{"id": "FEED-2", "type": "feed"}, {"id": "OUT-2", "type": "product"}]
    tree["streams"].append({"name": "S-3", "from": "FEED-2", "to": "V-1.inlet"})
    tree["streams"].append({"name": "S-4", "from": "V-1.outlet", "to": "OUT-2"})
    assert set(faults(tree)) == {"streams[3].from"}
    assert "mixer or splitter" in faults(tree)["streams[3].from"]


@pytest.mark.parametrize("kind", EQUIPMENT_TYPES.values(), ids=lambda kind: kind.name)
def test_every_type_of_equipment_has_ports_of_different_names_on_its_symbol(kind: Any) -> None:
    assert len({port.name for port in kind.ports}) == len(kind.ports)
    assert all(0 <= port.along <= 1 for port in kind.ports)
    assert all(kind.port(port.name) is port for port in kind.ports)
    placed = [(port.side, port.along) for port in kind.ports]
    assert len(set(placed)) == len(placed)


@pytest.mark.parametrize(
    ("text", "equipment", "port"),
    [("R-101.feed", "R-101", "feed"), ("R-101", "R-101", ""), ("A.B.feed", "A.B", "feed"), ("", "", "")],
)
def test_an_end_of_a_stream_is_equipment_and_port(text: str, equipment: str, port: str) -> None:
    assert End.parse(text) == End(equipment, port)
    assert str(End.parse(text)) == text


def numbers(plant: Plant) -> dict[tuple[str, str], int]:
    return {(tag.name, tag.unit): 100 - index for index, tag in enumerate(plant.tags)}


def test_tag_tables_a_table_is_named_by_its_content_and_ordered_by_number(plant: Plant) -> None:
    table = plant.tag_table(7, 1, numbers(plant))
    assert table.tag_ids.tolist() == [97, 98, 99, 100]
    assert table.name == plant.tag_table(7, 1, numbers(plant)).name
    assert table.name != plant.tag_table(7, 2, numbers(plant)).name
    first = table.tags[table.position("TI-1.PV")]
    assert (first.scale, first.offset) == pytest.approx((1.0, -273.15))  # the source speaks K, degC is stored
    assert (table.content.number, table.content.grace_us, table.content.time_zone) == (7, 2_000_000, "Europe/Berlin")


def test_tag_tables_a_tag_whose_unit_changed_needs_a_number_of_its_own(plant: Plant) -> None:
    known = numbers(plant)
    changed = again(plant, tags=(replace(plant.tags[0], unit="degF"), *plant.tags[1:]))
    with pytest.raises(PlantError, match="tag TI-1.PV in degF has no number"):
        changed.tag_table(7, 2, known)
    table = changed.tag_table(7, 2, known | {("TI-1.PV", "degF"): 101})
    assert 100 not in table.tag_ids
    assert 101 in table.tag_ids


def test_a_name_parts_into_instrument_and_part() -> None:
    tag = TagDefinition(name="TIC-101.PV", description="", unit="K", low=0, high=1, limits=Limits())
    assert (tag.loop, tag.part) == ("TIC-101", "PV")
    assert (replace(tag, name="XS-1").loop, replace(tag, name="XS-1").part) == ("XS-1", "")


needs = st.dictionaries(st.sampled_from("ABCDEF"), st.lists(st.sampled_from("ABCDEFxy"), max_size=3), max_size=6)


@given(needs)
def test_derived_tags_have_an_order_or_a_circle_is_named(inputs: dict[str, list[str]]) -> None:
    circles = find_circles(inputs)
    if circles:
        for circle in circles:
            for name in circle:  # each in a circle needs another of it, or itself
                assert set(inputs[name]) & set(circle)
        with pytest.raises(nx.NetworkXUnfeasible):
            derivation_order(inputs)
        return
    order = derivation_order(inputs)
    assert sorted(order) == sorted(inputs)
    for position, name in enumerate(order):
        assert all(needed not in order[position:] for needed in inputs[name])
    assert order == derivation_order(dict(reversed(inputs.items())))
