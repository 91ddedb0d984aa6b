"""`docs/reference/plant-file.md` and the JSON Schema beside it, from the form of a plant file."""

import json
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any, Final

import msgspec
from generate.markdown import code, table

from connectors.opcua.options import OpcUaOptions
from twin.atlas.equipment import EQUIPMENT_TYPES
from twin.atlas.expressions import FUNCTIONS
from twin.atlas.plant_file import json_schema

_HEAD: Final = """# Plant file

A plant is one YAML file. [Run your own plant](../how-to/run-your-own-plant.md) shows how to write one, and
`atlas plant check FILE` tells all faults of one, each with its line and remedy. Unknown keys are faults.

[plant-file.schema.json](plant-file.schema.json) is the same as JSON Schema, from which editors complete and check while
you type. A first line like this one names it to them:

    # yaml-language-server: $schema=docs/reference/plant-file.schema.json

This page and the schema are written by `make docs` from `twin/atlas/plant_file.py`.
"""

_SECTIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("The whole file", "", "Times with `_s` are seconds. Dates without a zone mean UTC."),
    ("Scan", "ScanEntry", "The twin reads all tags of a plant at once, at the times of this grid."),
    ("Sources", "SourceEntry", "Where readings come from; at least one."),
    ("Equipment", "EquipmentEntry", "What the process graphic draws. Without `at` a place is computed."),
    (
        "Streams",
        "StreamEntry",
        "What flows between ports. A port may be left out where only one fits; each port takes one stream unless the"
        " table of types says more, and a required port must be joined.",
    ),
    (
        "Tags",
        "TagEntry",
        "At least one. `stale_after_s` is 10 for a measured tag that is no enumeration and 0 for every other, unless"
        " you say otherwise. A tag with `expression` is `kind: derived` and has neither `source` nor `address`.",
    ),
    ("Limits", "LimitsEntry", "All in the tag's unit, within its range and in this order."),
)

_OPTIONS: Final[dict[str, str]] = {
    "publishing_ms": "time between two notifications, ms",
    "sampling_ms": "time between two samples at the server, ms; -1 is the publishing interval, 0 as fast as it can",
    "queue_size": "values of a tag that the server keeps while the line is down",
    "keepalive_s": "silence after which the server says that it lives, s",
    "lifetime_s": "how long the subscription outlives its client, s",
    "session_timeout_s": "how long the session outlives its client, s",
    "requests_waiting": "publish requests that lie at the server at once",
    "items_per_call": "tags that are subscribed in one call; the server's own limit wins where it is lower",
    "timeout_s": "how long an answer may take, s",
    "retry_nodes_s": "how often an address that the server did not know is tried again, s",
    "history_hours": "how far history is read back at the first start, hours",
    "overlap_s": "what is read again before the last known reading, s",
    "history_values": "values of a tag that are asked for at a time",
    "history_tags": "tags whose history is asked for at a time",
    "security": "`none`, `Basic256Sha256`, `Aes128Sha256RsaOaep` or `Aes256Sha256RsaPss`; unset: none on this machine,"
    " Basic256Sha256 elsewhere",
    "mode": "`Sign` or `SignAndEncrypt`",
    "certificate": "file of our certificate, PEM where it ends in `.pem`, else DER; one is made if unset",
    "private_key": "file of its key, likewise",
    "trusted": "folder of the server certificates that are trusted",
    "username": "name to sign in with; anonymous if unset",
    "password_file": "file of the password",
    "user_certificate": "file of a certificate to sign in with",
    "user_private_key": "file of its key, likewise",
}

_TAIL: Final = """
## Units

A unit is written as on a data sheet: `degC`, `m3/h`, `kPa(g)`, `mol%`, `1/min`, `USD/h`. `(g)` counts from the standard
atmosphere, 101.325 kPa. `source_unit` must measure the same thing as `unit`. A difference of temperatures is
`delta_degC`.

## Expressions

A derived tag is computed at each scan from other tags, whose names stand in brackets: `[TI-1.PV] - [TI-2.PV]`. It may
use {functions}, `+ - * / **`, comparisons (1 or 0), `and`, `or`, `not` and `a if condition else b`. Its quality is the
worst among its inputs; what has no finite value is bad. Derived tags may use one another, not in a circle.
"""


def schema() -> str:
    """The JSON Schema of a plant file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def text() -> str:
    """The page."""
    return "\n".join([_HEAD, *_forms(), *_equipment_types(), *_opcua_options()]) + _TAIL.format(
        functions=", ".join(map(code, FUNCTIONS))
    )


def _forms() -> Iterator[str]:
    whole = json_schema()
    for title, form, told in _SECTIONS:
        entry = whole["$defs"][form] if form else whole
        rows = [_row(key, field, entry.get("required", ())) for key, field in entry["properties"].items()]
        yield f"## {title}\n\n{fill(told, 120)}\n\n{table(('key', 'form', 'default', 'meaning'), rows)}\n"


def _row(key: str, field: Mapping[str, Any], required: list[str]) -> tuple[str, str, str, str]:
    default = "required" if key in required else _written(field.get("default"))
    return code(key), _form(field), default, str(field["description"])


def _form(field: Mapping[str, Any]) -> str:
    """The form of a value in plain words."""
    if "anyOf" in field:
        return " or ".join(_form(each) for each in field["anyOf"] if each.get("type") != "null")
    if "enum" in field or "const" in field:
        return ", ".join(code(str(each)) for each in field.get("enum", [field.get("const")]))
    if "prefixItems" in field:
        return "[number, number]"
    if "$ref" in field or field["type"] == "object":
        return "mapping"
    if field["type"] == "array":
        return "list"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(field["type"], field["type"])
    low, high = field.get("minimum"), field.get("maximum")
    return f"{words} {low:g} to {high:g}" if high is not None else f"{words} ≥ {low:g}" if low is not None else words


def _written(default: object) -> str:
    if isinstance(default, bool):
        return code(str(default).lower())
    if isinstance(default, float | int):
        return code(f"{default:g}")
    return code(default) if isinstance(default, str) else ""


def _equipment_types() -> Iterator[str]:
    rows = [
        (code(kind.name), kind.description, ", ".join(_port(port.name, port.required, port.many) for port in ports))
        for kind in EQUIPMENT_TYPES.values()
        for ports in [[port for port in kind.ports if port.carries == "material"]]
    ]
    yield "## Equipment types\n\n**Bold** ports are required; several streams may meet at a port marked +.\n"
    yield table(("type", "what it is", "ports for material"), rows) + "\n"


def _port(name: str, required: bool, many: bool) -> str:
    shown = f"{code(name)}{'+' if many else ''}"
    return f"**{shown}**" if required else shown


def _opcua_options() -> Iterator[str]:
    defaults = msgspec.to_builtins(OpcUaOptions())
    if set(defaults) != set(_OPTIONS):
        raise LookupError(f"describe these options of an OPC UA source: {set(defaults) ^ set(_OPTIONS)}")
    rows = [(code(name), _written(default), _OPTIONS[name]) for name, default in defaults.items()]
    yield "## Options of an OPC UA source\n\nUnder `options:` of a source of `kind: opcua`.\n"
    yield table(("option", "default", "meaning"), rows) + "\n"
