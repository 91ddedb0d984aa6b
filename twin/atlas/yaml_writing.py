"""Plain values as YAML, as plant files are written: one line an entry, or one line a key where entries are long."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_LONG: Final = frozenset({"sources", "policies", "tags"})
"""Sections whose entries take a line a key."""

_WIDEST: Final = 100
"""Characters of a mapping that stands on one line, as long as it is no entry of a list."""

_BARE: Final = re.compile(
    r"[A-Za-z(](?: |:(?=[\w/.;=])|[\w.()/%+*^<>;=\-])*(?<! )"
    r"|[-+]?\d[\d.]*([eE][-+]?\d+)? [A-Za-z%(°][\w.()/%*^ \-]*(?<! )"
)
"""Texts that mean themselves without quotes, in a flow as well: words, and numbers with a unit."""

_TAKEN: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
"""Words that one or another version of YAML takes for something else."""


def write_sections(content: Mapping[str, Any]) -> str:
    """The text of a file: short keys first come together, sections stand apart."""
    blocks = [section(key, value) for key, value in content.items()]
    return "".join(f"\n{block}" if block.count("\n") > 1 else block for block in blocks)


def section(key: str, value: Any) -> str:
    """A key of a file's top level with its value, ending in a new line."""
    if isinstance(value, Mapping) and len(flow(value)) > _WIDEST:
        return "\n".join(_block(key, value, "")) + "\n"
    if not (isinstance(value, list) and value and isinstance(value[0], Mapping)):
        return f"{flow(key)}: {flow(value)}\n"
    return "\n".join([f"{flow(key)}:", *(line for entry in value for line in _entry(entry, key in _LONG))]) + "\n"


def _block(key: str, value: Any, indent: str) -> Iterator[str]:
    """A key with a value of many parts, each on lines of its own."""
    inner = f"{indent}  "
    if len(flow(value)) <= _WIDEST or not isinstance(value, Mapping | list):
        yield f"{indent}{flow(key)}: {flow(value)}"
        return
    yield f"{indent}{flow(key)}:"
    if isinstance(value, list):
        yield from (f"{inner}- {flow(each)}" for each in value)
    else:
        for name, each in value.items():
            yield from _block(name, each, inner)


def _entry(entry: Mapping[str, Any], is_long: bool) -> Iterator[str]:
    if not is_long:
        yield f"  - {flow(entry)}"
        return
    for number, line in enumerate(lines(entry)):
        yield f"{'    ' if number else '  - '}{line}"


def lines(entry: Mapping[str, Any]) -> list[str]:
    """An entry with a line a key."""
    return [f"{flow(key)}: {flow(value)}" for key, value in entry.items()]


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(lines(value))}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str):
        is_bare = _BARE.fullmatch(value) and value.lower() not in _TAKEN
        return value if is_bare else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if "." in text else text.replace("e", ".0e")  # YAML 1.1 knows no number like 1e-07
