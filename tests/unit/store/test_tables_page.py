"""The page of tables names every table and column, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from stream.store.tables import METADATA

PAGE = (Path(__file__).parents[3] / "docs/reference/tables.md").read_text()


def test_the_page_says_what_the_metadata_says() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))
    assert set(sections) == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        missing = {column.name for column in table.columns} - set(re.findall(r"`(\w+)`", sections[name]))
        assert not missing, f"{name} says nothing of {missing}"
