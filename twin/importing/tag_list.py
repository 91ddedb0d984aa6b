"""A plant from a tag list: the table of measured points that every plant has as a spreadsheet."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from twin.atlas.faults import Fault
from twin.atlas.invariants import find_tag_faults
from twin.atlas.plant import Plant
from twin.atlas.plant_file import TagEntry
from twin.atlas.plant_parts import PlantParts
from twin.atlas.tag_definition import PUSH, Source, TagDefinition
from twin.atlas.tags import Limits, PlantId
from twin.importing.imported import SCAN, ForeignFileError, Imported
from twin.importing.tag_columns import Row, TagColumns, read_columns

_LIMITS: Final = {"low_low": "low_low", "low_limit": "low", "high_limit": "high", "high_high": "high_high"}
_COLUMN_OF: Final = {"name": "tag", "range": "low", **{limit: column for column, limit in _LIMITS.items()}}
"""The column that a key of a plant file comes from, where the two are called differently."""

_STALE_S: Final = 10.0
_FIGURES: Final = 4
"""Significant figures of a range's width that are shown, where the list doesn't say how many decimals."""


def read_tag_list(text: str, plant: str, endpoint: str = "", columns: Mapping[str, str] | None = None) -> Imported:
    """Make a plant of the rows that are sound, and a fault of each that isn't.

    Tags are read from an OPC UA server at `endpoint` where any has an address, else they are pushed.

    Parameters
    ----------
    text
        The list; see `tag_columns.read_columns`.
    plant
        Id of the plant to make.
    endpoint
        Address of the server, like `opc.tcp://192.168.10.20:4840`.
    columns
        Titles of columns that bear unusual names.

    Raises
    ------
    ForeignFileError
        Where needed columns are missing or no row is sound.
    """
    table = read_columns(text, columns)
    server = any("address" in row.texts for row in table.rows)
    source = Source("opcua", "opcua", endpoint or _ENDPOINT) if server else Source(PUSH, PUSH, "")
    tags, faults = _sound_tags(table, source)
    if not tags:
        listed = "\n".join(f"  {fault}" for fault in faults[:_LISTED])
        raise ForeignFileError(f"no row of the list is sound:\n{listed}", remedy="mend the list and import it again")
    name = plant.replace("-", " ").capitalize()
    made = Plant.of(id=PlantId(plant), name=name, scan=SCAN, sources=(source,), tags=tuple(tags))
    return Imported(made, tuple(_notes(table, endpoint, server)), tuple(faults))


def _sound_tags(table: TagColumns, source: Source) -> tuple[list[TagDefinition], list[Fault]]:
    """Tags of the rows without faults, and the faults of the others in the order of their lines."""
    read: dict[int, TagDefinition] = {}
    faults: list[Fault] = []
    for row in table.rows:
        tag = _read_row(row, table, source, faults)
        if tag is not None:
            read[row.line] = tag
    texts = {row.line: row.texts for row in table.rows}
    parts = PlantParts(time_zone="UTC", sources={0: source}, equipment={}, streams={}, tags=read)
    for finding in find_tag_faults(parts):
        line, key = int(finding.path[1]), str(finding.path[-1])
        column = _COLUMN_OF.get(key, key)
        faults.append(_fault(line, column, texts[line].get(column, ""), finding.message, finding.remedy, table))
        read.pop(line, None)
    return list(read.values()), sorted(faults, key=lambda fault: fault.line)


def _read_row(row: Row, table: TagColumns, source: Source, faults: list[Fault]) -> TagDefinition | None:
    before = len(faults)
    states = tuple(part.strip() for part in re.split(r"[|/]", row.texts.get("states", "")) if part.strip())
    numbers = _numbers(row, table, faults)
    if states:
        numbers = {"low": 0.0, "high": max(1.0, len(states) - 1.0), "decimals": 0.0} | numbers
    for column in ("low", "high"):
        if column not in numbers and len(faults) == before:
            faults.append(_fault(row.line, column, "", "the range is missing", f"give the {column} end of it", table))
    if len(faults) > before:
        return None
    entry = {
        "name": row.texts.get("tag", ""),
        "description": row.texts.get("description") or row.texts.get("tag", ""),
        "range": (numbers["low"], numbers["high"]),
        "decimals": round(numbers.get("decimals", _decimals(numbers["high"] - numbers["low"]))),
        "limits": {limit: numbers[column] for column, limit in _LIMITS.items() if column in numbers},
        **{key: row.texts[key] for key in ("unit", "source_unit") if key in row.texts},
    }
    return _tag(entry, row, states, source, table, faults)


def _numbers(row: Row, table: TagColumns, faults: list[Fault]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for column in ("low", "high", *_LIMITS, "decimals"):
        text = row.texts.get(column)
        number = _number(text, table.decimal_comma) if text is not None else None
        if number is not None:
            numbers[column] = number
        elif text is not None:
            faults.append(_fault(row.line, column, text, "is no number", "write it like 12.5", table))
    return numbers


def _tag(
    entry: dict[str, Any], row: Row, states: tuple[str, ...], source: Source, table: TagColumns, faults: list[Fault]
) -> TagDefinition | None:
    try:
        sound = TagEntry.model_validate(entry)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False):
            column = _COLUMN_OF.get(str(found["loc"][0]), str(found["loc"][0]))
            remedy = _NAMING if column == "tag" else str(found["msg"]).lower()
            faults.append(_fault(row.line, column, row.texts.get(column, ""), "does not fit here", remedy, table))
        return None
    return TagDefinition(
        name=sound.name, description=sound.description, unit=sound.unit, low=sound.range[0], high=sound.range[1],
        decimals=sound.decimals, limits=Limits(**sound.limits.model_dump()), source=source.name,
        stale_after_s=0.0 if states else _STALE_S, address=row.texts.get("address", ""),
        source_unit=sound.source_unit, states=states,
    )  # fmt: skip


_ENDPOINT: Final = "opc.tcp://127.0.0.1:4840"
_LISTED: Final = 20
_NAMING: Final = "begin with a letter or digit and go on with letters, digits and . _ - /, at most 80"


def _fault(line: int, column: str, value: str, message: str, remedy: str, table: TagColumns) -> Fault:
    title = table.titles.get(column, column)
    return Fault(title, f"'{value}': {message}" if value and value not in message else message, remedy, line)


def _number(text: str, decimal_comma: bool) -> float | None:
    """The number that a text is; None where it is none. Where commas don't part the columns, one is a decimal point."""
    if decimal_comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _decimals(span: float) -> int:
    """Decimals with which a range as wide as `span` shows four figures."""
    return min(6, max(0, _FIGURES - 1 - math.floor(math.log10(span)))) if span > 0.0 else 2


def _notes(table: TagColumns, endpoint: str, server: bool) -> Iterator[str]:
    if server and not endpoint:
        yield f"The list names no server: put its address where it says {_ENDPOINT}."
    if not server:
        yield "No tag has an address, so all are pushed; to read a server, give each one its address."
    if table.passed_over:
        yield f"Columns not used: {', '.join(table.passed_over)}."
