"""What the guides about plants show is sound: files, programs, and the columns of a tag list."""

import ast
import re
from pathlib import Path

import pytest

from twin.atlas import parse
from twin.importing.tag_columns import NAMES
from twin.importing.tag_list import read_tag_list

GUIDES = Path(__file__).parents[3] / "docs/how-to"
HEAD = """
atlas: 2
plant: p
name: P
sources: [{name: push, kind: push}]
tags: [{name: T, description: t, range: [0, 1]}]
"""


def text_of(name: str) -> str:
    return (GUIDES / name).read_text(encoding="utf-8")


def examples(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text_of(name), re.DOTALL)


@pytest.mark.parametrize("name", ["revise-a-plant.md", "change-prices.md"])
def test_the_programs_are_python(name):
    for program in examples(name, "python"):
        ast.parse(program)


def test_the_prices_are_a_price_book():
    (prices,) = examples("change-prices.md", "yaml")
    assert len(parse(HEAD + prices).prices) == 3


def test_the_tag_list_can_be_imported_and_every_field_is_told():
    page = text_of("import-a-plant.md")
    lines = re.search(r"^    Tag Name,.*\n    .*$", page, re.MULTILINE)
    assert lines is not None
    made = read_tag_list("\n".join(line.strip() for line in lines[0].splitlines()), "boiler-house")
    assert (made.plant.tags[0].limits.high_high, made.faults) == (170, ())
    told = set(re.findall(r"\w+", " ".join(re.findall(r"^\| ([a-z_, ]+) \|", page, re.MULTILINE))))
    assert set(NAMES) <= told
