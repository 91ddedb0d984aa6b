"""What the API tells of the plant files that ship."""

import pytest

from api.plant_file import read_plant_file
from twin.plants import names, path


@pytest.mark.parametrize("plant", names())
def test_shipped_plant_is_told_and_drawn(plant: str) -> None:
    file = read_plant_file(path(plant).read_text(encoding="utf-8"))
    known = {item["id"] for item in file.equipment}
    assert file.streams
    assert {end for stream in file.streams for end in (stream["from"], stream["to"])} <= known
    assert [source.kind for source in file.sources] == ["opcua"]
    assert file.graphic.lstrip().startswith("<svg")
    assert "<script" not in file.graphic
