"""What differs between two revisions of a plant: items added and removed, and fields changed, before and after."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, Final, Literal

from twin.atlas.quantities import Quantity

Told = str | float | bool | None
"""A value as a person or JSON takes it; a quantity or a list is a text."""

_KEYS: Final = ("id", "name", "item")
_MARKS: Final = {"added": "+", "removed": "-", "changed": "~"}
_ABSENT: Final = "nothing"


@dataclass(frozen=True)
class Change:
    """One change.

    Parameters
    ----------
    kind
        `added` or `removed` of a whole item, `changed` of a field.
    section
        Which part of the plant: `tags`, `streams`, …; `plant` for what the plant says of itself.
    item
        Id or name of the item; empty for what the plant says of itself.
    field
        Path of the field within the item, like `limits.high`; empty where the whole item came or went.
    before, after
        Its value; None where there was or is none.
    """

    kind: Literal["added", "removed", "changed"]
    section: str
    item: str
    field: str = ""
    before: Told = None
    after: Told = None

    def __str__(self) -> str:
        what = f"{_MARKS[self.kind]} {self.section} {self.item}".rstrip()
        if self.kind != "changed":
            return what
        was, now = (_ABSENT if value in (None, "") else str(value) for value in (self.before, self.after))
        return f"{what} {self.field}: {was} -> {now}"


@dataclass(frozen=True)
class Difference:
    """All changes, in the order of the plant's sections and, within each, of its items."""

    changes: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both are the same."""
        return not self.changes

    def of(self, kind: str, section: str | None = None) -> tuple[Change, ...]:
        """The changes of one kind, perhaps in one section only."""
        return tuple(one for one in self.changes if one.kind == kind and section in (None, one.section))

    def lines(self) -> list[str]:
        """One line a change: `+ equipment P-102`, `~ tags TIC-101.PV limits.high: 96 -> 98`."""
        return [str(change) for change in self.changes]


def compare(before: Any, after: Any) -> Difference:
    """What differs from one plant to another, or between two of whatever else is made of frozen dataclasses.

    A part that is a sequence of things with an id or name is a section, and its items are matched by that, wherever it
    stands; the rest is told as the plant's own fields. Items in another order are a change of the section's `order`.
    Quantities that measure the same in different units don't differ.
    """
    return Difference(tuple(_compared(before, after, "")))


def _compared(before: Any, after: Any, path: str) -> Iterator[Change]:
    for field in fields(before):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if not field.compare or old == new:
            continue
        inside = f"{path}.{field.name}" if path else field.name
        if _is_section(old) and _is_section(new):
            yield from _section(field.name, _keyed(old), _keyed(new))
        elif is_dataclass(old) and type(old) is type(new):
            yield from _compared(old, new, inside)
        else:
            yield from _fields("plant", "", _flat(old, inside), _flat(new, inside))


def _is_section(value: object) -> bool:
    return isinstance(value, tuple) and all(_key(item) is not None for item in value)


def _key(item: object) -> str | None:
    if not is_dataclass(item):
        return None
    name = next((str(getattr(item, key)) for key in _KEYS if hasattr(item, key)), None)
    since = getattr(item, "since", None)  # An item has a price for each time.
    return name if name is None or since is None else f"{name} from {_told(since)}"


def _keyed(items: Iterable[object]) -> dict[str, object]:
    return {str(_key(item)): item for item in items}


def _section(section: str, old: dict[str, object], new: dict[str, object]) -> Iterator[Change]:
    yield from (Change("removed", section, name) for name in old if name not in new)
    for name, item in new.items():
        if name not in old:
            yield Change("added", section, name)
        elif item != old[name]:
            yield from _fields(section, name, _flat(old[name]), _flat(item))
    kept_old, kept_new = [name for name in old if name in new], [name for name in new if name in old]
    if kept_old != kept_new:
        yield Change("changed", section, "", "order", ", ".join(kept_old), ", ".join(kept_new))


def _fields(section: str, item: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for path in dict.fromkeys([*old, *new]):
        if old.get(path) != new.get(path):
            yield Change("changed", section, item, path, _told(old.get(path)), _told(new.get(path)))


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """Values by their path; what has fields, keys or named items of its own is opened up."""
    inside: Iterable[tuple[str, Any]]
    if isinstance(value, Quantity) or (path and _is_row(value)):
        return {path: value}
    if names := _field_names(value):
        inside = ((name, getattr(value, name)) for name in names)
    elif isinstance(value, Mapping):
        inside = ((str(key), item) for key, item in value.items())
    elif value and _is_section(value):
        inside = _keyed(value).items()
    else:
        return {path: value}
    return {
        deeper: found
        for name, item in inside
        for deeper, found in _flat(item, f"{path}.{name}" if path else name).items()
    }


def _field_names(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return ()
    if is_dataclass(value):
        return tuple(field.name for field in fields(value) if field.compare)
    return tuple(getattr(value, "__struct_fields__", ()))  # What also travels, such as limits, is a msgspec.Struct.


def _is_row(value: object) -> bool:
    """Rows of our own tables, like types of equipment, are told by name: a plant file doesn't change their content."""
    return is_dataclass(value) and hasattr(value, "kind") and isinstance(value.kind, type)


def _told(value: Any) -> Told:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list | frozenset | set):
        return ", ".join(str(_told(item)) for item in value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum) or _is_row(value):
        return str(value.name)
    return str(value)
