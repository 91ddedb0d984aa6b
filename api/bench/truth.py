"""The outcome of `atlas bench truth`: how near to the truth forecasts come, as JSON and as tables."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any, Final

from rich.console import Group
from rich.table import Table

from api.bench.machine import Machine, this_machine
from stream.bench.truth_fleet import Surprises
from stream.bench.truth_judge import OutputFigures
from stream.bench.truth_plants import (
    ANALYSED,
    EASTMAN_JUDGED,
    POOLED,
    Tried,
    TruthPlan,
    try_tennessee_eastman,
    try_williams_otto,
)
from stream.bench.truth_trial import MONEY

_HOUR_S: Final = 3600
_EIGHT_HOURS_S: Final = 8 * _HOUR_S


@dataclass(frozen=True)
class TruthResult:
    """What was found of each kind of plant; None where it was left out."""

    plan: TruthPlan
    williams_otto: Tried | None
    tennessee_eastman: Tried | None
    machine: Machine

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON: the main figures, then all of them by plant."""
        return {**self._main(), **self._tables(), "plan": asdict(self.plan), "machine": asdict(self.machine)}

    def _main(self) -> dict[str, float]:
        main: dict[str, float] = {}
        if self.williams_otto is not None:
            figures = self.williams_otto.figures
            names = (*ANALYSED, MONEY)
            main["williams_otto_gain_1h"] = round(figures.smallest_gain(names, _HOUR_S), 2)
            main["williams_otto_gain_8h"] = round(figures.smallest_gain(names, _EIGHT_HOURS_S), 2)
            main["band_coverage_pct"] = round(figures.pooled_coverage(POOLED, (_HOUR_S, _EIGHT_HOURS_S)), 1)
        if self.tennessee_eastman is not None:
            tried = self.tennessee_eastman
            coverage = tried.figures.pooled_coverage(tuple(EASTMAN_JUDGED), tried.horizons_s)
            main["tennessee_eastman_band_coverage_pct"] = round(coverage, 1)
        return main

    def _tables(self) -> dict[str, Any]:
        pairs = (("williams_otto", self.williams_otto), ("tennessee_eastman", self.tennessee_eastman))
        return {name: tried.figures.as_dict() for name, tried in pairs if tried is not None}


def run_truth(
    plan: TruthPlan, williams_otto: Surprises, tennessee_eastman: Surprises, say: Callable[[str], None]
) -> TruthResult:
    """Try both kinds of plants; what they do unseen is given by whoever knows the simulated plants."""
    return TruthResult(
        plan,
        try_williams_otto(williams_otto, plan, say) if plan.williams_otto else None,
        try_tennessee_eastman(tennessee_eastman, plan, say) if plan.tennessee_eastman else None,
        this_machine(),
    )


def write_calibrations(result: TruthResult, folder: Path) -> Iterator[Path]:
    """Write what the bands learned, a file a plant as the distribution ships it; gives the files."""
    for tried in (result.williams_otto, result.tennessee_eastman):
        if tried is not None:
            path = folder / f"{tried.learned.plant}.bands.json"
            path.write_text(json.dumps(tried.learned.to_json(), indent=1) + "\n", encoding="utf-8")
            yield path


def as_tables(result: TruthResult) -> Group:
    """What a person wants to see: errors of forecasts at each horizon, and how well the estimates follow."""
    parts: list[Table] = []
    for title, tried in (("Williams-Otto", result.williams_otto), ("Tennessee Eastman", result.tennessee_eastman)):
        if tried is not None:
            parts += [_forecasts(title, tried.figures.figures), _filtered(title, tried)]
    return Group(*parts)


def _forecasts(title: str, figures: Sequence[OutputFigures]) -> Table:
    columns = (
        "output",
        "h",
        "twin",
        "uncorrected",
        "stays as it is",
        "times nearer",
        "median",
        "band held",
        "own band",
    )
    table = Table(*columns, box=None, pad_edge=False, header_style="dim")
    table.title, table.title_justify = f"{title}: errors of forecasts, % of range", "left"
    for one in figures:
        errors = (f"{one.errors[rival]:.2f}" for rival in ("twin", "uncorrected", "persistence"))
        held = (f"{share:.0f} %" for share in (one.held, one.raw_held))
        hours = f"{one.horizon_s / _HOUR_S:g}"
        table.add_row(one.name, hours, *errors, f"{one.gain:.1f}", f"{one.medians['twin']:.2f}", *held)
    return table


def _filtered(title: str, tried: Tried) -> Table:
    table = Table("output", "estimate", "uncorrected", "times nearer", box=None, pad_edge=False, header_style="dim")
    table.title, table.title_justify = f"{title}: errors of estimates, % of range", "left"
    for name, (own, alone) in tried.figures.filtered.items():
        told = ("", "") if isnan(alone) else (f"{alone:.2f}", f"{alone / own:.1f}")
        table.add_row(name, f"{own:.3f}", *told)
    return table
