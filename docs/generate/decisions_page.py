"""`docs/adr/README.md`: the list of decisions, from their titles."""

from pathlib import Path
from typing import Final

_HEAD: Final = """# Decisions

Whoever departs from the agreed design, or adds a dependency, writes a page here: context, options with their cost,
decision, consequences. Numbers never change. This list is written by `make docs`.
"""


def text(folder: Path) -> str:
    """The list of the pages in `folder`, by number."""
    pages = sorted(folder.glob("[0-9]*.md"))
    lines = [
        f"- [{page.read_text(encoding='utf-8').partition(chr(10))[0].lstrip('# ')}]({page.name})" for page in pages
    ]
    return "\n".join([_HEAD, *lines]) + "\n"
