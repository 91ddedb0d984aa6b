"""Which column of a tag list is which: lists of other systems name them in many ways."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin.atlas.faults import did_you_mean
from twin.importing.imported import ForeignFileError

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "tag": ("tag", "tagname", "tagno", "tagid", "name", "point", "pointname", "signal", "item", "loop", "messstelle"),
    "description": ("description", "desc", "service", "comment", "text", "longname", "beschreibung", "bezeichnung"),
    "unit": ("unit", "units", "eu", "engunit", "engunits", "engineeringunit", "engineeringunits", "uom", "einheit"),
    "low": ("low", "lo", "min", "minimum", "rangelow", "rangemin", "lowrange", "lrv", "eulo", "eulow", "zero", "von"),
    "high": ("high", "hi", "max", "maximum", "rangehigh", "rangemax", "highrange", "urv", "euhi", "euhigh", "bis"),
    "address": ("address", "nodeid", "opcaddress", "opcnodeid", "opcitem", "itemid", "ioaddress", "adresse"),
    "low_low": ("lowlow", "ll", "lolo", "alarmll", "lowlowalarm", "lolotrip"),
    "low_limit": ("l", "lowlimit", "alarml", "lowalarm", "alarmlow", "loalarm"),
    "high_limit": ("h", "highlimit", "alarmh", "highalarm", "alarmhigh", "hialarm"),
    "high_high": ("highhigh", "hh", "hihi", "alarmhh", "highhighalarm", "hihitrip"),
    "decimals": ("decimals", "digits", "precision", "nachkommastellen"),
    "states": ("states", "enum", "enumeration", "statenames"),
    "source_unit": ("sourceunit", "deviceunit", "rawunit"),
}  # fmt: skip
"""Each field with the names that its column goes by, in lower case and without blanks or signs."""

NEEDED: Final = ("tag", "description", "low", "high")

_DELIMITERS: Final = ";\t,|"


@dataclass(frozen=True)
class Row:
    """One row: the line it begins on, from 1, and its texts by field; blank ones are absent."""

    line: int
    texts: Mapping[str, str]


@dataclass(frozen=True)
class TagColumns:
    """The table that a tag list is: rows of fields, with the names that the file's columns bear."""

    rows: tuple[Row, ...]
    titles: Mapping[str, str]
    passed_over: tuple[str, ...]
    decimal_comma: bool


def read_columns(text: str, chosen: Mapping[str, str] | None = None) -> TagColumns:
    """Read the text of a list whose first line that isn't blank names the columns.

    Parameters
    ----------
    text
        Separated by commas, semicolons, tabs or bars; quoted as spreadsheets do.
    chosen
        Title of a field's column where the file calls it something else: `{"tag": "Messstellen-Nr"}`.

    Raises
    ------
    ForeignFileError
        Where a needed column isn't there, two go by the same field, or the text is no table.
    """
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    table = _read(text, delimiter)
    _, titles = next(table, (0, []))
    columns = _columns([title.strip() for title in titles], chosen or {})
    rows = []
    for line, cells in table:
        texts = {field: cells[at].strip() for field, at in columns.items() if at < len(cells) and cells[at].strip()}
        rows.append(Row(line, texts))
    named = {field: titles[at].strip() for field, at in columns.items()}
    others = tuple(title.strip() for at, title in enumerate(titles) if at not in columns.values() and title.strip())
    return TagColumns(tuple(rows), named, others, decimal_comma=delimiter != ",")


def _read(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that aren't blank, with the line each begins on."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise ForeignFileError(f"line {line} is no row of a table: {error}", remedy="save it as CSV again") from error


def _columns(titles: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for field, title in chosen.items():
        if field not in NAMES:
            raise ForeignFileError(f"no field '{field}'", remedy=did_you_mean(field, NAMES, f"use {', '.join(NAMES)}"))
        if title not in titles:
            raise ForeignFileError(f"no column '{title}'", remedy=f"the file has {', '.join(titles)}")
        found[field] = titles.index(title)
    for at, title in enumerate(titles):
        field = _FIELDS.get(re.sub(r"[^a-z]", "", title.lower()), "")
        if not field or field in chosen or at in found.values():
            continue
        if field in found:
            raise ForeignFileError(
                f"columns '{titles[found[field]]}' and '{title}' may both be the {field}",
                remedy=f"say which: --column {field}='{title}'",
            )
        found[field] = at
    missing = [field for field in NEEDED if field not in found]
    if missing:
        told = ", ".join(title for title in titles if title) or "none"
        raise ForeignFileError(
            f"no column for {' and '.join(missing)} among: {told}",
            remedy=f"say which it is: --column {missing[0]}=TITLE",
        )
    return found


_FIELDS: Final = {name: field for field, names in NAMES.items() for name in names}
