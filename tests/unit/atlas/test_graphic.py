"""The process graphic: sound XML, nothing from a file read as markup, all in the frame, and nothing over another."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from twin.atlas.definition import parse
from twin.atlas.equipment import EQUIPMENT_TYPES
from twin.atlas.graphic import draw
from twin.atlas.layout import line, places
from twin.atlas.plant import Plant
from twin.atlas.symbols import SYMBOLS
from twin.plants import names, text

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in drawing units."""
NASTY = "<script>alert('x')</script>&amp;\"]]>-->é蒸"


@pytest.fixture(params=names(), scope="module")
def shipped(request: pytest.FixtureRequest) -> Plant:
    return parse(text(request.param))


@pytest.fixture
def plant(tree: dict[str, Any], plant_of: Callable[[Any], Plant]) -> Plant:
    return plant_of(tree)


def drawn(plant: Plant) -> ElementTree.Element:
    return ElementTree.fromstring(draw(plant))  # noqa: S314 - our own text, and that it is sound is the test


def middle(element: ElementTree.Element) -> tuple[float, float]:
    x, y = re.findall(r"-?[\d.]+", element.attrib["transform"])
    return float(x), float(y)


def groups(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [group for group in root.iter(f"{SVG}g") if group.get("class") == kind]


def tag_boxes(root: ElementTree.Element) -> dict[str, Box]:
    boxes = {}
    for group in groups(root, "tag"):
        (x, y), rect = middle(group), group.find(f"{SVG}rect")
        assert rect is not None
        left, top = x + float(rect.attrib["x"]), y + float(rect.attrib["y"])
        boxes[group.attrib["data-tag"]] = (
            left,
            top,
            left + float(rect.attrib["width"]),
            top + float(rect.attrib["height"]),
        )
    return boxes


def captions(root: ElementTree.Element) -> dict[str, Box]:
    """Where names stand, by about 6.2 units a letter of 12 units' height."""
    boxes = {}
    for group in groups(root, "equipment"):
        (x, y), caption = middle(group), group.find(f"{SVG}text[@class='caption']")
        if caption is not None:
            width = 6.2 * len(caption.text or "")
            right = x + float(caption.get("x", 0)) if "end" in caption.get("style", "") else x + width / 2
            bottom = y + float(caption.attrib["y"])
            boxes[group.attrib["data-equipment"]] = (right - width, bottom - 10, right, bottom + 3)
    return boxes


def symbols(plant: Plant) -> dict[str, Box]:
    at = places(plant)
    return {
        item.id: (
            at[item.id][0] - item.type.width / 2, at[item.id][1] - item.type.height / 2,
            at[item.id][0] + item.type.width / 2, at[item.id][1] + item.type.height / 2,
        )
        for item in plant.equipment
    }  # fmt: skip


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def clashes(one: dict[str, Box], other: dict[str, Box]) -> Iterator[tuple[str, str]]:
    for (name, box), (second, second_box) in (
        combinations(one.items(), 2) if one is other else ((a, b) for a in one.items() for b in other.items())
    ):
        if overlap(box, second_box):
            yield name, second


def test_it_is_sound_xml_without_script_or_anything_fetched(shipped: Plant) -> None:
    root = drawn(shipped)
    assert root.tag == f"{SVG}svg"
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "style", "defs", "marker", "path", "g", "title", "text", "rect", "circle"}
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
    assert "@import" not in draw(shipped)
    assert "url(" not in draw(shipped).replace("url(#tip)", "")


def test_every_shown_tag_has_its_place_with_label_value_and_unit(shipped: Plant) -> None:
    places_of_tags = {group.attrib["data-tag"]: group for group in groups(drawn(shipped), "tag")}
    assert set(places_of_tags) == {tag.name for tag in shipped.tags if tag.shown}
    for group in places_of_tags.values():
        assert {text.attrib["class"] for text in group.iter(f"{SVG}text")} == {"label", "value", "unit"}
        assert len([p for p in group.iter(f"{SVG}path") if p.get("class") == "quality-mark"]) == 1


def test_all_equipment_and_streams_are_drawn(shipped: Plant) -> None:
    root = drawn(shipped)
    assert {group.attrib["data-equipment"] for group in groups(root, "equipment")} == set(shipped.equipment_by_id)
    streams = [path.attrib["data-stream"] for path in root.iter(f"{SVG}path") if "data-stream" in path.attrib]
    assert streams == [stream.name for stream in shipped.streams]


def test_no_box_lies_over_another_or_over_a_name_or_a_symbol(shipped: Plant) -> None:
    root = drawn(shipped)
    boxes, written, bodies = tag_boxes(root), captions(root), symbols(shipped)
    assert list(clashes(boxes, boxes)) == []
    assert list(clashes(boxes, written)) == []
    assert list(clashes(written, written)) == []
    assert list(clashes(bodies, bodies)) == []
    inner = {name: (left + 2, top + 2, right - 2, bottom - 2) for name, (left, top, right, bottom) in bodies.items()}
    assert list(clashes(boxes, inner)) == []  # a box may touch a symbol's corner


def in_frame(root: ElementTree.Element, boxes: dict[str, Box]) -> list[str]:
    x, y, width, height = map(float, root.attrib["viewBox"].split())
    return [n for n, box in boxes.items() if box[0] < x or box[1] < y or box[2] > x + width or box[3] > y + height]


def corners(plant: Plant) -> dict[str, Box]:
    at = places(plant)
    return {
        f"{stream.name} {n}": (x, y, x, y)
        for stream in plant.streams
        for n, (x, y) in enumerate(line(plant, stream, at))
    }


def test_all_that_is_drawn_lies_in_the_frame(shipped: Plant) -> None:
    root = drawn(shipped)
    for boxes in (tag_boxes(root), captions(root), symbols(shipped), corners(shipped)):
        assert in_frame(root, boxes) == []


def test_tall_symbols_and_far_corners_lie_in_the_frame_too(
    tree: dict[str, Any], plant_of: Callable[[Any], Plant]
) -> None:
    tree["equipment"][1].update(type="column", at=[300, 100])
    tree["streams"][0].update(to="V-1.feed", via=[[60, -900], [200, -900]])
    tree["streams"][1].update({"from": "V-1.liquid", "via": [[300, 2000]]})
    found = plant_of(tree)
    root = drawn(found)
    for boxes in (tag_boxes(root), captions(root), symbols(found), corners(found)):
        assert in_frame(root, boxes) == []


def test_nothing_that_a_file_says_is_read_as_markup(tree: dict[str, Any], plant_of: Callable[[Any], Plant]) -> None:
    tree["name"] = NASTY
    for equipment in tree["equipment"]:
        equipment["name"] = NASTY
    for stream in tree["streams"]:
        stream["description"] = NASTY
    for tag in tree["tags"]:
        tag.update(description=NASTY, shown=True)
    root = drawn(plant_of(tree))
    assert root.attrib["aria-label"] == NASTY
    assert not list(root.iter(f"{SVG}script"))
    titles = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert sum(NASTY in title for title in titles) == len(tree["equipment"]) + len(tree["streams"]) + len(tree["tags"])


def test_a_unit_is_escaped_as_well(plant: Plant) -> None:
    tags = tuple(replace(tag, unit='<b>"', shown=True) for tag in plant.tags)
    units = [t.text for t in drawn(replace(plant, tags=tags)).iter(f"{SVG}text") if t.get("class") == "unit"]
    assert units == ['<b>"'] * len(tags)


def test_tags_without_a_place_stand_below_one_another(plant: Plant) -> None:
    shown = replace(plant, tags=tuple(replace(tag, shown=True, equipment="V-1") for tag in plant.tags))
    boxes = tag_boxes(drawn(shown))
    assert len(boxes) == 4
    assert list(clashes(boxes, boxes)) == []
    assert list(clashes(boxes, symbols(shown))) == []


def test_a_plant_without_equipment_can_be_drawn(plant: Plant) -> None:
    bare = replace(plant, equipment=(), streams=(), tags=tuple(replace(tag, equipment="") for tag in plant.tags))
    assert len(groups(drawn(bare), "tag")) == 1


def test_equipment_without_places_never_lies_over_another_and_lines_are_upright_or_level(
    shipped: Plant,
) -> None:
    """Loops included: Tennessee Eastman recycles."""
    loose = replace(
        shipped,
        equipment=tuple(replace(item, at=None) for item in shipped.equipment),
        streams=tuple(replace(stream, via=()) for stream in shipped.streams),
    )
    at = places(loose)
    assert set(at) == set(loose.equipment_by_id)
    bodies = symbols(loose)
    assert list(clashes(bodies, bodies)) == []
    for stream in loose.streams:
        points = line(loose, stream, at)
        for (x, y), (next_x, next_y) in pairwise(points):
            assert x == next_x or y == next_y


@pytest.mark.parametrize("symbol", sorted({kind.symbol for kind in EQUIPMENT_TYPES.values()}))
@pytest.mark.parametrize(("width", "height"), [(12, 12), (120, 170), (70.5, 240)])
def test_every_symbol_is_sound_xml_and_has_a_drawing(symbol: str, width: float, height: float) -> None:
    ElementTree.fromstring(f"<g>{SYMBOLS[symbol](width, height)}</g>")  # noqa: S314 - our own text


def test_a_controller_without_a_place_stands_above_what_it_drives() -> None:
    plant = parse(text("williams-otto"))
    loose = replace(plant, equipment=tuple(replace(item, at=None) for item in plant.equipment))
    at = places(loose)
    for above, below in (("TIC-101", "TIC-102"), ("TIC-102", "TV-102"), ("FIC-101", "FV-101")):
        assert at[above][0] == at[below][0]
        assert at[above][1] < at[below][1]
    bodies = symbols(loose)
    assert list(clashes(bodies, bodies)) == []
