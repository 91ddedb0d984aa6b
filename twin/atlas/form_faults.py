"""What pydantic says against an entry, in the words of plant files: unknown and missing keys, values that don't fit."""

from typing import Any

from pydantic import ValidationError

from twin.atlas.entry import Entry
from twin.atlas.faults import Finding, Path, did_you_mean


def form_findings(error: ValidationError, form: type[Entry], at: Path = ()) -> list[Finding]:
    """Every fault of an entry at a path that pydantic found."""
    findings = []
    for fault in error.errors(include_url=False, include_context=False):
        location = tuple(part for part in fault["loc"] if not _is_branch(part))
        message, remedy = _words(fault, location, form)
        findings.append(Finding((*at, *location), message, remedy))
    return findings


def _is_branch(part: str | int) -> bool:
    """Whether a part of pydantic's location names a branch of a union instead of a key."""
    return isinstance(part, str) and (part in ("bool", "str", "int", "float") or part.startswith(("tuple[", "constr")))


def _words(fault: Any, location: Path, form: type[Entry]) -> tuple[str, str]:
    key = str(location[-1]) if location else "the entry"
    if fault["type"] == "extra_forbidden":
        known = _keys(form, location[:-1])
        return f"unknown key '{key}'", did_you_mean(key, known, f"leave it out, or use one of {', '.join(known)}")
    if fault["type"] == "missing":
        return f"'{key}' is missing", f"add '{key}:'"
    shown = repr(fault.get("input"))
    return f"{shown[:60]} does not fit here", str(fault["msg"])[:1].lower() + str(fault["msg"])[1:]


def _keys(form: type[Entry], inside: Path) -> list[str]:
    """The keys that a form knows, or those of the entry that stands in it at a path."""
    for key in inside:
        info = next((info for name, info in form.model_fields.items() if key in (info.alias, name)), None)
        form = (_entry_in(info.annotation) if info is not None else None) or form
    return [info.alias or name for name, info in form.model_fields.items()]


def _entry_in(annotation: Any) -> type[Entry] | None:
    """The form among the parts of a type such as `tuple[UnitEntry, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _entry_in(part))), None)
