"""`docs/reference/simulator-file.md` and the JSON Schema beside it, from the form of a simulator file."""

import json
from typing import Final

from generate.forms import tables

from twin.matrix.simulator_file import json_schema

_HEAD: Final = """# Simulator file

A simulator file says which simulator is a plant's process model, and where in it each variable of the plant stands.
[Bring your own simulator](../how-to/bring-your-own-simulator.md) goes through one for each kind. `atlas simulator check
FILE` tells all faults of one, each with its line and remedy.

[simulator-file.schema.json](simulator-file.schema.json) is the same as JSON Schema, from which editors complete and
check while you type. This page and the schema are written by `make docs` from `twin/matrix/simulator_file.py`.
"""

_SECTIONS: Final[tuple[tuple[str, str, str], ...]] = (
    ("The whole file", "", "Durations are written like 10 s, 15 min or 8 h."),
    (
        "Inputs, outputs and parameters",
        "VariableEntry",
        "An input and an output may be the same variable. Names of inputs and parameters are all different.",
    ),
    (
        "States",
        "StateEntry",
        "Only FMUs have states here. Those with `from` begin with that tag's value.",
    ),
    ("FMU", "FmuEntry", "For `simulator: fmu`."),
    ("COM", "ComEntry", "For `simulator: aspen-plus` and `hysys`, which run under Windows."),
    ("Run", "RunEntry", "For `simulator: gproms`, and whatever else reads a file and writes one."),
)


def schema() -> str:
    """The JSON Schema of a simulator file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def text() -> str:
    """The page."""
    return "\n".join([_HEAD, *tables(json_schema(), _SECTIONS)])
