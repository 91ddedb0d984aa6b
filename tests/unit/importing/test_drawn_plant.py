"""Drawings become flowsheets: what a line merely passes goes, tees become junctions, open ports get boundaries."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.importing.dexpi import TYPES
from twin.importing.drawing import Drawing, DrawnInstrument, DrawnItem, DrawnLine
from twin.importing.drawn_plant import plant_of_drawing
from twin.importing.imported import ForeignFileError
from twin.importing.tag_list import read_tag_list

TEMPERATURE = (DrawnInstrument("TI-1"),)


def equipment(key, type_name, label=""):
    return DrawnItem(key, "equipment", type_name, label or key)


def fitting(key):
    return DrawnItem(key, "fitting")


def flowsheet(items, lines, instruments=TEMPERATURE):
    drawn = tuple(DrawnLine(*line) if isinstance(line, tuple) else line for line in lines)
    return plant_of_drawing(Drawing(tuple(items), drawn, tuple(instruments)), "drawn")


def ways(made):
    return {(str(stream.source), str(stream.target)) for stream in made.plant.streams}


FEED, PRODUCT = DrawnItem("in", "feed", "feed"), DrawnItem("out", "product", "product")


def test_fittings_on_a_line_are_left_out():
    items = [FEED, PRODUCT, equipment("P-1", "pump"), *map(fitting, "abc")]
    made = flowsheet(items, [("in", "a"), ("a", "b"), ("b", "P-1"), ("P-1", "c"), ("c", "out")])
    assert ways(made) == {("FEED-1.outlet", "P-1.suction"), ("P-1.discharge", "PRODUCT-1.inlet")}
    assert "3 valves and fittings that a line merely passes are left out." in made.notes


def test_tees_become_splitters_and_mixers_and_a_cross_both():
    items = [FEED, equipment("T-1", "tank"), equipment("P-1", "pump"), equipment("T-2", "tank"), fitting("x")]
    made = flowsheet(items, [("in", "x"), ("T-1", "x"), ("x", "P-1"), ("x", "T-2"), ("P-1", None), ("T-2", None)])
    kinds = {item.id: item.type.name for item in made.plant.equipment}
    assert (kinds["M-1"], kinds["SP-1"]) == ("mixer", "splitter")
    assert ("M-1.outlet", "SP-1.inlet") in ways(made)
    assert {("SP-1.outlet", "P-1.suction"), ("SP-1.outlet", "T-2.inlet")} <= ways(made)


def test_drains_and_vents_are_left_out_with_all_that_leads_to_them():
    items = [FEED, PRODUCT, equipment("P-1", "pump"), *map(fitting, ("tee", "drain", "blind"))]
    lines = [("in", "tee"), ("tee", "P-1"), ("tee", "drain"), ("drain", "blind"), ("P-1", "out")]
    made = flowsheet(items, lines)
    assert ways(made) == {("FEED-1.outlet", "P-1.suction"), ("P-1.discharge", "PRODUCT-1.inlet")}
    assert "2 drains, vents and blind ends are left out." in made.notes


def test_a_ring_of_fittings_is_left_out():
    items = [FEED, PRODUCT, equipment("P-1", "pump"), fitting("a"), fitting("b")]
    made = flowsheet(items, [("in", "P-1"), ("P-1", "out"), ("a", "b"), ("b", "a")])
    assert len(made.plant.streams) == 2
    assert "1 drains, vents and blind ends are left out." in made.notes


def test_open_lines_and_ports_that_must_be_joined_end_at_boundaries():
    made = flowsheet([equipment("P-1", "pump"), equipment("T-1", "tank")], [(None, "P-1")])
    assert ("FEED-1.outlet", "P-1.suction") in ways(made)
    assert ("P-1.discharge", "PRODUCT-1.inlet") in ways(made)
    assert "Nothing is drawn at P-1.discharge: PRODUCT-1 was added." in made.notes
    assert {end for way in ways(made) for end in way if end.startswith("T-1")} == {"T-1.inlet", "T-1.outlet"}


def test_more_lines_than_ports_meet_in_a_mixer_and_leave_from_a_splitter():
    tanks = [equipment(f"T-{n}", "tank") for n in range(6)]
    valve = equipment("FV-1", "control-valve")
    lines = [(f"T-{n}", "FV-1") for n in range(3)] + [("FV-1", f"T-{n}") for n in range(3, 6)]
    made = flowsheet([*tanks, valve], lines)
    assert ("M-1.outlet", "FV-1.inlet") in ways(made)
    assert ("FV-1.outlet", "SP-1.inlet") in ways(made)
    assert len([way for way in ways(made) if way[1].startswith("M-1.")]) == 3
    assert len([way for way in ways(made) if way[0].startswith("SP-1.")]) == 3


def test_shell_and_tubes_stay_apart_where_the_drawing_tells_them():
    exchanger = equipment("E-1", "shell-and-tube-exchanger")
    items = [exchanger, *(equipment(f"T-{n}", "tank") for n in range(4))]
    lines = [
        DrawnLine("T-0", "E-1", target_chamber="tubes"), DrawnLine("T-1", "E-1", target_chamber="shell"),
        DrawnLine("E-1", "T-2", source_chamber="shell"), DrawnLine("E-1", "T-3", source_chamber="tubes"),
    ]  # fmt: skip
    joined = ways(flowsheet(items, lines))
    assert {("T-0.outlet", "E-1.inlet"), ("E-1.outlet", "T-3.inlet")} <= joined
    assert {("T-1.outlet", "E-1.service_inlet"), ("E-1.service_outlet", "T-2.inlet")} <= joined


def test_instruments_measure_equipment_or_the_stream_where_they_sit():
    items = [FEED, PRODUCT, equipment("T-1", "tank"), fitting("orifice")]
    lines = [("in", "T-1"), DrawnLine("T-1", "orifice", "seg"), DrawnLine("orifice", "out", "seg")]
    drawn = [DrawnInstrument("LI-7", "T-1"), DrawnInstrument("FI-8", "orifice"), DrawnInstrument("PI 9/a", "seg")]
    made = flowsheet(items, lines, drawn)
    found = {tag.name: (tag.equipment, tag.stream, tag.unit) for tag in made.plant.tags}
    leaving = next(stream.name for stream in made.plant.streams if stream.source.equipment == "T-1")
    assert found == {
        "LI-7.PV": ("T-1", "", "%"), "FI-8.PV": ("", leaving, "m3/h"), "PI-9/a.PV": ("", leaving, "bar(g)"),
    }  # fmt: skip


def test_equipment_without_a_tag_or_with_one_twice_gets_the_next_free_one():
    items = [DrawnItem(str(n), "equipment", "pump", label) for n, label in enumerate(["P-1", "", "P-9", "P-9"])]
    assert [item.id for item in flowsheet(items, []).plant.equipment][:4] == ["P-1", "P-2", "P-3", "P-4"]


def test_a_drawing_without_instruments_needs_a_tag_list():
    with pytest.raises(ForeignFileError, match="no instrument; give the tag list"):
        flowsheet([FEED, PRODUCT], [("in", "out")], ())


def test_a_tag_list_beside_the_drawing_gives_units_and_addresses_and_the_drawing_the_places():
    items = [FEED, PRODUCT, equipment("T-1", "tank")]
    drawn = (DrawnInstrument("LIC-7", "T-1"), DrawnInstrument("PI-8", "T-1"))
    lines = (DrawnLine("in", "T-1"), DrawnLine("T-1", "out"))
    rows = ("LIC-7.PV,Level,mm,0,5000,a", "TI-9.PV,Outside,degC,-30,50,b", "X,x,y,0,1,c")
    text = "\n".join(("tag,description,unit,low,high,address", *rows))
    listed = read_tag_list(text, "drawn", "opc.tcp://10.0.0.1:4840")
    made = plant_of_drawing(Drawing(tuple(items), lines, drawn), "drawn", listed)
    found = {tag.name: (tag.unit, tag.equipment, tag.address) for tag in made.plant.tags}
    assert found == {"LIC-7.PV": ("mm", "T-1", "a"), "TI-9.PV": ("degC", "", "b")}
    assert made.plant.sources[0].endpoint == "opc.tcp://10.0.0.1:4840"
    assert "Drawn, but not in the tag list, and left out: PI-8." in made.notes
    assert [fault.line for fault in made.faults] == [4]
    assert not any("assumed" in note for note in made.notes)


def test_a_connector_is_what_its_lines_say():
    items = [DrawnItem("a", "product", "product"), DrawnItem("b", "feed", "feed"), DrawnItem("c", "feed", "feed")]
    made = flowsheet([*items, equipment("P-1", "pump")], [("a", "c"), ("c", "P-1"), ("P-1", "b")])
    assert ways(made) == {("FEED-1.outlet", "P-1.suction"), ("P-1.discharge", "PRODUCT-1.inlet")}


KEYS = st.integers(0, 9).map(str)
KINDS = [*sorted(set(TYPES.values())), "control-valve", "fitting", "feed", "product"]


def drawn_item(key, name):
    kind = name if name in ("fitting", "feed", "product") else "equipment"
    return DrawnItem(key, kind, "" if name == "fitting" else name)


def made_or_refusal(drawing):
    try:
        return plant_of_drawing(drawing, "drawn"), ""
    except ForeignFileError as refused:
        return None, str(refused)


@given(
    st.lists(st.sampled_from(KINDS), min_size=10, max_size=10),
    st.lists(st.tuples(st.none() | KEYS, st.none() | KEYS), max_size=25),
)
def test_any_drawing_becomes_a_sound_plant_with_all_its_equipment_unless_material_goes_round_for_ever(types, lines):
    items = [drawn_item(str(number), name) for number, name in enumerate(types)]
    drawing = Drawing(tuple(items), tuple(DrawnLine(*line) for line in lines), TEMPERATURE)
    made, refusal = made_or_refusal(drawing)
    if made is None:
        assert "makes no sound plant" in refusal
        assert "reaches" in refusal
        return
    wanted = Counter(item.type for item in items if item.kind == "equipment")
    assert wanted <= Counter(item.type.name for item in made.plant.equipment)
