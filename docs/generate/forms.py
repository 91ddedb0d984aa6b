"""Forms of files as tables, from their JSON Schema."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import fill
from typing import Any, Final

from generate.markdown import code, table

_MOST_WORDS: Final = 8
"""Choices that are listed in a table's cell; more are told elsewhere."""


def tables(whole: Mapping[str, Any], sections: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """A table for each form: title, name of the form in the schema (empty for the whole file), words about it."""
    for title, form, told in sections:
        entry = whole["$defs"][form] if form else whole
        rows = [_row(key, field, entry.get("required", ())) for key, field in entry["properties"].items()]
        yield f"## {title}\n\n{fill(told, 120)}\n\n{table(('key', 'form', 'default', 'meaning'), rows)}\n"


def _row(key: str, field: Mapping[str, Any], required: list[str]) -> tuple[str, str, str, str]:
    default = "required" if key in required else written(field.get("default"))
    return code(key), _form(field), default, str(field["description"])


def _form(field: Mapping[str, Any]) -> str:
    """The form of a value in plain words."""
    if "anyOf" in field:
        return " or ".join(_form(each) for each in field["anyOf"] if each.get("type") != "null")
    if len(field.get("enum", ())) > _MOST_WORDS:
        return "text"
    if "enum" in field or "const" in field:
        return ", ".join(code(str(each)) for each in field.get("enum", [field.get("const")]))
    if "prefixItems" in field:
        return "[number, number]"
    if "type" not in field or field["type"] == "object":
        return "mapping"
    if field["type"] == "array":
        return "list"
    if isinstance(field["type"], list):
        return "text or number"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(field["type"], field["type"])
    low, high = field.get("minimum"), field.get("maximum")
    return f"{words} {low:g} to {high:g}" if high is not None else f"{words} ≥ {low:g}" if low is not None else words


def written(default: object) -> str:
    """A default as a table's cell tells it."""
    if isinstance(default, bool):
        return code(str(default).lower())
    if isinstance(default, float | int):
        return code(f"{default:g}")
    return code(default) if isinstance(default, str) else ""
