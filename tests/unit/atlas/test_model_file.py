"""The section `model` of a plant file: read, held to the tags, written back; and what of it the tag table carries."""

import msgspec
import pytest

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.plant import Plant
from twin.atlas.save import edited, text_of
from twin.atlas.tags import TagTable

MILL = """\
atlas: 2
plant: mill
name: Mill
sources: [{name: plc, kind: push}]
model:
  process_model: oven
  estimate:
    every: 20 s
    unknowns: [{name: loss, spread: 0.1}]   # fouling
    instruments:
      - {tag: TI-1.PV, noise: 0.1 delta_degC}
      - {tag: AI-1.PV, noise: 0.2, delay: 3 min}
tags:
  - {name: TI-1.PV, description: Oven, unit: degC, range: [0, 100]}
  - {name: AI-1.PV, description: Moisture, unit: percent, range: [0, 100]}
  - {name: QY-1.PV, description: Loss, range: [0, 2], kind: derived, estimate: loss}
"""
Change = tuple[str, str]


def faults(*changes: Change) -> dict[str, str]:
    text = MILL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(DefinitionError) as refused:
        parse(text)
    return {fault.path: f"line {fault.line}: {fault.message}; {fault.remedy}" for fault in refused.value.faults}


def table(plant: Plant) -> TagTable:
    return plant.tag_table(1, 1, {(tag.name, tag.unit): n for n, tag in enumerate(plant.tags, 1)})


def test_a_file_with_a_model_survives_being_written() -> None:
    plant = parse(MILL)
    assert plant.model is not None
    assert plant.model.estimate is not None
    assert [row.delay for row in plant.model.estimate.instruments] == ["0 s", "3 min"]
    assert parse(text_of(plant)) == plant
    assert edited(MILL, plant) == MILL


@pytest.mark.parametrize(
    ("change", "path", "told"),
    [
        (("every: 20 s", "every: 0.5 s"), "model.estimate.every", "whole number of seconds"),
        (("delay: 3 min", "delay: soon"), "model.estimate.instruments[1].delay", "like 150 s"),
        (("tag: TI-1.PV", "tag: TI-2.PV"), "model.estimate.instruments[0].tag", "did you mean"),
        (("tag: AI-1.PV", "tag: TI-1.PV"), "model.estimate.instruments[1]", "named twice"),
        (("every:", "evry:"), "model.estimate.evry", "did you mean 'every'"),
        (("estimate: loss", "expression: '[TI-1.PV]', estimate: loss"), "tags[2].estimate", "leave one of them out"),
        (("kind: derived, estimate", "estimate"), "tags[2].kind", "a tag with an estimate is derived"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: Change, path: str, told: str) -> None:
    found = faults(change)
    assert told in found[path], found


def test_a_tag_cannot_show_what_nobody_estimates() -> None:
    begin, end = MILL.index("model:"), MILL.index("tags:")
    assert "has none" in faults((MILL[begin:end], ""))["tags[2].estimate"]


def test_the_tag_table_carries_what_the_twin_needs_and_other_tables_keep_their_names() -> None:
    made = table(parse(MILL))
    assert made.content.model is not msgspec.UNSET
    assert (made.content.model.process_model, made.content.model.plan["every"]) == ("oven", "20 s")
    assert [tag.estimate for tag in made.tags] == [msgspec.UNSET, msgspec.UNSET, "loss"]
    assert TagTable.decode(made.encoded, made.name) == made
    begin, end = MILL.index("model:"), MILL.index("tags:")
    plain = table(parse("".join((MILL[:begin], MILL[end : MILL.index("  - {name: QY-1")]))))
    assert b"model" not in plain.encoded
    assert b"estimate" not in plain.encoded


def test_another_plan_is_another_table() -> None:
    assert table(parse(MILL)).name != table(parse(MILL.replace("spread: 0.1", "spread: 0.2"))).name
