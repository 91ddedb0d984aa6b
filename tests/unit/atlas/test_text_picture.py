"""The flowsheet in characters."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.definition import parse
from twin.atlas.text_picture import draw_text
from twin.plants import names, path

LINE = """
atlas: 1
plant: line
name: A line
sources: [{name: push, kind: push}]
equipment:
  - {id: FEED, type: feed}
  - {id: T-1, type: tank}
  - {id: P-1, type: pump}
  - {id: OUT, type: product}
streams:
  - {name: S-1, from: FEED, to: T-1}
  - {name: S-2, from: T-1, to: P-1}
  - {name: S-3, from: P-1, to: OUT}
tags: [{name: T, description: t, range: [0, 1]}]
"""

DRAWN = """
                         ┌─────────┐
                         │         │
                         │         │
[    FEED    ]──────────▶│         │──────────────▶[ P-1 ]────────────▶[    OUT     ]
                         │   T-1   │
                         │         │
                         │         │
                         └─────────┘
"""


def shipped(name: str):
    with open(path(name), encoding="utf-8") as file:
        return parse(file.read())


def test_a_line_of_equipment_is_drawn_from_port_to_port():
    assert draw_text(parse(LINE)) == tuple(DRAWN.strip("\n").splitlines())


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("width", [60, 100])
def test_a_shipped_plant_fits_the_width_with_every_label_and_is_the_same_each_time(name, width):
    plant = shipped(name)
    lines = draw_text(plant, width)
    assert max(map(len, lines)) <= width
    assert lines == draw_text(shipped(name), width)
    drawn = "\n".join(lines)
    assert [i.id for i in plant.equipment if i.type.symbol != "node" and i.id not in drawn] == []
    assert not any(line != line.rstrip() for line in lines)


def test_labels_that_would_cover_each_other_move_apart():
    plant = parse(LINE)
    heap = replace(plant, equipment=tuple(replace(item, at=(100.0, 100.0)) for item in plant.equipment))
    drawn = "\n".join(draw_text(heap))
    assert all(item.id in drawn for item in heap.equipment)


def test_signals_are_drawn_with_dashes_and_a_plant_without_equipment_not_at_all():
    text = LINE.replace("{id: OUT", "{id: V-1, type: control-valve}\n  - {id: OUT")
    text = text.replace("to: OUT}", "to: V-1}\n  - {name: S-4, from: V-1, to: OUT}")
    text = text.replace("tags:", "  - {name: L-1, from: T-1.level, to: V-1.stem, carries: signal}\ntags:")
    assert "╌" in "\n".join(draw_text(parse(text)))
    plant = parse(LINE)
    assert draw_text(replace(plant, equipment=(), streams=())) == ()


@given(st.lists(st.tuples(st.floats(0, 2000), st.floats(0, 2000)), min_size=4, max_size=4))
def test_wherever_equipment_stands_the_picture_fits_and_names_it(places):
    plant = parse(LINE)
    moved = tuple(replace(item, at=at) for item, at in zip(plant.equipment, places, strict=True))
    lines = draw_text(replace(plant, equipment=moved))
    assert max(map(len, lines)) <= 100
    assert all(item.id in "\n".join(lines) for item in moved)
