"""The outcome of `atlas bench what-if`: what a question costs, as JSON and as a table."""

from dataclasses import asdict
from typing import Any

from rich.table import Table

from api.bench.machine import this_machine
from stream.bench.what_if_figures import WhatIfFigures


def as_dict(figures: WhatIfFigures) -> dict[str, Any]:
    """Ready for JSON, numbers rounded to what they are good for."""
    return {
        "ratio_to_simulator": round(figures.ratio_to_simulator, 3),
        "williams_otto_ms": round(figures.question_ms + figures.bands_ms, 1),
        "simulator_ms": round(figures.simulator_ms, 1),
        "steady_simulator_ms": round(figures.still_ms, 1),
        "forecast_ms": round(figures.question_ms, 1),
        "bands_ms": round(figures.bands_ms, 1),
        "members": figures.members,
        "machine": asdict(this_machine()),
    }


def as_table(figures: WhatIfFigures) -> Table:
    """What a person wants to see: each figure and its goal."""
    table = Table("8 h at 10 s output, 50 members", "measured", "goal", box=None, pad_edge=False, header_style="dim")
    table.add_row("the question with its bands", f"{figures.question_ms + figures.bands_ms:.0f} ms", "below 100 ms")
    table.add_row("  over the simulator's own runs", f"{figures.ratio_to_simulator:.2f}", "1.1 or less")
    table.add_row("the simulator's own runs", f"{figures.simulator_ms:.0f} ms", "")
    table.add_row("  where nothing drifts", f"{figures.still_ms:.0f} ms", "")
    return table
