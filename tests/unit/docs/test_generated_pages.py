"""The pages that `make docs` writes say what the code says."""

import importlib
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
NAMES = (
    "reference/settings.md", "reference/commands.md", "reference/plant-file.md", "reference/plant-file.schema.json",
    "reference/portfolio-file.md", "reference/portfolio-file.schema.json",
    "reference/simulator-file.md", "reference/simulator-file.schema.json",
    "adr/README.md",
)  # fmt: skip


@pytest.fixture
def reference(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    return importlib.import_module("generate.reference")


def test_these_pages_are_generated(reference):
    assert tuple(reference.PAGES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_generated_page_is_what_the_code_says(reference, name):
    kept = (DOCS / name).read_text(encoding="utf-8")
    assert kept == reference.PAGES[name](), "run '.venv/bin/python docs/make_docs.py pages' and commit what it writes"
