"""How the parts of a plant hang together: areas, loops that are closed, material that reaches a product."""

from collections.abc import Callable
from typing import Any

import pytest

from twin.atlas.control_loops import ControlLoop
from twin.atlas.material_paths import material_graph
from twin.atlas.plant import Plant

Tree = dict[str, Any]
Faults = Callable[[Any], dict[str, str]]


@pytest.fixture
def tree() -> Tree:
    """A tank with a level loop through a transmitter, a flow loop that its master drives, and cooling water."""
    return {
        "atlas": 2, "plant": "mill", "name": "Mill",
        "location": {"enterprise": "Mills Ltd", "site": "Riverside"},
        "areas": [
            {"id": "A1", "name": "Storage", "units": [{"id": "U1", "name": "Tanks"}, {"id": "U2"}]},
            {"id": "A2", "units": [{"id": "U3"}]},
        ],
        "sources": [{"name": "plc", "kind": "push"}],
        "equipment": [
            {"id": "FEED", "type": "feed", "area": "A1"},
            {"id": "V-1", "type": "tank", "area": "A1", "unit": "U1", "design": {"volume": "4 m3"}},
            {"id": "FV-1", "type": "control-valve", "area": "A2"},
            {"id": "E-1", "type": "cooler", "area": "A2", "unit": "U3"},
            {"id": "OUT", "type": "product"},
            {"id": "P-2", "type": "pump"},
            {"id": "T-2", "type": "cooling-tower"},
            {"id": "POWER", "type": "energy-supply"},
            {"id": "LT-1", "type": "transmitter", "measures": "V-1"},
            {"id": "LIC-1", "type": "controller"},
            {"id": "FIC-1", "type": "controller", "measures": "S-2"},
        ],
        "streams": [
            {"name": "S-1", "from": "FEED", "to": "V-1.inlet"},
            {"name": "S-2", "from": "V-1.outlet", "to": "FV-1"},
            {"name": "S-3", "from": "FV-1", "to": "E-1.inlet"},
            {"name": "S-4", "from": "E-1.outlet", "to": "OUT"},
            {"name": "W-1", "from": "T-2.cold", "to": "P-2"},
            {"name": "W-2", "from": "P-2.discharge", "to": "E-1.service_inlet"},
            {"name": "W-3", "from": "E-1.service_outlet", "to": "T-2.hot"},
            {"name": "P-1", "from": "POWER", "to": "P-2.power", "carries": "energy"},
            {"name": "C-1", "from": "LT-1", "to": "LIC-1.measurement", "carries": "signal"},
            {"name": "C-2", "from": "LIC-1", "to": "FIC-1.setpoint", "carries": "signal"},
            {"name": "C-3", "from": "FIC-1", "to": "FV-1", "carries": "signal"},
        ],
        "tags": [
            {"name": "LIC-1.PV", "description": "Level", "unit": "%", "range": [0, 100], "equipment": "V-1"},
            {"name": "FIC-1.PV", "description": "Flow", "unit": "kg/s", "range": [0, 4], "stream": "S-2"},
        ],
    }  # fmt: skip


def entry(tree: Tree, part: str, name: str) -> dict[str, Any]:
    return next(each for each in tree[part] if name in (each.get("id"), each.get("name")))


def without(tree: Tree, part: str, *names: str) -> None:
    tree[part] = [each for each in tree[part] if not {each.get("id"), each.get("name")} & set(names)]


def test_a_plant_with_all_of_it_is_sound(tree: Tree, plant_of: Callable[[Any], Plant]) -> None:
    plant = plant_of(tree)
    assert (plant.location.enterprise, plant.location.site) == ("Mills Ltd", "Riverside")
    assert [(area.id, area.name, [unit.name for unit in area.units]) for area in plant.areas] == [
        ("A1", "Storage", ["Tanks", "U2"]), ("A2", "A2", ["U3"]),
    ]  # fmt: skip
    assert (plant.equipment_by_id["V-1"].area, plant.equipment_by_id["V-1"].unit) == ("A1", "U1")
    assert [[tag.name for tag in plant.tags_of(name)] for name in ("S-2", "V-1", "OUT")] == [
        ["FIC-1.PV"],
        ["LIC-1.PV"],
        [],
    ]
    assert plant.loops == (ControlLoop("LIC-1", "V-1", ("FV-1",)), ControlLoop("FIC-1", "V-1", ("FV-1",)))


def test_water_never_gets_into_the_product(tree: Tree, plant_of: Callable[[Any], Plant]) -> None:
    plant = plant_of(tree)
    graph = material_graph(plant.equipment_by_id, plant.streams)
    assert set(graph.successors(("E-1", "service"))) == {("T-2", "")}
    assert set(graph.successors(("E-1", ""))) == {("OUT", "")}
    assert plant.graph.edges["P-2", "E-1", "W-2"]["circuits"] == ("", "service")


@pytest.mark.parametrize(
    ("part", "name", "change", "expected"),
    [
        ("areas", "A2", {"id": "A1"}, {"areas[1].id", "equipment[2].area", "equipment[3].area", "equipment[3].unit"}),
        ("areas", "A2", {"units": [{"id": "U2"}]}, {"areas[1].units[0].id", "equipment[3].unit"}),
        ("areas", "A2", {"unit": []}, {"areas[1].unit"}),
        ("equipment", "V-1", {"area": "A3"}, {"equipment[1].area", "equipment[1].unit"}),
        ("equipment", "V-1", {"unit": "U9"}, {"equipment[1].unit"}),
        ("equipment", "V-1", {"area": "A2"}, {"equipment[1].unit"}),
        ("equipment", "V-1", {"design": {"volume": "4 kg"}}, {"equipment[1].design.volume"}),
        ("equipment", "V-1", {"design": {"volumes": "4 m3"}}, {"equipment[1].design.volumes"}),
        ("equipment", "V-1", {"measures": "S-1"}, {"equipment[1].measures"}),
        ("equipment", "V-1", {"modes": ["Start up!"]}, {"equipment[1].modes[0]"}),
        ("equipment", "LT-1", {"measures": ""}, {"equipment[8].measures"}),
        ("equipment", "LT-1", {"measures": "V-9"}, {"equipment[8].measures"}),
        ("equipment", "FIC-1", {"measures": "S-9"}, {"equipment[10].measures"}),
        ("equipment", "FIC-1", {"measures": ""}, {"equipment[10].measures"}),
        ("equipment", "FIC-1", {"measures": "T-2"}, set()),
        ("equipment", "FIC-1", {"measures": "POWER"}, set()),
        ("streams", "C-1", {"to": "LIC-1.setpoint"}, {"equipment[9].measures"}),
        ("streams", "C-2", {"to": "FIC-1.measurement"}, {"equipment[9].id"}),
        ("streams", "C-3", {"to": "LIC-1.setpoint"}, {"equipment[9].id", "equipment[10].id"}),
        ("streams", "C-3", {"to": "P-2.speed"}, set()),
        ("streams", "C-3", {"carries": "material"}, {"streams[10].from", "streams[10].to"}),
        ("streams", "P-1", {"composition": {"A": "100 wt%"}}, {"streams[7].composition"}),
        ("streams", "S-1", {"composition": {"A": "100 wt%"}}, {"streams[0].composition.A"}),
        ("tags", "FIC-1.PV", {"stream": "S-9"}, {"tags[1].stream"}),
    ],
)  # fmt: skip
def test_what_does_not_hang_together_is_told_by_its_place(
    tree: Tree, faults: Faults, part: str, name: str, change: Tree, expected: set[str]
) -> None:
    entry(tree, part, name).update(change)
    found = faults(tree)
    assert set(found) == expected, found


def test_a_loop_over_two_plants_side_by_side_is_open(tree: Tree, faults: Faults) -> None:
    tree["equipment"] += [
        {"id": "FEED-B", "type": "feed"}, {"id": "FV-B", "type": "control-valve"}, {"id": "OUT-B", "type": "product"},
    ]  # fmt: skip
    tree["streams"] += [{"name": "B-1", "from": "FEED-B", "to": "FV-B"}, {"name": "B-2", "from": "FV-B", "to": "OUT-B"}]
    assert faults(tree) == {}
    entry(tree, "streams", "C-3")["to"] = "FV-B"
    found = faults(tree)
    assert set(found) == {"equipment[9].measures", "equipment[10].measures"}
    assert "no stream joins FV-B to V-1" in found["equipment[10].measures"]


def test_a_dead_end_is_told_once_where_it_is(tree: Tree, faults: Faults) -> None:
    without(tree, "streams", "S-2", "S-3", "S-4", "C-3", "C-2", "C-1")
    without(tree, "equipment", "FV-1", "E-1", "OUT", "LIC-1", "FIC-1", "P-2", "T-2", "POWER", "LT-1")
    without(tree, "streams", "W-1", "W-2", "W-3", "P-1")
    del tree["tags"][1]
    assert faults(tree) == {"equipment[1].id": faults(tree)["equipment[1].id"]}
    assert "material enters V-1 but never leaves" in faults(tree)["equipment[1].id"]
    tree["atlas"] = 1
    assert faults(tree) == {}  # what version 1 let pass stays readable


def test_cooling_water_that_comes_from_nowhere_is_told_by_its_circuit(tree: Tree, faults: Faults) -> None:
    without(tree, "streams", "W-1", "W-2", "P-1", "C-1", "C-2", "C-3")
    without(tree, "equipment", "P-2", "T-2", "POWER", "LT-1", "LIC-1", "FIC-1")
    entry(tree, "streams", "W-3")["to"] = "DRAIN"
    tree["equipment"].append({"id": "DRAIN", "type": "product"})
    found = faults(tree)
    assert set(found) == {"equipment[3].id"}
    assert "material leaves the service of E-1 but never enters" in found["equipment[3].id"]


def test_what_goes_round_for_ever_reaches_no_product(tree: Tree, faults: Faults) -> None:
    tree["equipment"] += [{"id": "MAKE-UP", "type": "feed"}, {"id": "BLOW-DOWN", "type": "product"}]
    tree["streams"].append({"name": "W-4", "from": "MAKE-UP", "to": "T-2.make_up"})
    tree["streams"].append({"name": "W-5", "from": "T-2.blowdown", "to": "BLOW-DOWN"})
    assert faults(tree) == {}
    del tree["streams"][-1], tree["equipment"][-1]
    assert "what MAKE-UP brings reaches no product" in faults(tree)["equipment[11].id"]
    tree["equipment"][-1] = {"id": "BLOW-DOWN", "type": "product"}
    tree["streams"][-1] = {"name": "W-5", "from": "T-2.blowdown", "to": "BLOW-DOWN"}
    assert "no feed reaches BLOW-DOWN" in faults(tree)["equipment[11].id"]


def test_old_names_of_types_belong_to_version_1(tree: Tree, faults: Faults, plant_of: Callable[[Any], Plant]) -> None:
    entry(tree, "equipment", "E-1")["type"] = "heat-exchanger"
    assert "write shell-and-tube-exchanger" in faults(tree)["equipment[3].type"]
    tree["atlas"] = 1
    assert plant_of(tree).equipment_by_id["E-1"].type.name == "shell-and-tube-exchanger"
