"""The page about the plant model: its example builds the plant that ships, and every name that it mentions exists."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import twin.atlas
from twin.atlas import parse
from twin.plants import path

PAGE = (Path(__file__).parents[3] / "docs/explanation/atlas.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 33
    names = {}
    exec(compile(code, "atlas.md", "exec"), names)  # noqa: S102
    return names["plant"]


@pytest.fixture(scope="module")
def shipped():
    return parse(Path(path("williams-otto")).read_text(encoding="utf-8"))


def test_the_example_has_the_equipment_the_streams_and_the_loops_of_the_plant_that_ships(built, shipped):
    def flowsheet(plant):
        ports = [tuple(port.name for port in plant.ports(stream)) for stream in plant.streams]
        ends = [(stream.source.equipment, stream.target.equipment) for stream in plant.streams]
        return {(item.id, item.type.name) for item in plant.equipment}, set(zip(ends, ports, strict=True))

    assert flowsheet(built) == flowsheet(shipped)
    assert built.loops == shipped.loops


def test_the_example_has_the_chemistry_of_the_plant_that_ships(built, shipped):
    def rates(plant):
        return {(r.id, str(r.equation), r.kinetics.factor, r.kinetics.activation) for r in plant.chemistry.reactions}

    assert rates(built) == rates(shipped)
    masses = [{c.id: c.molar_mass for c in plant.chemistry.compounds} for plant in (built, shipped)]
    assert masses[0] == masses[1]


def test_what_the_table_says_can_be_said(built):
    table = PAGE.partition("| to | say |")[2].partition("\n\n")[0]
    expressions = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*[\[(][^`]*)`", table)
    expressions += re.findall(r"`((?:Quantity|Mixture|find_compound)[^`]*)`", PAGE)
    assert len(expressions) >= 17
    names = {name: getattr(twin.atlas, name) for name in dir(twin.atlas)}
    priced = parse(Path(path("williams-otto")).read_text(encoding="utf-8"))
    names |= {"plant": priced, "before": built, "after": priced, "text": twin.atlas.text_of(built)}
    names |= {"at": datetime.now(UTC)}
    for expression in expressions:
        assert eval(expression, dict(names)) is not None, expression  # noqa: S307
