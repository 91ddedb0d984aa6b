"""`docs/reference/portfolio-file.md` and the JSON Schema beside it, from the form of a portfolio file."""

import json
from typing import Final

from generate.forms import tables

from twin.atlas.portfolio_file import json_schema

_HEAD: Final = """# Portfolio file

A portfolio tells which plants work together: where they stand, what they hand over, which utilities they share, and
what they buy and sell. It is one YAML file. `atlas portfolio check FILE` tells all faults of one, each with its line
and remedy; `atlas portfolio store FILE` puts it in force, and the dashboard then has its page. The demo's is
`twin/plants/demo-portfolio.yaml`.

[portfolio-file.schema.json](portfolio-file.schema.json) is the same as JSON Schema, from which editors complete and
check while you type. This page and the schema are written by `make docs` from `twin/atlas/portfolio_file.py`.
"""

_SECTIONS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "The whole file",
        "",
        "Quantities are numbers with a unit of something that flows: mass, volume, standard volume or amount in a time,"
        " or power. Names of plants, utilities, transfers, contracts and partners are all different.",
    ),
    ("Facilities", "FacilityEntry", "Each plant stands at one facility."),
    (
        "Transfers",
        "TransferEntry",
        "From a product of one plant to a feed of another, or from an energy-demand to an energy-supply. A tag that"
        " measures it may have another unit of the same kind.",
    ),
    ("Utilities", "UtilityEntry", "At least one provider; all quantities of a utility are of one kind."),
    ("Providers", "SupplyEntry", "Either a plant of the portfolio, with `at:`, or someone outside, with `name:`."),
    ("Consumers", "UseEntry", "Where no tag measures a use, screens count the load by design."),
    (
        "Contracts",
        "ContractEntry",
        "One contract may serve several plants. What is sold leaves at a product, what is bought comes in at a feed, or"
        " at a utility.",
    ),
)


def schema() -> str:
    """The JSON Schema of a portfolio file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def text() -> str:
    """The page."""
    return "\n".join([_HEAD, *tables(json_schema(), _SECTIONS)])
