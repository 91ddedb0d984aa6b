"""The outcome of `atlas bench searches`: the runs each search needs, as JSON and as a table."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from api.bench.machine import this_machine
from stream.bench.search_figures import SearchFigures


def as_dict(figures: Sequence[SearchFigures]) -> dict[str, Any]:
    """Ready for JSON; null for a search with a seed that did not get there."""
    searches = {
        one.key: {"why_not": one.why_not}
        if one.why_not
        else {"runs_needed": list(one.needed), "budget": one.budget, "profit_per_s": round(one.profit_per_s, 6)}
        for one in figures
    }
    return {"searches": searches, "machine": asdict(this_machine())}


def as_table(figures: Sequence[SearchFigures]) -> Table:
    """What a person wants to see: each search, and how many runs it needed with each seed."""
    table = Table("search", "runs needed", "given up after", "best, $/s", box=None, pad_edge=False, header_style="dim")
    for one in figures:
        if one.why_not:
            table.add_row(one.key, one.why_not, "", "")
            continue
        needed = ", ".join("not reached" if runs is None else str(runs) for runs in one.needed)
        table.add_row(one.method, needed, str(one.budget), f"{one.profit_per_s:.4f}")
    return table
