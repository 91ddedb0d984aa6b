"""The plants that ship: every tag is described, in its range and limits, and has its place; the streams join."""

import re
from zoneinfo import ZoneInfo

import networkx as nx
import pytest

from twin.atlas.definition import parse
from twin.atlas.material_paths import material_graph
from twin.atlas.plant import Plant
from twin.atlas.units import parse_unit
from twin.plants import UnknownPlantError, names, path, text

ISA = re.compile(r"^[A-Z]{2,4}-\d{3}[A-Z]?(\.(PV|SP|OP|MODE|KC|TI|TD))?$")


@pytest.fixture(params=names(), scope="module")
def plant(request: pytest.FixtureRequest) -> Plant:
    return parse(text(request.param))


def test_every_tag_is_described_and_measured_in_a_known_unit(plant: Plant) -> None:
    for tag in plant.tags:
        assert ISA.match(tag.name), tag.name
        assert len(tag.description) >= 4, tag.name
        assert tag.description[0].isupper() or tag.description[0].isdigit(), tag.description
        assert tag.low < tag.high, tag.name
        assert tag.unit or tag.states, tag.name
        parse_unit(tag.unit)


def test_every_tag_shows_decimals_that_tell_a_thousandth_of_its_range(plant: Plant) -> None:
    for tag in plant.tags:
        if not tag.states:
            assert 10**-tag.decimals <= (tag.high - tag.low) / 100, f"{tag.name} shows steps of a percent of its range"
            widest = max(len(f"{bound:.{tag.decimals}f}") for bound in (tag.low, tag.high))
            assert widest <= 9, f"{tag.name} is {widest} figures wide"


def test_every_limit_lies_in_its_range_in_order_with_a_deadband(plant: Plant) -> None:
    for tag in plant.tags:
        limits = [tag.limits.low_low, tag.limits.low, tag.limits.high, tag.limits.high_high]
        given = [limit for limit in limits if limit is not None]
        assert given == sorted(set(given)), tag.name
        assert all(tag.low <= limit <= tag.high for limit in given), tag.name
        if given:
            assert 0 < tag.limits.deadband < (tag.high - tag.low) / 10, tag.name


def test_some_tags_are_shown_and_some_have_limits(plant: Plant) -> None:
    assert len([tag for tag in plant.tags if tag.shown]) >= 8
    assert len([tag for tag in plant.tags if any((tag.limits.low, tag.limits.high))]) >= 4
    assert [tag.kind for tag in plant.tags].count("derived") >= 1


def test_every_loop_tells_value_setpoint_output_and_mode(plant: Plant) -> None:
    loops: dict[str, set[str]] = {}
    for tag in plant.tags:
        loops.setdefault(tag.loop, set()).add(tag.part)
    complete = {loop for loop, parts in loops.items() if parts >= {"PV", "SP", "OP", "MODE"}}
    assert complete == {
        loop for loop, parts in loops.items() if {"SP", "OP"} <= parts
    }  # a hand control has an output only
    assert len(complete) >= 4
    if (
        plant.id == "williams-otto"
    ):  # Tennessee Eastman's masters set other loops' setpoints and have no more of their own
        assert complete == {loop for loop, parts in loops.items() if "SP" in parts}
        assert all(loops[loop] >= {"KC", "TI", "TD"} for loop in complete)


def test_every_address_is_the_tags_own_and_every_tag_belongs_to_equipment(plant: Plant) -> None:
    addresses = [(tag.source, tag.address) for tag in plant.tags if tag.kind != "derived"]
    assert len(addresses) == len(set(addresses))
    assert {tag.equipment for tag in plant.tags} - {""} <= set(plant.equipment_by_id)


def test_streams_join_ports_that_take_them_and_make_one_plant(plant: Plant) -> None:
    for stream in plant.streams:
        start, end = plant.ports(stream)
        assert (start.flow, end.flow) == ("out", "in")
        assert start.carries == end.carries == stream.carries
    assert nx.number_weakly_connected_components(plant.graph) == 1
    kinds = {item.id: item.type.name for item in plant.equipment}
    material = material_graph(plant.equipment_by_id, plant.streams)
    assert {kinds[node] for (node, _), degree in material.in_degree() if degree == 0} == {"feed"}
    assert {kinds[node] for (node, _), degree in material.out_degree() if degree == 0} <= {"product", "analyser"}


def test_every_product_is_reached_from_a_feed(plant: Plant) -> None:
    feeds = [item.id for item in plant.equipment if item.type.name == "feed"]
    reached = set().union(*(nx.descendants(plant.graph, feed) for feed in feeds))
    assert {item.id for item in plant.equipment if item.type.name == "product"} <= reached


def test_the_time_zone_is_one(plant: Plant) -> None:
    assert ZoneInfo(plant.time_zone).key == plant.time_zone


def test_a_plant_that_does_not_ship_is_refused_with_those_that_do() -> None:
    assert names()[0] == "williams-otto"
    assert path(names()[0]).exists()
    with pytest.raises(UnknownPlantError, match=r"no plant '\.\./x' ships; use one of williams-otto"):
        path("../x")
