"""Tags that are pushed: nobody reads them anywhere, so they need no address; every other tag does."""

import pytest

from twin.atlas.definition import DefinitionError, parse

FILE = """
atlas: 1
plant: mill
name: Mill
sources:
  - {name: lab, kind: push}
  - {name: plc, kind: opcua, endpoint: "opc.tcp://127.0.0.1:4840"}
tags:
  - {name: AI-1.PV, description: Moisture, unit: "%", range: [0, 100], source: lab}
  - {name: AI-2.PV, description: Ash, unit: "%", range: [0, 100], source: lab}
  - {name: TI-3.PV, description: Oven, unit: degC, range: [0, 300], source: plc, address: "ns=2;s=T"}
"""


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as refused:
        parse(text)
    return [(fault.path, fault.message) for fault in refused.value.faults]


def test_a_pushed_tag_needs_no_address() -> None:
    assert [tag.address for tag in parse(FILE).tags] == ["", "", "ns=2;s=T"]


def test_a_tag_that_is_read_needs_one() -> None:
    assert faults(FILE.replace(', address: "ns=2;s=T"', "")) == [("tags[2].address", "tag TI-3.PV has no address")]


def test_the_name_under_which_pushed_readings_go_is_not_another_sources() -> None:
    named = faults(FILE.replace("name: plc", "name: push").replace("source: plc", "source: push"))
    assert named == [("sources[1].name", "a source of kind opcua has the name 'push', under which pushed readings go")]
