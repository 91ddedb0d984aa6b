"""What differs between two plants: every change of a field, an item or the order, and nothing where there is none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.atlas.difference import Change, compare
from twin.atlas.parameters import Parameters
from twin.atlas.plant import Plant
from twin.atlas.prices import Price, PriceBook
from twin.atlas.quantities import Quantity
from twin.atlas.tags import Limits


@pytest.fixture
def plant(tree: dict[str, Any], plant_of: Callable[[Any], Plant]) -> Plant:
    return plant_of(tree)


def test_a_plant_does_not_differ_from_itself(plant: Plant) -> None:
    assert compare(plant, plant).is_empty
    assert compare(plant, replace(plant)).lines() == []


def test_what_the_plant_says_of_itself_is_told_by_path(plant: Plant) -> None:
    after = replace(plant, name="Grain mill", scan=replace(plant.scan, grace_us=1))
    assert compare(plant, after).lines() == [
        "~ plant name: Mill -> Grain mill",
        "~ plant scan.grace_us: 2000000 -> 1",
    ]


def test_items_that_came_and_went_are_told_by_name(plant: Plant) -> None:
    more = replace(plant.tags[1], name="FI-9.PV")
    difference = compare(plant, replace(plant, tags=(*plant.tags[1:], more)))
    assert difference.lines() == ["- tags TI-1.PV", "+ tags FI-9.PV"]
    assert [change.item for change in difference.of("added", "tags")] == ["FI-9.PV"]
    assert difference.of("added", "streams") == ()


def test_a_changed_field_tells_what_it_was_and_is(plant: Plant) -> None:
    tag = replace(plant.tags[0], limits=Limits(low=10.0, high=85.0, high_high=90.0, deadband=1.0), shown_at=(1.0, 2.0))
    difference = compare(plant, replace(plant, tags=(tag, *plant.tags[1:])))
    assert difference.changes == (
        Change("changed", "tags", "TI-1.PV", "limits.low_low", 5.0, None),
        Change("changed", "tags", "TI-1.PV", "limits.high", 80.0, 85.0),
        Change("changed", "tags", "TI-1.PV", "shown_at", None, "1.0, 2.0"),
    )
    assert difference.lines()[0] == "~ tags TI-1.PV limits.low_low: 5.0 -> nothing"


def test_another_order_is_a_change(plant: Plant) -> None:
    [change] = compare(plant, replace(plant, streams=plant.streams[::-1])).changes
    assert (change.section, change.field, change.after) == ("streams", "order", "S-2, S-1")


def test_another_type_is_told_by_name_and_an_end_by_its_parts(plant: Plant) -> None:
    pump = replace(plant.equipment[1], type=plant.equipment[0].type)
    stream = replace(plant.streams[0], target=replace(plant.streams[0].target, port="top"))
    difference = compare(plant, replace(plant, equipment=(plant.equipment[0], pump, plant.equipment[2]),
                                        streams=(stream, plant.streams[1])))  # fmt: skip
    assert difference.lines() == [
        "~ equipment V-1 type: tank -> feed",
        "~ streams S-1 target.port: inlet -> top",
    ]


def test_quantities_differ_by_what_they_measure_not_by_their_unit(plant: Plant) -> None:
    def with_volume(volume: str) -> Plant:
        vessel = replace(plant.equipment[1], design=Parameters({"volume": Quantity.parse(volume)}))
        return replace(plant, equipment=(plant.equipment[0], vessel, plant.equipment[2]))

    assert compare(with_volume("2 m3"), with_volume("2000 L")).is_empty
    assert compare(with_volume("2 m3"), with_volume("2.5 m3")).lines() == [
        "~ equipment V-1 design.volume: 2 m3 -> 2.5 m3"
    ]


def test_prices_are_told_by_item_and_time(plant: Plant) -> None:
    steam, later = Price.of("steam", "18 USD/t"), Price.of("P", "3 USD/kg", datetime(2026, 1, 1, tzinfo=UTC))
    before = replace(plant, prices=PriceBook([steam], 1))
    after = replace(plant, prices=PriceBook([Price.of("steam", "19 USD/t"), later], 1))
    assert compare(before, after).lines() == [
        "+ prices P from 2026-01-01T00:00:00+00:00",
        "~ prices steam amount: 18.0 -> 19.0",
    ]


PARTS = st.permutations(range(4)).flatmap(lambda order: st.integers(1, 4).map(lambda kept: order[:kept]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARTS, PARTS, st.floats(81, 89), st.sampled_from(["", "other words"]))
def test_there_is_no_difference_exactly_where_plants_are_equal(
    plant: Plant, first: list[int], second: list[int], high: float, words: str
) -> None:
    def some(order: list[int]) -> Plant:
        return replace(plant, tags=tuple(plant.tags[at] for at in order))

    one, other = some(first), some(second)
    changed = replace(other, description=words or other.description)
    tags = tuple(replace(tag, limits=Limits(high=high)) if words else tag for tag in other.tags)
    changed = replace(changed, tags=tags)
    assert compare(one, changed).is_empty == (one == changed)
    back, there = compare(changed, one), compare(one, changed)
    assert {(change.item, change.field, change.before) for change in back.of("changed")} == {
        (change.item, change.field, change.after) for change in there.of("changed")
    }
    assert [change.item for change in back.of("added")] == [change.item for change in there.of("removed")]
