"""A sound plant file with one thing broken is refused, and the fault names the place; nothing else is ever raised."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.atlas.faults import Path, written

Tree = dict[str, Any]
Faults = Callable[[Any], dict[str, str]]
ONE_TREE = settings(max_examples=35, suppress_health_check=[HealthCheck.function_scoped_fixture])
NEEDED = {
    (): {"atlas", "plant", "name", "sources", "tags"}, ("sources",): {"name"}, ("equipment",): {"id", "type"},
    ("streams",): {"name", "from", "to"}, ("tags",): {"name", "description", "range"},
}  # fmt: skip
WRONG: dict[type, list[Any]] = {
    dict: ["x", 3, [1]], list: ["x", 3, {"a": 1}], bool: ["x", 3, {}], int: ["x", True, {}, [], None],
    str: [3, True, 1.5, {}, [], None],
}  # fmt: skip


def nodes(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, node
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from nodes(value, (*path, key))


def changed(tree: Tree, path: Path, value: Any) -> Tree:
    copied = copy.deepcopy(tree)
    parent: Any = copied
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    return copied


def names(faults: dict[str, str], path: Path) -> bool:
    """Whether a fault stands at the path or within it."""
    place = written(path)
    return any(found == place or found.startswith((f"{place}.", f"{place}[")) for found in faults)


@ONE_TREE
@given(data=st.data())
def test_a_value_of_the_wrong_type_is_refused_by_its_place(tree: Tree, faults: Faults, data: st.DataObject) -> None:
    optional = {"low_low", "low", "high", "high_high", "at"}
    path, value = data.draw(st.sampled_from([(path, value) for path, value in nodes(tree) if path]))
    wrong = [w for w in WRONG[type(value)] if not (w is None and optional & set(map(str, path)))]
    if path == ("atlas",):
        wrong.remove(True)  # which is 1
    found = faults(changed(tree, path, data.draw(st.sampled_from(wrong))))
    assert names(found, path), found


@ONE_TREE
@given(data=st.data())
def test_an_unknown_key_is_refused_by_its_place(tree: Tree, faults: Faults, data: st.DataObject) -> None:
    places = [path for path, node in nodes(tree) if isinstance(node, dict)]
    path = (*data.draw(st.sampled_from(places)), data.draw(st.sampled_from(["colour", "Name", "limit", "1", "name "])))
    found = faults(changed(tree, path, data.draw(st.sampled_from([1, "x", None, [], {}]))))
    assert list(found) == [written(path)]
    assert "unknown key" in found[written(path)]


@pytest.mark.parametrize(("part", "key"), [(part, key) for part, keys in NEEDED.items() for key in sorted(keys)])
def test_a_missing_key_is_refused_by_its_place(tree: Tree, faults: Faults, part: Path, key: str) -> None:
    entry = tree[str(part[0])][0] if part else tree
    del entry[key]
    path = (*part, 0, key) if part else (key,)
    assert written(path) in faults(tree)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("time_zone",), "Europe/Bearlin"),
        (("time_zone",), "../../etc/passwd"),
        (("time_zone",), ""),
        (("history_from",), "yesterday"),
        (("plant",), "Mill 1"),
        (("scan", "period_s"), 0),
        (("scan", "grace_s"), -1),
        (("sources", 0, "kind"), "telex"),
        (("equipment", 1, "type"), "tonk"),
        (("equipment", 1, "id"), "FEED"),
        (("streams", 1, "name"), "S-1"),
        (("streams", 0, "from"), "NOWHERE"),
        (("streams", 0, "to"), "V-1.outlet"),
        (("streams", 0, "to"), "V-1.inlets"),
        (("streams", 0, "to"), "OUT.inlet.more"),
        (("tags", 1, "name"), "TI-1.PV"),
        (("tags", 1, "name"), "a b"),
        (("tags", 1, "address"), "ns=2;s=TI-1"),
        (("tags", 1, "address"), ""),
        (("tags", 1, "source"), "opcub"),
        (("tags", 1, "equipment"), "V-2"),
        (("tags", 1, "unit"), "kg/sec/"),
        (("tags", 1, "decimals"), 10),
        (("tags", 0, "limits", "low"), 3),
        (("tags", 0, "limits", "high_high"), 101),
        (("tags", 0, "limits", "deadband"), -1),
        (("tags", 0, "limits", "deadband"), 100),
        (("tags", 0, "kind"), "derived"),
        (("tags", 1, "expression"), "[TI-1.PV]"),
        (("tags", 2, "unit"), "K"),
        (("tags", 2, "states"), ["MAN", "MAN"]),
        (("tags", 3, "expression"), "[TDI-4.PV]"),
        (("tags", 3, "expression"), "[TI-9.PV]"),
        (("tags", 3, "expression"), "__import__('os')"),
        (("tags", 3, "address"), "ns=2;s=TDI-4"),
    ],
)
def test_a_value_without_sense_is_refused_by_its_place(tree: Tree, faults: Faults, path: Path, value: Any) -> None:
    found = faults(changed(tree, path, value))
    related = {"kind", "expression", "address", "source_unit", "unit"}
    place = written(path)
    assert place in found or (path[-1] in related and any(p.startswith(written(path[:-1])) for p in found)), found


def test_limits_out_of_order_are_named_for_the_later_one(tree: Tree, faults: Faults) -> None:
    tree["tags"][0]["limits"] = {"low_low": 10, "low": 10, "high": 9, "high_high": 90}
    assert set(faults(tree)) == {"tags[0].limits.low", "tags[0].limits.high"}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@ONE_TREE
@given(data=st.data())
def test_whatever_stands_in_a_place_the_answer_is_a_plant_or_faults(
    tree: Tree, faults: Faults, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from([path for path, _ in nodes(tree) if path]))
    for place, message in faults(changed(tree, path, data.draw(junk))).items():
        assert isinstance(place, str)
        assert message


@ONE_TREE
@given(data=st.data())
def test_whatever_is_cut_or_put_in_the_answer_is_a_plant_or_faults(
    sound_text: str, faults: Faults, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(sound_text)))
    end = data.draw(st.integers(start, min(len(sound_text), start + 12)))
    put = data.draw(st.text(st.sampled_from("[]{}:,-&*!|>'\"%@`#\t\n \\0aé\u2028\ufeff"), max_size=4))
    assert all(faults(sound_text[:start] + put + sound_text[end:]).values())
