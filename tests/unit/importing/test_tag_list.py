"""Tag lists of other systems become plants; every row that can't is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.importing.imported import ForeignFileError
from twin.importing.tag_list import read_tag_list

LIST = """Tag Name,Description,EU,Range Low,Range High,Node-ID,H,HH,Remarks
TI-201.PV,Feed water temperature,degC,0,180,ns=2;s=TI-201,150,170,ok
PI-201.PV,"Feed water pressure, pump",bar(g),0,60,ns=2;s=PI-201,,,

FI-201.PV,Feed water flow,t/h,0,250,ns=2;s=FI-201,,,
"""


def test_a_list_becomes_a_plant_with_units_ranges_limits_and_addresses():
    made = read_tag_list(LIST, "boiler-house", "opc.tcp://10.0.0.1:4840")
    assert not made.faults
    plant = made.plant
    assert [(tag.name, tag.unit, tag.low, tag.high, tag.address) for tag in plant.tags] == [
        ("TI-201.PV", "degC", 0, 180, "ns=2;s=TI-201"),
        ("PI-201.PV", "bar(g)", 0, 60, "ns=2;s=PI-201"),
        ("FI-201.PV", "t/h", 0, 250, "ns=2;s=FI-201"),
    ]
    assert (plant.tags[0].limits.high, plant.tags[0].limits.high_high, plant.tags[0].decimals) == (150, 170, 1)
    assert plant.sources[0].endpoint == "opc.tcp://10.0.0.1:4840"
    assert made.notes == ("Columns not used: Remarks.",)


def test_every_bad_row_is_told_with_line_value_and_remedy_and_the_others_are_taken():
    bad = (
        "tag;description;unit;min;max;address\n"
        "TI-1;Fine;degC;0;100,5;a1\n"
        "TI-2;Unknown unit;degCC;0;100;a2\n"
        "TI-3;No number;degC;zero;100;a3\n"
        "TI-4;Turned round;degC;100;0;a4\n"
        "TI-5;No range;degC;;100;a5\n"
        "TI-1;Twice;degC;0;100;a6\n"
        "TI 7;Blank in the name;degC;0;100;a7\n"
        "TI-8;No address;degC;0;100;\n"
        "TI-9;The address of another;degC;0;100;a1\n"
    )
    made = read_tag_list(bad, "p")
    assert [(tag.name, tag.high) for tag in made.plant.tags] == [("TI-1", 100.5)]
    told = {fault.line: (fault.path, fault.message, fault.remedy) for fault in made.faults}
    assert list(told) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert told[3] == ("unit", "unknown unit 'degCC'", "did you mean 'degC'?")
    assert told[4] == ("min", "'zero': is no number", "write it like 12.5")
    assert told[5][1] == "range 100 to 0 is empty"
    assert told[6] == ("min", "the range is missing", "give the low end of it")
    assert "TI-1" in told[7][1]
    assert told[8][0] == "tag"
    assert "TI 7" in told[8][1]
    assert "no address" in told[9][1]
    assert "already that of TI-1" in told[10][1]
    assert all(remedy for _, _, remedy in told.values())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_columns_may_be_parted_as_spreadsheets_do(delimiter):
    rows = [["Tag", "Service", "Low", "High"], ["T-1", "a", "0", "10"], ["T-2", "b", "1", "2"]]
    made = read_tag_list("\n".join(delimiter.join(row) for row in rows), "p")
    assert [(tag.name, tag.low) for tag in made.plant.tags] == [("T-1", 0), ("T-2", 1)]
    assert made.plant.sources[0].kind == "push"
    assert "pushed" in made.notes[0]


def test_states_make_an_enumeration():
    made = read_tag_list("tag,description,low,high,states\nXS-1,Pump,,,off|on\nHS-1,Mode,,,MAN|AUTO|CAS\n", "p")
    assert [(tag.states, tag.low, tag.high) for tag in made.plant.tags] == [
        (("off", "on"), 0, 1),
        (("MAN", "AUTO", "CAS"), 0, 2),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column for tag and description and low and high among: none"),
        ("tag,description\nT,t\n", "no column for low and high among: tag, description"),
        ("tag,name,description,low,high\n", "columns 'tag' and 'name' may both be the tag; say which: --column tag="),
        ("tag,description,low,high\nT,t,x,1\n", "no row of the list is sound:\n  line 2: low: 'x': is no number"),
        ("tag,description,low,high\n", "no row of the list is sound"),
    ],
)
def test_a_list_that_no_plant_can_be_made_of_is_refused(text, said):
    with pytest.raises(ForeignFileError) as refused:
        read_tag_list(text, "p")
    assert said in str(refused.value)


def test_columns_of_other_names_are_said():
    text = "Kennung;Klartext;Von;Bis\nT-1;Temperatur;0;100\n"
    made = read_tag_list(text, "p", columns={"tag": "Kennung", "description": "Klartext"})
    assert made.plant.tags[0].description == "Temperatur"
    with pytest.raises(ForeignFileError, match="no column 'Name'; the file has Kennung"):
        read_tag_list(text, "p", columns={"tag": "Name"})
    with pytest.raises(ForeignFileError, match="did you mean 'tag'"):
        read_tag_list(text, "p", columns={"tagg": "Kennung"})


@given(st.text(max_size=200), st.sampled_from([",", ";", "\t"]))
def test_any_text_below_the_titles_is_read_or_refused_with_a_remedy(text, delimiter):
    titles = delimiter.join(("tag", "description", "unit", "low", "high", "address", "states"))
    try:
        made = read_tag_list(f"{titles}\nT-1{delimiter}t{delimiter}{delimiter}0{delimiter}1\n{text}", "p")
    except ForeignFileError:
        return
    assert made.plant.tags[0].name == "T-1"
    assert all(fault.line > 2 and fault.remedy for fault in made.faults)


def test_a_long_list_is_read():
    rows = "".join(f"TI-{n}.PV,Temperature {n},degC,0,100,ns=2;s=T{n}\n" for n in range(20_000))
    assert len(read_tag_list(f"tag,description,unit,low,high,address\n{rows}", "p").plant.tags) == 20_000
