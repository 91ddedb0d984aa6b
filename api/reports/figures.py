"""Which figures a report and a comparison show."""

from collections.abc import Sequence

from api.reports.plot import Figure, Kind, Line
from stream.jobs.report import Curve, Economics, Output, Report

NO_CHANGE = "no change"


def output_figure(report: Report, output: Output) -> Figure:
    """One output with and without the change, the learnt model's answer, and where the change crosses its limits."""
    lines = [_line("base", NO_CHANGE, report, output.base, banded=False)]
    lines.append(_line("change", "change", report, output.change))
    if output.surrogate is not None:
        lines.append(_line("learnt", "AI", report, output.surrogate, banded=False))
    marks = [
        (crossing.time_s, crossing.limit_value, str(crossing.limit))
        for crossing in report.crossings
        if crossing.case == "change" and crossing.tag == output.name
    ]
    return Figure(
        name=output.name,
        unit=output.unit,
        decimals=output.decimals,
        low=output.low,
        high=output.high,
        lines=lines,
        limits=_limits(output),
        marks=marks,
        begin_us=report.begin_us,
        zone=report.plant.time_zone,
    )


def money_figure(report: Report, economics: Economics) -> Figure:
    """The money an hour, with and without the change."""
    known = [value for value in (*economics.base.mid, *economics.change.mid) if value is not None] or [0.0]
    return Figure(
        name="Economics",
        unit=f"{economics.currency}/h",
        decimals=0 if max(map(abs, known)) >= 100 else 2,
        low=min(known),
        high=max(known),
        lines=[
            _line("base", NO_CHANGE, report, economics.base, banded=False),
            _line("change", "change", report, economics.change),
        ],
        begin_us=report.begin_us,
        zone=report.plant.time_zone,
    )


def compared_figure(reports: Sequence[Report], outputs: Sequence[Output]) -> Figure:
    """One output of two questions, each from its own beginning, over the first question's base case."""
    (first, second), (one, other) = reports, outputs
    return Figure(
        name=one.name,
        unit=one.unit,
        decimals=one.decimals,
        low=one.low,
        high=one.high,
        lines=[
            _line("base", NO_CHANGE, first, one.base, banded=False),
            _line("change", "A", first, one.change),
            _line("second", "B", second, other.change),
        ],
        limits=_limits(one),
    )


def _line(kind: Kind, words: str, report: Report, curve: Curve, *, banded: bool = True) -> Line:
    low, high = (curve.low, curve.high) if banded else (None, None)
    return Line(kind, words, report.times_s, curve.mid, low, high)


def _limits(output: Output) -> dict[str, float]:
    return {name: value for name, value in output.limits if value is not None}
