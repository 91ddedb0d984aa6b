"""Patches of a plant file: only what they name is changed, and nothing where they do not fit."""

from __future__ import annotations

import io
from typing import Any

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from twin.atlas.definition import parse
from twin.atlas.patch import PatchError, patch
from twin.plants import names, path

SMALL = """\
# Made by hand.
plant: mill   # its id
tags:
- name: TI-1   # in the oven
  range: [0, 100]
# The second one.
- {name: "TI-2", range: [0, 9]}
"""


@pytest.mark.parametrize("plant", names())
def test_an_empty_patch_changes_no_letter(plant: str) -> None:
    assert patch(path(plant).read_text(), []) == path(plant).read_text()


def test_what_is_not_named_stays_with_its_comments() -> None:
    changed = patch(SMALL, [{"op": "replace", "path": "/tags/1/range/1", "value": 8}])
    assert changed == SMALL.replace("[0, 9]", "[0, 8]")


@pytest.mark.parametrize("plant", names())
def test_a_patched_plant_is_the_plant_with_the_change(plant: str) -> None:
    text = path(plant).read_text()
    before = parse(text)
    operations = [
        {"op": "test", "path": "/tags/0/name", "value": before.tags[0].name},
        {"op": "replace", "path": "/tags/0/description", "value": "Changed: by patch"},
        {"op": "add", "path": "/description", "value": "new"},
    ]
    after = parse(patch(text, operations))
    assert (after.tags[0].description, after.description) == ("Changed: by patch", "new")
    assert after.tags[1:] == before.tags[1:]
    assert after.streams == before.streams


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "nonsense", "path": "/plant"}],
        [{"path": "/plant"}],
        [{"op": "replace", "path": "/nothing", "value": 1}],
        [{"op": "replace", "path": "/tags/9/name", "value": 1}],
        [{"op": "test", "path": "/plant", "value": "kiln"}],
        [{"op": "remove", "path": ""}],
        [{"op": "replace", "path": "/plant", "value": "x"}, {"op": "remove", "path": "/tags/-"}],
    ],
)
def test_a_patch_that_does_not_fit_is_refused(operations: list[dict[str, Any]]) -> None:
    with pytest.raises(PatchError, match="read the file again"):
        patch(SMALL, operations)


KEYS = st.text("abc", min_size=1, max_size=2)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab: #-'", max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PLAIN = YAML(typ="safe", pure=True)


@given(st.dictionaries(KEYS, TREES), st.dictionaries(KEYS, TREES))
@settings(max_examples=150, deadline=None)
def test_a_patch_from_one_tree_to_another_makes_that_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    out = io.StringIO()
    YAML(typ="rt", pure=True).dump(before, out)
    changed = patch(out.getvalue(), jsonpatch.make_patch(before, after).patch)
    assert PLAIN.load(changed) == after
