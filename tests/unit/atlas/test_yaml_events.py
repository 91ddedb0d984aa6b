"""The fast reader of YAML says what the exact one says, values and lines, or leaves it to that."""

from importlib.resources import files
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from stream.bench.flowsheets import plant_text
from twin.atlas import yaml_text
from twin.atlas.yaml_events import fast_plain
from twin.atlas.yaml_text import DefinitionError, YamlText, read_yaml

PLANTS = [entry.read_text() for entry in files("twin.plants").iterdir() if entry.name.endswith(".yaml")]
PIECES = ["a", "b: 1", "{", "}", "[", "]", ",", ": ", "- ", "\n", "\n  ", "'", '"', "#", "&x", "*x", "!t ", "|", ">",
          "%", "@", "?", "1", "-", "true", "~", "2020-01-01", "1e3", ".5", "010", "<<", "\t", "é", "\x85", "=",
          "0x1F", "1_0", "yes", "No", "-0", "+1", ".inf", ".nan", "12:30", "---", "..."]  # fmt: skip


def exactly(text: str) -> "YamlText | str":
    """What the exact reader says, or its refusal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_text, "fast_plain", lambda text: None)
        try:
            return read_yaml(text)
        except DefinitionError as error:
            return str(error)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inside for found in paths(part, (*path, key)))]


def check(text: str) -> bool:
    """Whether the fast reader read it; what it read is what the exact one reads."""
    plain = fast_plain(text)
    if plain is None:
        return False
    exact = exactly(text)
    assert isinstance(exact, YamlText), exact
    assert repr(plain) == repr(exact.plain)
    read = read_yaml(text)
    for path in paths(plain):
        assert read.line(path) == exact.line(path), path
    return True


@pytest.mark.parametrize("text", [*PLANTS, plant_text(100)])
def test_whole_plants_are_read_fast_and_alike(text: str) -> None:
    assert check(text)


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.dates()
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
    | st.sampled_from(["true", "null", "1", "1.5", "2020-01-01", "yes", "0x1f", "1e3", "<<", "=", "5 %", "~", ""]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text("abc-1 ", max_size=4), parts, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), plain_values, min_size=1, max_size=4), st.booleans())
def test_whatever_yaml_can_say_is_read_alike(tree: dict[str, Any], flow: bool) -> None:
    writer, stream = YAML(typ="rt", pure=True), StringIO()
    writer.default_flow_style = flow
    writer.dump(tree, stream)
    check(stream.getvalue())


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_no_text_is_read_otherwise_than_the_exact_reader_reads_it(text: str) -> None:
    check(f"k: {text}")
    check(text)


@settings(max_examples=40)
@given(st.integers(0, 4000), st.sampled_from(PIECES))
def test_a_spoilt_plant_is_read_alike_or_refused_alike(at: int, piece: str) -> None:
    text = PLANTS[0][: at + 1] + piece + PLANTS[0][at + 1 : 5000]
    check(text.rpartition("\n")[0])


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x", "a: !t 1", "a: 1\na: 2", "%YAML 1.1\n---\na: yes", "a: 1\n---\nb: 2", "a: >\n  b\n  c",
     "<<: {a: 1}",
     "a: =", "[1, 2]", "", "a: [", "? [a]\n: 1", "a: 1\x85b: 2", "a: |#"],
)  # fmt: skip
def test_what_might_mean_something_else_is_left_to_the_exact_reader(text: str) -> None:
    assert fast_plain(text) is None
