"""Values as YAML: whatever is written is read as the same again, with and without quotes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from twin.atlas.yaml_text import read_yaml
from twin.atlas.yaml_writing import flow, section, write_sections

texts = st.text(st.sampled_from("aZ0 é蒸,:#'\"[]{}&*-?|>%@\n\t~=!`.;/()+_eE"), max_size=10)
scalars = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(texts.map(lambda key: f"k{key}"), values, min_size=1, max_size=4))
def test_what_is_written_is_read_as_the_same(content: dict[str, Any]) -> None:
    assert YAML(typ="rt", pure=True).load(f"x: {flow(content)}")["x"] == content
    assert read_yaml(write_sections(content)).plain == content


@pytest.mark.parametrize(
    "text",
    ["true", "No", "null", "~", "12", "1e5", "1_000", "0x1F", "0o7", "2020-01-01",
     "2020-01-01 10:00:00", "1:30", ".5", "-",
     "?a", "a: b", "a #b", "", " a", "a ", "=", "<<", "*a", "&a", "!a", "%a", "@a", "`a", "12 13", "+.inf", ".nan",
     "a:", "1 1:30"],
)  # fmt: skip
def test_a_text_that_yaml_would_take_for_something_else_is_quoted(text: str) -> None:
    for loaded in (YAML(typ="rt", pure=True).load(f"[{flow(text)}]")[0], read_yaml(f"x: {flow(text)}").plain["x"]):
        assert isinstance(loaded, str)
        assert loaded == text


@pytest.mark.parametrize(
    "text",
    ["Reactor", "R-101", "2.1 m3", "600 W/(m2 K)", "1143.38 USD/kg", "opc.tcp://127.0.0.1:4840/x", "ns=2;s=TI-1",
     "A + 2 B -> C"],
)  # fmt: skip
def test_usual_texts_need_no_quotes(text: str) -> None:
    assert flow(text) == text


def test_long_entries_take_a_line_a_key_and_short_ones_a_line() -> None:
    entries = [{"name": "T", "range": [0, 1.5]}]
    assert section("tags", entries) == "tags:\n  - name: T\n    range: [0, 1.5]\n"
    assert section("streams", entries) == "streams:\n  - {name: T, range: [0, 1.5]}\n"
    assert write_sections({"atlas": 2, "tags": entries}).startswith("atlas: 2\n\ntags:\n")
