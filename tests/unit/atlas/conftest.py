"""A small plant file, as text and as the tree that it is made of."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from ruamel.yaml import YAML

from twin.atlas.definition import DefinitionError, parse
from twin.atlas.plant import Plant

Tree = dict[str, Any]


def small_plant() -> Tree:
    return {
        "atlas": 1,
        "plant": "mill",
        "name": "Mill",
        "description": "A mill",
        "time_zone": "Europe/Berlin",
        "history_from": "2020-01-01",
        "scan": {"period_s": 1, "grace_s": 2, "silent_after_s": 10},
        "sources": [{"name": "opcua", "kind": "opcua", "endpoint": "opc.tcp://127.0.0.1:4840"}],
        "equipment": [
            {"id": "FEED", "type": "feed", "name": "Feed", "at": [60, 100]},
            {"id": "V-1", "type": "tank", "name": "Tank"},
            {"id": "OUT", "type": "product"},
        ],
        "streams": [
            {"name": "S-1", "from": "FEED", "to": "V-1.inlet", "description": "Feed"},
            {"name": "S-2", "from": "V-1.outlet", "to": "OUT"},
        ],
        "tags": [
            {
                "name": "TI-1.PV", "description": "Temperature", "unit": "degC", "range": [0, 100], "decimals": 1,
                "limits": {"low_low": 5, "low": 10, "high": 80, "high_high": 90, "deadband": 1},
                "equipment": "V-1", "address": "ns=2;s=TI-1", "source_unit": "K", "shown": True,
            },
            {"name": "FI-2.PV", "description": "Flow", "unit": "kg/s", "range": [0, 4], "address": "ns=2;s=FI-2"},
            {"name": "XS-3.MODE", "description": "Mode", "range": [0, 2], "states": ["MAN", "AUTO", "CAS"],
             "kind": "mode", "address": "ns=2;s=XS-3"},
            {"name": "TDI-4.PV", "description": "Excess", "unit": "delta_degC", "range": [-100, 100],
             "kind": "derived", "expression": "[TI-1.PV] - 20"},
        ],
    }  # fmt: skip


def as_text(tree: Any) -> str:
    """The tree as YAML; what the tree repeats is written out, not aliased."""
    stream = StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False  # in flow style it writes '?x' without quotes, which no reader takes
    writer.representer.ignore_aliases = lambda _: True
    writer.dump(tree, stream)
    return stream.getvalue()


def faults_of(text: str) -> dict[str, str]:
    """Message and remedy by path; nothing where the text is sound."""
    try:
        parse(text, filename="mill.yaml")
    except DefinitionError as error:
        return {fault.path: f"{fault.message}; {fault.remedy}" for fault in error.faults}
    return {}


@pytest.fixture
def tree() -> Tree:
    return small_plant()


@pytest.fixture
def faults() -> Callable[[Any], dict[str, str]]:
    """The faults of a tree, or of a text as it is."""
    return lambda given: faults_of(given if isinstance(given, str) else as_text(given))


@pytest.fixture
def sound_text(tree: Tree) -> str:
    return as_text(tree)


@pytest.fixture
def plant_of() -> Callable[[Any], Plant]:
    """The plant that a tree describes."""
    return lambda tree: parse(as_text(tree))
