"""Older plant files in the words of the present version: what has a new name is replaced, and nothing else is."""

import re
from typing import Any, Final

from twin.atlas.equipment import RENAMED
from twin.atlas.plant_file import VERSION
from twin.atlas.yaml_text import read_yaml

_BREAK: Final = re.compile("(\r\n|[\n\r\x85\u2028\u2029])")
"""Where YAML begins a new line."""


def upgrade(text: str) -> str:
    """The text of a plant file of the present version, with its comments; a current text is unchanged.

    Version 2 asks more than version 1: material must reach a product. What it asks of this file beyond its words,
    `parse` tells.

    Raises
    ------
    DefinitionError
        Where the text is no YAML.
    """
    tree = read_yaml(text).tree
    if tree.get("atlas") != 1:
        return text
    pieces = _BREAK.split(text)
    given = tree.get("equipment")
    entries = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    # From the end, so that what is replaced moves nothing that is still to be replaced.
    for entry in reversed(entries):
        if str(entry.get("type")) in RENAMED:
            _replace(pieces, entry, "type", str(entry["type"]), RENAMED[str(entry["type"])])
    _replace(pieces, tree, "atlas", "1", str(VERSION))
    return "".join(pieces)


def _replace(pieces: list[str], entry: Any, key: str, old: str, new: str) -> None:
    """Put `new` for `old` where the value of the key stands; what stands elsewhere, behind an alias, stays."""
    line, column = entry.lc.value(key)
    piece = pieces[2 * line]
    column += piece[column : column + 1] in ("'", '"')
    if piece.startswith(old, column):
        pieces[2 * line] = piece[:column] + new + piece[column + len(old) :]
