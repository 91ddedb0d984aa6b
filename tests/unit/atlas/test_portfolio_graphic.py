"""The picture of a portfolio: everything is on it once, nothing overlaps, hostile names stay text."""

from dataclasses import replace
from datetime import date
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from twin.atlas.definition import parse
from twin.atlas.plant import Plant
from twin.atlas.portfolio import Facility, InPlant, Portfolio, Transfer
from twin.atlas.portfolio_file import parse_portfolio
from twin.atlas.portfolio_graphic import draw_portfolio, written
from twin.atlas.portfolio_layout import COLUMN, lay_out
from twin.atlas.quantities import Quantity
from twin.atlas.tags import PlantId
from twin.plants import portfolio_text, text

TODAY = date(2026, 11, 25)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def demo() -> Portfolio:
    plants = {name: parse(text(name)) for name in ("williams-otto", "tennessee-eastman")}
    return parse_portfolio(portfolio_text("demo"), plants)


def groups(drawing: str, kind: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(drawing)  # noqa: S314 - what we have just drawn
    return [group for group in root.iter(f"{SVG}g") if kind in group.get("class", "").split()]


def test_everything_is_drawn_once_and_can_be_filled_in(demo: Portfolio) -> None:
    drawing = draw_portfolio(demo, TODAY)
    assert [group.get("data-plant") for group in groups(drawing, "plant")] == ["tennessee-eastman", "williams-otto"]
    assert {group.get("data-tag") for group in groups(drawing, "tag")} == {
        "tennessee-eastman/FIC-217.PV", "tennessee-eastman/FI-219.PV", "tennessee-eastman/JI-220.PV",
        "williams-otto/FI-104.PV",
    }  # fmt: skip
    for group in groups(drawing, "plant"):
        kinds = [child.get("class", "").split() for child in group.iter(f"{SVG}text")]
        assert [sum(kind in each for each in kinds) for kind in ("condition", "age", "count", "limit")] == [1, 1, 1, 3]
    assert len(groups(drawing, "contract")) == len(demo.contracts)
    assert len(groups(drawing, "utility")) == len(demo.utilities)
    assert "load by design 1.43 t/h, 48 %" in drawing


def test_contracts_out_of_force_are_pale(demo: Portfolio) -> None:
    assert groups(draw_portfolio(demo, TODAY), "idle") == []
    later = draw_portfolio(demo, date(2028, 1, 1))
    assert [group.get("data-contract") for group in groups(later, "idle")] == ["P-2604"]


def test_the_plant_that_gives_stands_before_the_one_that_takes(demo: Portfolio) -> None:
    layout = lay_out(demo)
    assert layout.plants["tennessee-eastman"].right < layout.plants["williams-otto"].x
    start, end = layout.transfers["T-1"]
    assert start[1] == end[1]
    assert layout == lay_out(demo)


def test_lines_and_boxes_of_a_row_of_plants_keep_apart(demo: Portfolio) -> None:
    """Five plants in a circle of transfers: the row is opened somewhere, and what goes back runs over the plants."""
    ids = [f"p{number}" for number in range(5)]
    plants: dict[str, Plant] = {name: replace(demo.plants["williams-otto"], id=PlantId(name)) for name in ids}
    transfers = tuple(
        Transfer(name=f"T{k}", source=InPlant(a, "PRODUCT"), target=InPlant(b, "FEED-A"), commodity="x",
                 quantity=Quantity(1.0, "kg/s"))
        for k, (a, b) in enumerate([*pairwise(ids), (ids[-1], ids[0]), (ids[3], ids[1])])
    )  # fmt: skip
    row = Portfolio.of(
        id="row", name="Row", description="", plants=plants, transfers=transfers,
        facilities=(Facility(id="A", name="A", plants=(*ids[:2],)), Facility(id="B", name="B", plants=(*ids[2:],))),
    )  # fmt: skip
    layout = lay_out(row)
    boxes = [layout.plants[name] for name in ids]
    assert all(one.right < other.x for one, other in pairwise(boxes))
    lanes = [corners[1][1] for corners in layout.transfers.values() if len(corners) == 4]
    assert len(set(lanes)) == 2, "each way back has a lane of its own"
    assert all(lane < boxes[0].y for lane in lanes)
    assert draw_portfolio(row, TODAY).count('class="transfer"') == 6


def test_every_line_of_a_plant_has_a_column_of_its_own(demo: Portfolio) -> None:
    layout = lay_out(demo)
    for side in (demo.utilities, demo.contracts):
        taps = [x for (name, _), x in layout.taps.items() if name in {one.id for one in side}]
        assert all(abs(one - other) >= COLUMN for one, other in combinations(taps, 2))
    for (_, _), x in layout.taps.items():
        assert any(box.x < x < box.right for box in layout.plants.values())


def test_hostile_names_stay_text(demo: Portfolio) -> None:
    hostile = '<script>alert("x")</script>'
    transfer = replace(demo.transfers[0], commodity=hostile)
    contract = replace(demo.contracts[0], party=hostile)
    drawing = draw_portfolio(replace(demo, transfers=(transfer,), contracts=(contract,), name=hostile), TODAY)
    assert "<script" not in drawing
    ElementTree.fromstring(drawing)  # noqa: S314 - what we have just drawn


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("20000 t/year", "20,000 t/year"),
        ("22.9 m3/h", "22.9 m³/h"),
        ("0.385 MW", "0.385 MW"),
        ("340 Sm3/h", "340 Sm³/h"),
    ],
)
def test_quantities_are_written_as_people_write_them(quantity: str, words: str) -> None:
    assert written(Quantity.parse(quantity)) == words
