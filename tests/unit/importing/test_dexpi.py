"""A DEXPI diagram, read through pydexpi."""

import sys
from pathlib import Path

import pytest

from twin.importing.dexpi import TYPES, read_dexpi
from twin.importing.drawn_plant import plant_of_drawing
from twin.importing.imported import ForeignFileError

SAMPLE = Path(__file__).with_name("feed_section.xml").read_text(encoding="utf-8")
pydexpi = pytest.importorskip("pydexpi", reason="the extra 'dexpi' is not installed")


def test_equipment_piping_and_instruments_become_a_plant():
    plant = plant_of_drawing(read_dexpi(SAMPLE), "feed-section").plant
    assert {item.id: item.type.name for item in plant.equipment} == {
        "T-101": "tank", "P-101": "pump", "E-101": "shell-and-tube-exchanger", "FV-101": "control-valve",
        "FEED-1": "feed", "PRODUCT-1": "product", "SP-1": "splitter",
    }  # fmt: skip
    assert {(str(stream.source), str(stream.target)) for stream in plant.streams} == {
        ("FEED-1.outlet", "T-101.inlet"), ("T-101.outlet", "P-101.suction"), ("P-101.discharge", "SP-1.inlet"),
        ("SP-1.outlet", "T-101.inlet"), ("SP-1.outlet", "E-101.inlet"), ("E-101.outlet", "FV-101.inlet"),
        ("FV-101.outlet", "PRODUCT-1.inlet"),
    }  # fmt: skip
    level, flow = plant.tags_by_name["LI-102.PV"], plant.tags_by_name["FIC-101.PV"]
    assert level.equipment == "T-101"
    assert "FV-101" in {
        end.equipment for s in plant.streams if s.name == flow.stream for end in (s.source, s.target)
    }, "the flow is measured in the valve's line"


def test_a_valve_that_an_actuator_drives_is_a_control_valve_with_its_number():
    driven = """
  <ActuatingSystem ID="A-1" ComponentClass="ActuatingSystem">
    <GenericAttributes Set="DexpiAttributes" Number="1">
      <GenericAttribute Name="ActuatingSystemNumberAssignmentClass" Value="HV-7" Format="string"/>
    </GenericAttributes>
    <ActuatingSystemComponent ID="A-2" ComponentClass="OperatedValveReference">
      <Association Type="refers to" ItemID="HV-1"/>
    </ActuatingSystemComponent>
  </ActuatingSystem>
</PlantModel>"""
    drawing = read_dexpi(SAMPLE.replace("</PlantModel>", driven))
    assert ["HV-7"] == [item.label for item in drawing.items if item.type == "control-valve" and item.label != "FV-101"]


def test_a_tag_may_be_told_in_pieces():
    whole = '<GenericAttribute Name="TagNameAssignmentClass" Value="P-101" Format="string"/>'
    pieces = whole.replace("TagName", "TagNamePrefix").replace("P-101", "P") + whole.replace(
        "TagName", "TagNameSequenceNumber"
    ).replace("P-101", "4712")
    assert whole in SAMPLE
    labels = [item.label for item in read_dexpi(SAMPLE.replace(whole, pieces)).items if item.type == "pump"]
    assert labels == ["P4712"]


def test_an_unknown_class_is_taken_for_a_tank_and_told():
    drawing = read_dexpi(SAMPLE.replace('ComponentClass="PlateHeatExchanger"', 'ComponentClass="Lift"'))
    assert [item.type for item in drawing.items if item.label == "E-101"] == ["tank"]
    assert "E-101 is a Lift and taken for a tank." in drawing.notes


@pytest.mark.parametrize("text", ["", "no xml", "<PlantModel/>", SAMPLE[: len(SAMPLE) // 2]])
def test_what_is_no_dexpi_is_told(text):
    with pytest.raises(ForeignFileError, match=r"can't be read as DEXPI.*Proteus XML"):
        read_dexpi(text)


def test_a_diagram_without_equipment_is_told():
    head = SAMPLE[: SAMPLE.index("<Equipment")]
    with pytest.raises(ForeignFileError, match="shows no equipment"):
        read_dexpi(f"{head}</PlantModel>")


def test_without_the_extra_it_is_told_how_to_get_it(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "pydexpi"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydexpi", None)
    with pytest.raises(ForeignFileError, match="needs pydexpi, which is not installed; add the extra 'dexpi'"):
        read_dexpi(SAMPLE)


def test_every_type_of_the_table_is_one_of_ours_and_every_class_one_of_dexpi():
    from pydexpi.dexpi_classes import pydantic_classes

    from twin.atlas.equipment import EQUIPMENT_TYPES

    assert set(TYPES.values()) <= set(EQUIPMENT_TYPES)
    assert [name for name in TYPES if not hasattr(pydantic_classes, name)] == []
