"""Writing a plant's file: what people wrote stays where nothing changed, and older files get the words of today."""

from dataclasses import replace
from datetime import UTC, datetime
from difflib import unified_diff

import pytest

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.equipment import Equipment
from twin.atlas.plant import Plant
from twin.atlas.prices import Price
from twin.atlas.save import edited, text_of
from twin.atlas.streams import ProcessStream
from twin.atlas.upgrade import upgrade
from twin.plants import names, text

MILL = """\
# The mill by the river.
atlas: 2
plant: mill   # its id
name: Mill
sources: [{name: plc, kind: push}]

# From left to right.
equipment:
  - {id: FEED, type: feed, at: [60, 100]}   # from the barge
  - id: V-1     # the old tank
    type: tank
    name: 'Tank'
    design: {volume: 4 m3}
  - {id: OUT, type: product}

streams:
  - {name: S-1, from: FEED, to: V-1.inlet}
  # Runs at night only.
  - {name: S-2, from: V-1.outlet, to: OUT}

tags:
  - name: LI-1.PV
    description: "Level"      # by radar
    unit: m
    range: [0, 3.0]
    decimals: 2
    kind: measured
    limits: {high: 2.5}
    equipment: V-1
  # Computed.
  - name: LY-1.PV
    description: Level in feet
    unit: m
    range: [0, 10]
    kind: derived
    expression: "[LI-1.PV] * 1"
"""


def changes(before: str, after: str) -> list[str]:
    """Lines that are gone and new."""
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]


@pytest.fixture
def mill() -> Plant:
    return parse(MILL)


def swapped(plant: Plant, **of_tank: object) -> Plant:
    """The plant with another tank."""
    items = tuple(replace(item, **of_tank) if item.id == "V-1" else item for item in plant.equipment)  # type: ignore[arg-type]
    return replace(plant, equipment=items)


def test_nothing_changed_is_the_same_text_to_the_letter(mill: Plant) -> None:
    assert edited(MILL, mill) == MILL


@pytest.mark.parametrize("name", names())
def test_shipped_plants_survive_their_file_and_stay_as_they_are(name: str) -> None:
    plant = parse(text(name))
    assert parse(text_of(plant)) == plant
    assert edited(text(name), plant) == text(name)


def test_only_the_line_that_changed_changes(mill: Plant) -> None:
    assert changes(MILL, edited(MILL, replace(mill, name="River mill"))) == ["-name: Mill", "+name: River mill"]
    assert changes(MILL, edited(MILL, swapped(mill, name="Big tank"))) == ["-    name: 'Tank'", "+    name: 'Big tank'"]
    tags = (replace(mill.tags[0], unit="cm", source_unit="m"), mill.tags[1])
    assert changes(MILL, edited(MILL, replace(mill, tags=tags))) == [
        "-    unit: m", "+    unit: cm", "+    source_unit: m",
    ]  # fmt: skip


def test_what_is_new_stands_in_its_place_and_what_is_gone_leaves_no_gap(mill: Plant) -> None:
    valve = Equipment.of("valve", "HV-1", name="Drain, by hand: slow")
    streams = (
        mill.streams[0],
        ProcessStream.of("S-2", "V-1.outlet", "HV-1"),
        ProcessStream.of("S-3", "HV-1", "OUT", description="Out"),
    )
    after = edited(MILL, replace(mill, equipment=(*mill.equipment[:2], valve, mill.equipment[2]), streams=streams))
    assert changes(MILL, after) == [
        '+  - {id: HV-1, type: valve, name: "Drain, by hand: slow"}',
        "-  - {name: S-2, from: V-1.outlet, to: OUT}",
        "+  - {name: S-2, from: V-1.outlet, to: HV-1}",
        "+  - {name: S-3, from: HV-1, to: OUT, description: Out}",
    ]
    assert edited(after, mill).count("\n") == MILL.count("\n")
    fewer = edited(MILL, replace(mill, tags=mill.tags[:1]))
    assert "LY-1" not in fewer
    assert '"Level"      # by radar' in fewer


def test_sections_are_added_and_taken_away(mill: Plant) -> None:
    priced = replace(mill, prices=mill.prices.revised([Price.of("flour", "0.5 EUR/kg")]), time_zone="Europe/Berlin")
    after = edited(MILL, priced)
    assert parse(after) == priced
    assert set(changes(MILL, after)) >= {"+time_zone: Europe/Berlin", "+prices:"}
    assert "prices" not in edited(after, mill)


def test_a_file_that_repeats_itself_is_written_anew_where_that_would_change_too_much() -> None:
    text = MILL.replace("limits: {high: 2.5}", "limits: &alarm {high: 2.5}").replace(
        '    expression: "[LI-1.PV] * 1"', '    limits: *alarm\n    expression: "[LI-1.PV] * 1"'
    )
    plant = parse(text)
    limits = replace(plant.tags[0], limits=type(plant.tags[0].limits)(high=2.0))
    changed = replace(plant, tags=(limits, plant.tags[1]))
    assert parse(edited(text, changed)) == changed


def test_a_broken_text_is_not_edited(mill: Plant) -> None:
    with pytest.raises(DefinitionError):
        edited(MILL.replace("type: tank", "type: tonk"), mill)


def test_history_and_odd_texts_are_written_as_they_are(mill: Plant) -> None:
    since = datetime(2020, 2, 3, 4, 5, 6, 789, UTC)
    scan = replace(mill.scan, history_from_us=round(since.timestamp() * 1e6), period_us=250_000)
    odd = replace(mill, scan=scan, description="? what: #1\n- [x] \"é\" 'y' {z} 12 bar", name="2020-01-01")
    assert parse(text_of(odd)) == odd


OLD = """\
# Old.
atlas: 1   # the first
plant: mill
name: Mill
sources: [{name: plc, kind: push}]
equipment:
  - {id: FEED, type: feed}
  - {id: C-1, type: "column", name: column}   # a column
  - id: V-1
    type:   separator
  - {id: E-1, type: heat-exchanger}
  - {id: TOP, type: product}
  - {id: OUT, type: product}
streams:
  - {name: S-1, from: FEED, to: E-1.inlet}
  - {name: S-2, from: E-1.outlet, to: C-1.feed}
  - {name: S-3, from: C-1.vapour, to: TOP}
  - {name: S-4, from: C-1.liquid, to: V-1.feed}
  - {name: S-5, from: V-1.liquid, to: OUT}
tags:
  - {name: LI-1.PV, description: "atlas: 1", unit: m, range: [0, 3], equipment: V-1}
"""


def test_an_old_file_gets_new_words_and_nothing_else() -> None:
    new = upgrade(OLD)
    assert changes(OLD, new) == [
        "-atlas: 1   # the first", "+atlas: 2   # the first",
        '-  - {id: C-1, type: "column", name: column}   # a column',
        '+  - {id: C-1, type: "distillation-column", name: column}   # a column',
        "-    type:   separator", "-  - {id: E-1, type: heat-exchanger}",
        "+    type:   flash-drum", "+  - {id: E-1, type: shell-and-tube-exchanger}",
    ]  # fmt: skip
    assert parse(new) == parse(OLD)
    assert upgrade(new) == new
    assert upgrade(MILL) == MILL


def test_an_old_file_is_edited_in_new_words() -> None:
    plant = replace(parse(OLD), name="New mill")
    after = edited(OLD, plant)
    assert parse(after) == plant
    assert after.startswith("# Old.\natlas: 2   # the first\n")


def test_lines_may_end_as_they_do_elsewhere() -> None:
    assert upgrade(OLD.replace("\n", "\r\n")) == upgrade(OLD).replace("\n", "\r\n")
