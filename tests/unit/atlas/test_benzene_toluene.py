"""The third plant that ships: its areas, recycles, loops and kinds of streams are those of a small distillation."""

import pytest

from twin.atlas.definition import parse
from twin.atlas.plant import Plant
from twin.atlas.traversal import (
    NotInGraphError,
    downstream,
    part_of_area,
    recycle_loops,
    recycles,
    shortest_path,
    tear_streams,
    upstream,
)
from twin.plants import names, simulated_names, text


@pytest.fixture(scope="module")
def plant() -> Plant:
    return parse(text("benzene-toluene"))


def test_it_ships_and_is_not_simulated() -> None:
    assert "benzene-toluene" in names()
    assert simulated_names() == ("williams-otto", "tennessee-eastman")


def test_it_uses_all_that_a_file_can_say(plant: Plant) -> None:
    assert {stream.carries for stream in plant.streams} == {"material", "energy", "signal"}
    assert plant.location.site == "Rhine works"
    assert [area.id for area in plant.areas] == ["A100", "A200", "A300"]
    assert {item.unit for item in plant.equipment} == {unit.id for area in plant.areas for unit in area.units}
    assert len({item.type.name for item in plant.equipment}) >= 20
    assert [len(part) > 0 for part in (plant.prices, plant.policies.policies, plant.chemistry.compounds)] == [True] * 3
    assert sum(bool(item.design) for item in plant.equipment) > 25


def test_column_steam_and_water_are_recycles_and_the_heat_of_the_bottoms_is_none(plant: Plant) -> None:
    groups = {frozenset(one.nodes) for one in recycles(plant)}
    [column] = [group for group in groups if "C-201" in group]
    assert column >= {"TK-101", "P-101", "E-201", "E-202", "V-202", "P-202", "E-203", "HV-205"}
    assert not column & {"P-204", "E-204", "B-301", "TK-102", "TK-103"}
    assert any(group >= {"B-301", "FV-301", "M-301", "P-301"} and "E-203" in group for group in groups)
    assert any(group >= {"CT-301", "P-302", "SP-301", "PV-201", "E-204"} for group in groups)
    assert len(groups) == 3
    assert "TOLUENE" not in downstream(plant, "CT-301")
    assert "E-201" in upstream(plant, "TOLUENE")


def test_four_streams_open_all_recycles(plant: Plant) -> None:
    """Overhead vapour or its like for reflux and off-spec, boil-up, steam, and cooling water."""
    torn = tear_streams(plant)
    assert len(torn) == 4
    assert all(set(torn) & set(loop.streams) for loop in recycle_loops(plant))


def test_the_way_of_the_feed_to_both_products(plant: Plant) -> None:
    way = shortest_path(plant, "FEED", "BENZENE")
    assert way is not None
    assert [node for node in way.nodes if node in ("E-201", "C-201", "E-202", "V-202", "TK-102")] == [
        "E-201", "C-201", "E-202", "V-202", "TK-102",
    ]  # fmt: skip
    assert shortest_path(plant, "FUEL", "BENZENE") is None


def test_an_area_is_a_part_with_its_boundary(plant: Plant) -> None:
    farm = part_of_area(plant, "A100")
    streams = {stream.name: stream for stream in plant.streams}
    assert {"S-1", "S-2", "S-23", "S-36"} <= set(farm.streams)
    assert {streams[name].source.equipment for name in farm.inlets} >= {"SP-205", "HV-205", "LV-201"}
    assert {streams[name].target.equipment for name in farm.outlets} == {"E-201"}
    overhead = part_of_area(plant, "U220")
    assert {"V-202", "P-202"} <= set(overhead.nodes) <= set(part_of_area(plant, "A200").nodes)
    with pytest.raises(NotInGraphError, match="plant benzene-toluene has no area or unit 'A400'; did you mean 'A"):
        part_of_area(plant, "A400")


def test_its_loops_are_closed_and_one_drives_another(plant: Plant) -> None:
    loops = {loop.controller: loop for loop in plant.loops}
    assert set(loops) == {
        "FIC-101", "FIC-202", "FIC-301", "LIC-201", "LIC-202", "LIC-301", "PIC-201", "PIC-301", "TIC-201",
    }  # fmt: skip
    assert loops["TIC-201"].actuators == ("FV-301",), "through the steam flow that it sets"
    assert loops["FIC-202"].actuators == ("P-202",)


def test_what_is_designed_fits_the_balances_that_the_file_names(plant: Plant) -> None:
    """10 t/h with 45 wt% benzene at 99.5 and 1 wt%: 4.47 t/h overhead, reflux 2.2 times that; heats of vaporisation of
    394 kJ/kg (benzene at 80 degC) and 2133 kJ/kg (steam at 3 bar(g)) give the exchangers' duties.
    """
    feed, share, top, bottom = 10.0, 0.45, 0.995, 0.01
    distillate = feed * (share - bottom) / (top - bottom)
    vapour_kg_s = 3.2 * distillate / 3.6
    equipment = plant.equipment_by_id
    condenser = equipment["E-202"].designed("duty").value_in("kW")
    assert condenser == pytest.approx(394 * vapour_kg_s, rel=0.05)
    assert equipment["E-203"].designed("duty").value_in("kW") == pytest.approx(1.05 * condenser, rel=0.05)
    steam_kg_s = equipment["E-203"].designed("duty").value_in("kW") / 2133
    assert steam_kg_s < equipment["B-301"].designed("capacity").value_in("kg/s")
    assert steam_kg_s < next(tag for tag in plant.tags if tag.name == "FIC-301.PV").high
    water_kg_s = condenser / (4.18 * 10.0)
    assert water_kg_s < next(tag for tag in plant.tags if tag.name == "FI-302.PV").high
