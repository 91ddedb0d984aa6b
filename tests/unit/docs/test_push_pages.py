"""What the pages about pushing show can be pushed."""

import ast
import json
import re
from pathlib import Path

from api.schemas import NewReadings
from connectors.push.record import parse, sort_readings
from twin.atlas.definition import parse as parse_plant
from twin.atlas.tags import Tag, TagTable, TagTableContent

DOCS = Path(__file__).parents[3] / "docs"
INBOX = (DOCS / "reference/inbox.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "how-to/push-readings.md").read_text(encoding="utf-8")


def examples(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_inbox_pages_record_is_taken_whole():
    units = {"AI-101A.PV": "kg/kg", "TIC-101.PV": "degC"}
    tags = [
        Tag(tag_id=n, name=name, description="d", unit=unit, low=0, high=1)
        for n, (name, unit) in enumerate(units.items())
    ]
    table = TagTable.of(TagTableContent(plant="williams-otto", number=1, revision=1, tags=tuple(tags)))
    (example,) = examples(INBOX, "json")
    found = sort_readings(parse(example.encode()), table, {"push"}, 1_795_478_400_000_000)
    assert not found.refused
    assert found.taken["push"].times.tolist() == [1_795_478_400_000_000] * 2


def test_the_guides_plant_file_request_and_programs_are_sound():
    (sources,) = examples(GUIDE, "yaml")
    plant = parse_plant(f"atlas: 1\nplant: my-plant\nname: Mine\n{sources}")
    body = re.search(r"-d '(.*)'", GUIDE)
    assert body is not None
    (reading,) = NewReadings.model_validate(json.loads(body[1])).readings
    assert (reading.tag, reading.unit) == (plant.tags[0].name, plant.tags[0].unit)
    for program in examples(GUIDE, "python"):
        ast.parse(program)
