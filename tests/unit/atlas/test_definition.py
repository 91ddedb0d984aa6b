"""From the text of a plant file to the plant: what a sound one says, and every fault of a bad one at once."""

from collections.abc import Callable
from typing import Any

import pytest

from twin.atlas.definition import LONGEST_TEXT, DefinitionError, parse
from twin.atlas.faults import Fault, did_you_mean, written

Tree = dict[str, Any]
Faults = Callable[[Any], dict[str, str]]

FIFTEEN_AND_MORE = """
atlas: 1
plant: Mill
time_zone: Mars/Olympus
scan: {period_s: 0, grace: 2}
colour: blue
sources:
  - {name: opcua, kind: telex}
  - {name: plc}
equipment:
  - {id: FEED, type: feed}
  - {id: V-1, type: tonk}
  - {id: FEED, type: product}
  - {id: OUT, type: product}
streams:
  - {name: S-1, from: FEED, to: V-1.inlet}
  - {name: S-2, from: FEED.exit, to: OUT}
  - {name: S-3, to: OUT}
  - {name: S-4, from: GHOST, to: V-1}
tags:
  - {name: T-1, description: Unit, unit: degX, range: [0, 1], source: plc, address: a}
  - {name: T-2, description: Range, unit: K, range: [1, 0], source: plc, address: b}
  - {name: T-3, description: Order, unit: K, range: [0, 9], limits: {low: 5, high: 4}, source: plc, address: c}
  - {name: T-4, description: Outside, unit: K, range: [0, 9], limits: {high: 10}, source: plc, address: d}
  - {name: T-5, description: Source, unit: K, range: [0, 9], source: plk, address: e}
  - {name: T-6, description: Twice, unit: K, range: [0, 9], source: plc, address: e1}
  - {name: T-6, description: Twice, unit: K, range: [0, 9], source: plc, address: e2}
  - {name: T-7, description: Address, unit: K, range: [0, 9], source: plc, address: a}
  - {name: T-8, description: Equipment, unit: K, range: [0, 9], source: plc, address: f, equipment: V-2}
  - {name: T-9, description: Unit kind, unit: K, source_unit: kPa, range: [0, 9], source: plc, address: g}
  - {name: T-10, unit: K, range: [0, 9], source: plc, address: h}
  - {name: T-11, description: Key, unit: K, range: [0, 9], source: plc, adress: i}
  - {name: T-12, description: Expression, unit: K, range: [0, 9], kind: derived, expression: "[T-1] +"}
  - {name: T-13, description: Circle, unit: K, range: [0, 9], kind: derived, expression: "[T-14]"}
  - {name: T-14, description: Circle, unit: K, range: [0, 9], kind: derived, expression: "[T-13]"}
  - {name: T-15, description: Number, unit: K, range: [0, high], source: plc, address: j}
  - {name: T-16, description: No address, unit: K, range: [0, 9], source: plc}
  - {name: T-17, description: Mode, range: [0, 9], kind: mode, source: plc, address: k}
  - {name: T-18, description: Decimals, unit: K, range: [0, 9], decimals: 99, source: plc, address: l}
"""
EXPECTED = {
    "plant", "name", "time_zone", "scan.period_s", "scan.grace", "colour", "sources[0].kind", "equipment[1].type",
    "equipment[2].id", "streams[1].from", "streams[2].from", "streams[3].from", "tags[0].unit", "tags[1].range",
    "tags[2].limits.high", "tags[3].limits.high", "tags[4].source", "tags[6].name", "tags[7].address",
    "tags[8].equipment", "tags[9].source_unit", "tags[10].description", "tags[11].adress", "tags[12].expression",
    "tags[14].expression", "tags[15].range[1]", "tags[16].address", "tags[17].states", "tags[18].decimals",
}  # fmt: skip


def all_faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(DefinitionError) as refused:
        parse(text, filename="mill.yaml")
    return refused.value.faults


def line_of(path: str) -> int:
    """Where the entry or key stands that a path begins with, each entry on a line of its own."""
    part, _, index = path.partition(".")[0].rstrip("]").partition("[")
    lines = FIFTEEN_AND_MORE.splitlines()
    return next(n for n, line in enumerate(lines, 1) if line.startswith(f"{part}:")) + (int(index) + 1 if index else 0)


def test_every_fault_is_told_at_once_with_its_place_and_remedy() -> None:
    found = all_faults(FIFTEEN_AND_MORE)
    assert {fault.path for fault in found} == EXPECTED
    assert all(fault.message and fault.remedy for fault in found)
    for fault in found:
        assert fault.line == (0 if fault.path == "name" else line_of(fault.path)), fault
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)


def test_the_error_reads_as_a_list() -> None:
    with pytest.raises(
        DefinitionError, match="mill.yaml has 1 fault:\n  line 7: tags\\[0\\].unit: unknown unit 'degc'"
    ):
        parse(
            "atlas: 1\nplant: mill\nname: Mill\nsources:\n  - name: plc\ntags:\n"
            "  - {name: T-1, description: T, unit: degc, range: [0, 1], address: a}\n",
            filename="mill.yaml",
        )


def test_a_sound_file_becomes_the_plant_it_describes(tree: Tree, faults: Faults) -> None:
    assert faults(tree) == {}


def test_a_broken_stream_leaves_no_port_open(tree: Tree, faults: Faults) -> None:
    tree["streams"][0]["colour"] = "blue"
    assert set(faults(tree)) == {"streams[0].colour"}


def test_a_broken_source_is_no_fault_of_its_tags(tree: Tree, faults: Faults) -> None:
    tree["sources"][0]["kind"] = "telex"
    assert set(faults(tree)) == {"sources[0].kind"}
    tree["sources"] = "opcua"
    assert set(faults(tree)) == {"sources"}


def test_tags_name_their_source_where_there_are_two(tree: Tree, faults: Faults) -> None:
    tree["sources"].append({"name": "other"})
    assert set(faults(tree)) == {f"tags[{index}].source" for index in range(3)}


@pytest.mark.parametrize("part", ["sources", "tags"])
@pytest.mark.parametrize("value", [None, [], "missing"])
def test_a_plant_needs_sources_and_tags(tree: Tree, faults: Faults, part: str, value: Any) -> None:
    if value == "missing":
        del tree[part]
    else:
        tree[part] = value
    assert "has no" in faults(tree)[part]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("tags[0].decimals", {"decimals": True}),
        ("tags[0].decimals", {"decimals": "1"}),
        ("tags[0].range[0]", {"range": [False, 100]}),
        ("tags[0].range[0]", {"range": ["0", 100]}),
        ("tags[0].description", {"description": 12}),
        ("tags[0].limits.high", {"limits": {"high": "80"}}),
        ("tags[0].stale_after_s", {"stale_after_s": True}),
    ],
)
def test_nothing_is_guessed_from_a_value_of_another_type(
    tree: Tree, faults: Faults, part: str, change: dict[str, Any]
) -> None:
    tree["tags"][0].update(change)
    assert part in faults(tree)


@pytest.mark.parametrize("text", ["\x1b[31mred", "\x00", "a\x07", "\x9b", "\x7f"])
def test_control_characters_in_texts_are_refused(tree: Tree, faults: Faults, text: str) -> None:
    tree["tags"][0]["description"] = text
    tree["name"] = text
    assert set(faults(tree)) == {"tags[0].description", "name"}
    assert "control character" in faults(tree)["name"]


def test_other_characters_and_lines_in_texts_are_kept(tree: Tree, faults: Faults) -> None:
    tree["description"] = "Zeile eins\nπ 蒸留 <script>&amp;"
    assert faults(tree) == {}


def test_a_fault_of_the_head_hides_no_other_of_it(tree: Tree, faults: Faults) -> None:
    tree.update(atlas=3, time_zone="Mars/Olympus", scan={"period_s": -1})
    assert set(faults(tree)) == {"atlas", "time_zone", "scan.period_s"}


def a_bomb(levels: int) -> str:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


def test_aliases_that_multiply_are_refused_before_they_are_written_out() -> None:
    [fault] = all_faults(a_bomb(40))
    assert "aliases" in fault.message
    assert fault.remedy


def test_an_alias_may_save_repeating(tree: Tree) -> None:
    tags = "\n".join(
        f"  - {{name: T-{n}, description: T, unit: K, range: {'&span [0, 400]' if n == 0 else '*span'}, address: a{n}}}"
        for n in range(20)
    )
    plant = parse(f"atlas: 1\nplant: mill\nname: Mill\nsources:\n  - name: plc\ntags:\n{tags}\n")
    assert {(tag.low, tag.high) for tag in plant.tags} == {(0.0, 400.0)}


@pytest.mark.parametrize(
    "text",
    ["", "text", "- a\n- b", "12", "atlas: 1\n\tplant: mill", "atlas: [1", "a: 'open", "a: b: c", "atlas: 1\x00",
     "atlas: 1\n---\nplant: mill", "%YAML 9.1\n---\natlas: 1", "x: " + "[" * 600, "x: &x [*x]", "x: &x {y: *x}",
     "sources: &s\n  - *s", "x: *nowhere", "a: 1\na: 2", "? {a: b}\n: 1", "n: 1" + "0" * 5000,
     "!!python/name:os.system", "a: !!timestamp nonsense", "a: !!int nonsense", "a: !!float x", "a: !!set {b}", "<<: 3",
     "a: \"\\ud800\"",
     "tags: {}", "tags: [null, 1, [], {}]", "sources: [{name: *a}]", "a: 2020-13-45", "a: 9999-12-31T23:59:60Z"],
)  # fmt: skip
def test_any_other_text_is_refused_with_faults(text: str) -> None:
    for fault in all_faults(text):
        assert fault.message
        assert fault.remedy


def test_a_text_too_long_is_refused_unread() -> None:
    [fault] = all_faults("a" * (LONGEST_TEXT + 1))
    assert str(LONGEST_TEXT) in fault.remedy


def test_paths_and_remedies_are_written_as_people_write_them() -> None:
    assert written(("tags", 3, "limits", "high")) == "tags[3].limits.high"
    assert str(Fault("", "wrong", "mend it")) == "file: wrong; mend it"
    assert str(Fault("tags[0]", "wrong", "mend it", 7)) == "line 7: tags[0]: wrong; mend it"
    assert did_you_mean("opcau", ["opcua", "push"], "else") == "did you mean 'opcua'?"
    assert did_you_mean("zzz", ["opcua", "push"], "else") == "else"


def test_a_text_may_be_of_a_class_of_its_own(sound_text: str) -> None:
    class Tagged(str):
        pass

    assert parse(Tagged(sound_text)) == parse(sound_text)
