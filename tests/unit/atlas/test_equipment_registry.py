"""The registry of types: a class of another package is used at once; one that can't be takes nothing else down."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.equipment import EQUIPMENT_TYPES, EquipmentError, EquipmentType, ParameterField, Tank, Vessel, registry
from twin.atlas.equipment.port import into, out_of
from twin.atlas.equipment.registry import GROUP, read_registry
from twin.atlas.plant_file import json_schema


class Crystalliser(Vessel):
    """Vessel in which a brine boils down until salt falls out.

    More about it.
    """

    size = (90, 150)
    ports = (into("feed", "left", required=True), out_of("vapour", "top"), out_of("slurry", "bottom", required=True))
    design_fields = (*Vessel.design_fields, ParameterField("crystal_size", "mm", "usual size", required=True))


class TwoPorts(Vessel):
    """Two ports of one name."""

    ports = (into("feed", "left"), into("feed", "right"))


class NoSymbol(Vessel):
    """A symbol that nobody draws."""

    symbol = "unicorn"


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


@pytest.fixture
def salt(monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that isn't installed but can be imported."""
    module = ModuleType("salt_equipment")
    for kind in (Crystalliser, TwoPorts, NoSymbol):
        setattr(module, kind.__name__, kind)
    module.ROW = EquipmentType.of("brine-tank", Tank, "tank for brine")  # type: ignore[attr-defined]
    module.NOTHING = 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "salt_equipment", module)
    return "salt_equipment"


def test_a_class_or_a_row_becomes_a_type(salt: str) -> None:
    found = read_registry([entry("crystalliser", f"{salt}:Crystalliser"), entry("brine-tank", f"{salt}:ROW")])
    assert found.faults == {}
    assert set(found.types) == {*EQUIPMENT_TYPES, "crystalliser", "brine-tank"}
    kind = found.find("crystalliser")
    assert kind.description == "vessel in which a brine boils down until salt falls out"
    assert (kind.width, kind.height, kind.kind) == (90.0, 150.0, Crystalliser)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("crystalliser", "salt_equipment:Missing", "Missing"),
        ("crystalliser", "no_such_package:Thing", "no_such_package"),
        ("crystalliser", "salt_equipment:NOTHING", "3 is neither a class of Equipment"),
        ("crystalliser", "salt_equipment:TwoPorts", "two ports or design data called 'feed'"),
        ("crystalliser", "salt_equipment:NoSymbol", "no symbol 'unicorn'"),
        ("crystalliser", "salt_equipment:ROW", "its row is called 'brine-tank'"),
        ("pump", "salt_equipment:Crystalliser", "a type of that name ships"),
    ],
)
def test_what_cannot_be_used_is_told_and_the_rest_goes_on(salt: str, name: str, value: str, reason: str) -> None:
    found = read_registry([entry(name, value), entry("brine-tank", f"{salt}:ROW")])
    assert set(found.types) == {*EQUIPMENT_TYPES, "brine-tank"}
    assert list(found.faults) == [name]
    assert reason in found.faults[name]
    assert value in found.faults[name]


def test_of_two_packages_with_one_name_neither_is_used(salt: str) -> None:
    found = read_registry([entry("crystalliser", f"{salt}:Crystalliser"), entry("crystalliser", f"{salt}:TwoPorts")])
    assert set(found.types) == set(EQUIPMENT_TYPES)
    with pytest.raises(EquipmentError, match="2 packages register that name"):
        found.find("crystalliser")


SALT = """
atlas: 2
plant: salt
name: Salt works
sources: [{name: plc}]
equipment:
  - {id: BRINE, type: feed}
  - {id: K-1, type: crystalliser, design: {volume: 12 m3, crystal_size: 500 um}}
  - {id: SALT, type: product}
streams:
  - {name: S-1, from: BRINE, to: K-1}
  - {name: S-2, from: K-1.slurry, to: SALT}
tags:
  - {name: LI-1.PV, description: Level, unit: m, range: [0, 3], equipment: K-1, address: a}
"""


def test_a_plant_file_uses_a_registered_type_at_once(salt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_registry([entry("crystalliser", f"{salt}:Crystalliser"), entry("unicorn", f"{salt}:NoSymbol")])
    monkeypatch.setattr(registry, "registry", lambda: found)
    plant = parse(SALT)
    assert isinstance(plant.equipment_by_id["K-1"], Crystalliser)
    assert "crystalliser" in json_schema()["$defs"]["EquipmentEntry"]["properties"]["type"]["enum"]
    with pytest.raises(DefinitionError) as refused:
        parse(SALT.replace(", crystal_size: 500 um", "").replace("type: feed", "type: unicorn"))
    told = {fault.path: fault.message for fault in refused.value.faults}
    assert "no symbol 'unicorn'" in told["equipment[0].type"]
    assert "crystal_size" in told["equipment[1].design.crystal_size"]


def test_without_the_package_the_type_is_unknown() -> None:
    with pytest.raises(DefinitionError, match="no equipment type 'crystalliser'"):
        parse(SALT)
