"""`docs/reference/plant-file.md` and the JSON Schema beside it, from the form of a plant file."""

import json
from collections.abc import Iterator
from textwrap import fill
from typing import Final

import msgspec
from generate.forms import tables, written
from generate.markdown import code, table

from connectors.opcua.options import OpcUaOptions
from twin.atlas.equipment import EQUIPMENT_TYPES, Equipment, EquipmentType, ParameterField
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
    ("Location", "LocationEntry", "The upper levels of ISA-95; the areas below it are the plant's."),
    ("Areas", "AreaEntry", "How the plant is divided; equipment names its area, and its unit if the area has any."),
    (
        "Compounds",
        "CompoundEntry",
        "Give `cas` for a real compound, `formula` for one that is looked up nowhere, `molar_mass` alone for one that"
        " stands for several.",
    ),
    ("Reactions", "ReactionEntry", "Elements, or masses where formulas are missing, must balance."),
    ("Kinetics", "KineticsEntry", "Orders are those of the equation, unless you say otherwise."),
    ("Way back", "ReverseEntry", "Under `reverse:` of the kinetics of a reversible reaction."),
    (
        "Equipment",
        "EquipmentEntry",
        "What the process graphic draws. Without `at` a place is computed. Each type below knows its ports and design"
        " data. Instruments and controllers are equipment too: they say what they measure, and a controller's output"
        " leads to an actuator, such as the stem of a control valve, or to another controller's setpoint.",
    ),
    (
        "Streams",
        "StreamEntry",
        "What flows between ports. A port may be left out where only one fits; each port takes one stream unless the"
        " table of types says more, and a required port must be joined. Every feed reaches a product, and material ends"
        " nowhere but in products and analysers; closed circuits, such as cooling water, may go round.",
    ),
    ("Prices", "PriceEntry", "The first price book; later ones are given while the plant runs."),
    ("Policies", "PolicyEntry", "What holds for a piece of equipment in some of its operating modes."),
    ("Limits of a policy", "PolicyLimitsEntry", "By tag, in place of the tag's own."),
    ("Changes", "AllowedEntry", "By tag: how far it may be changed."),
    ("Triggers", "TriggerEntry", "What calls for a simulation or an optimisation."),
    ("Conditions", "ConditionEntry", "One threshold on a tag, or several conditions of which all or any must hold."),
    (
        "Model",
        "ModelEntry",
        "The process model that answers what-if questions. Numbers under it may carry a unit; without one they are in"
        " the unit that the model declares.",
    ),
    (
        "Estimate",
        "EstimateEntry",
        "States and parameters that nobody measures, estimated by an ensemble of the model beside the live plant.",
    ),
    ("Unknowns", "UnknownEntry", "Give a spread, a walk, or both."),
    ("Instruments", "InstrumentEntry", "The more exact a tag is said to be, the harder it pulls."),
    ("Economics", "EconomicsEntry", "What an hour brings and costs, at the prices of the price book."),
    (
        "Money lines",
        "MoneyLineEntry",
        "Expressions may name every tag that is not computed here; each is taken in the tag's unit.",
    ),
    (
        "Optimise",
        "OptimisationEntry",
        "What may be set to do better; advice only, nothing is written to a plant.",
    ),
    ("Goal", "GoalEntry", "Profit is what the economics tell, at the prices of the moment that is asked about."),
    ("Adjustable", "AdjustableEntry", "Settings whose best values are looked for."),
    ("Bounds", "BoundEntry", "Give low, high, or both."),
    (
        "Tags",
        "TagEntry",
        "At least one. `stale_after_s` is 10 for a measured tag that is no enumeration and 0 for every other, unless"
        " you say otherwise. A tag with `expression` or `estimate` is `kind: derived` and has neither `source` nor"
        " `address`.",
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
    return "\n".join([_HEAD, *tables(json_schema(), _SECTIONS), *_equipment_types(), *_opcua_options()]) + _TAIL.format(
        functions=", ".join(map(code, FUNCTIONS))
    )


def _equipment_types() -> Iterator[str]:
    rows = [
        (code(kind.name), kind.description, _ports(kind, "material"), _ports(kind, "energy", "signal"))
        for kind in EQUIPMENT_TYPES.values()
    ]
    yield "## Equipment types\n\n**Bold** ports are required; several streams may meet at a port marked +.\n"
    yield table(("type", "what it is", "ports for material", "ports for energy and signals"), rows) + "\n"
    common = ", ".join(f"{code(field.name)} ({_unit(field.unit)})" for field in Equipment.design_fields)
    told = f"With a unit, such as `2.1 m3`; any unit of the kind will do. Values are above zero. All but boundaries, \
instruments and controllers know {common} too."
    yield f"### Design data\n\n{fill(told, 120)}\n"
    rows = [
        (code(kind.name), ", ".join(f"{code(field.name)} ({_unit(field.unit)})" for field in _own_fields(kind)))
        for kind in EQUIPMENT_TYPES.values()
        if _own_fields(kind)
    ]
    yield table(("type", "design data with their usual unit"), rows) + "\n"


def _unit(unit: str | None) -> str:
    return "text" if unit is None else unit or "number"


def _own_fields(kind: EquipmentType) -> list[ParameterField]:
    return [field for field in kind.design_fields if field not in Equipment.design_fields]


def _ports(kind: EquipmentType, *carries: str) -> str:
    return ", ".join(_port(port.name, port.required, port.many) for port in kind.ports if port.carries in carries)


def _port(name: str, required: bool, many: bool) -> str:
    shown = f"{code(name)}{'+' if many else ''}"
    return f"**{shown}**" if required else shown


def _opcua_options() -> Iterator[str]:
    defaults = msgspec.to_builtins(OpcUaOptions())
    if set(defaults) != set(_OPTIONS):
        raise LookupError(f"describe these options of an OPC UA source: {set(defaults) ^ set(_OPTIONS)}")
    rows = [(code(name), written(default), _OPTIONS[name]) for name, default in defaults.items()]
    yield "## Options of an OPC UA source\n\nUnder `options:` of a source of `kind: opcua`.\n"
    yield table(("option", "default", "meaning"), rows) + "\n"
