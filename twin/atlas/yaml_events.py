"""YAML read fast, by libyaml's events: a plant of 100,000 tags in seconds, where the exact reader takes minutes.

What means the same to both readers is read here; whatever might not (tags, anchors, merges, directives, several
documents, folded text, faults of any kind) is left to the exact one, which also keeps comments.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

Lines = dict[str | int, "tuple[int, Lines | None]"]
"""By key or index: the line where it stands, from 1, and the lines of what it holds, None for a plain value."""

_NO_STRING: Final = frozenset("-+.0123456789<=~")
"""What a plain text that is no string may begin with, besides the words below (YAML 1.2, 10.3.2)."""
_WORDS: Final = frozenset({"", "true", "false", "null"})
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL: Final = re.compile(r"-?(0|[1-9]\d{0,17})\.\d{1,17}")
# The last: a comment hard upon a block's sign, which libyaml takes and the exact reader refuses.
_UNUSUAL: Final = re.compile("[\t\x85\u2028\u2029]|[|>][-+0-9]*#")
_READER: Final[Any] = getattr(yaml, "CLoader", None)
_Events = Iterator[Any]
"""PyYAML's events; which attributes one has depends on its kind."""


class _UnusualError(Exception):
    """Something that is left to the exact reader."""


def fast_plain(text: str) -> dict[str, Any] | None:
    """The text's values as plain Python ones, or None where the exact reader must read it."""
    if _READER is None or _UNUSUAL.search(text):
        return None
    try:
        events = yaml.parse(text, Loader=_READER)
        value = _value(events, _first(events))
        _last(events)
    except (yaml.YAMLError, _UnusualError, RecursionError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def fast_lines(text: str) -> Lines:
    """Lines of a text that `fast_plain` has read."""
    events = yaml.parse(text, Loader=_READER)
    return _lines(events, _first(events)) or {}


def _first(events: _Events) -> Any:
    next(events)
    start = next(events)
    if not isinstance(start, yaml.DocumentStartEvent) or start.version or start.tags:
        raise _UnusualError
    return next(events)


def _last(events: _Events) -> None:
    next(events)
    if not isinstance(next(events), yaml.StreamEndEvent):
        raise _UnusualError


def _value(events: _Events, event: Any) -> Any:
    kind = type(event)
    if kind is yaml.AliasEvent or event.anchor is not None or event.tag is not None:
        raise _UnusualError
    if kind is yaml.ScalarEvent:
        return _scalar(event)
    if kind is yaml.SequenceStartEvent:
        items = []
        while type(event := next(events)) is not yaml.SequenceEndEvent:
            items.append(_value(events, event))
        return items
    values: dict[str, Any] = {}
    while type(event := next(events)) is not yaml.MappingEndEvent:
        key = _key(event)
        if key in values:
            raise _UnusualError
        values[key] = _value(events, next(events))
    return values


def _key(event: Any) -> str:
    if type(event) is not yaml.ScalarEvent or event.anchor is not None or event.tag is not None:
        raise _UnusualError
    key = _scalar(event)
    if not isinstance(key, str):
        raise _UnusualError
    return key


def _scalar(event: Any) -> Any:
    if not event.style:
        return _plain(event.value)
    if event.style == ">":
        raise _UnusualError
    return event.value


def _plain(text: str) -> Any:
    if text and text[0] not in _NO_STRING and text.lower() not in _WORDS:
        return text
    return _typed(text)


@lru_cache(maxsize=65_536)
def _typed(text: str) -> Any:
    """A plain text as the exact reader understands it."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    exact = YAML(typ="rt", pure=True)
    tag = str(exact.resolver.resolve(ScalarNode, text, (True, False))).rpartition(":")[2]
    if tag == "str":
        return text
    if tag not in ("int", "float", "bool", "null", "timestamp"):
        raise _UnusualError
    value = exact.load(text)
    return next((kind(value) for kind in (bool, int, float) if isinstance(value, kind)), value)


def _lines(events: _Events, event: Any) -> Lines | None:
    if type(event) is yaml.ScalarEvent:
        return None
    lines: Lines = {}
    if type(event) is yaml.SequenceStartEvent:
        while type(event := next(events)) is not yaml.SequenceEndEvent:
            lines[len(lines)] = event.start_mark.line + 1, _lines(events, event)
        return lines
    while type(event := next(events)) is not yaml.MappingEndEvent:
        lines[_key(event)] = event.start_mark.line + 1, _lines(events, next(events))
    return lines
