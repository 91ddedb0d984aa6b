"""A report as one HTML page: nothing in it runs, nothing is fetched, every text is escaped, and it prints well."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from api.reports import written
from api.reports.end_state import fill
from api.reports.figures import compared_figure, money_figure, output_figure
from api.reports.plot import last, plot
from stream.jobs.report import Economics, Output, Report

if TYPE_CHECKING:
    from jinja2 import Environment

HTML_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
"""What a page is sent with: its own style, and nothing else."""

_LEAST_MOVE: Final = 0.005
_DEGREES: Final = re.compile(r"\bdeg(C|F)\b")
_PERCENT: Final = re.compile(r"(?<=\d) percent\b")


@dataclass(frozen=True)
class Chart:
    """One figure of the page, or a row where nothing is drawn: its heading and the values at the end, with units."""

    name: str
    description: str
    unit: str
    drawing: str
    base: str
    change: str
    moved: str


def render_report(report: Report, graphic: str) -> str:
    """The page of a report, or of what is known of it so far.

    Parameters
    ----------
    report
        What there is to tell.
    graphic
        The plant's process graphic as `twin.atlas.graphic.draw` draws it; empty where there is none.
    """
    outputs = {output.name: output for output in report.outputs}
    state = report.end_state.get("change")
    return _page(
        "report.html",
        report=report,
        charts=[_chart(report, output) for output in report.outputs if output.key],
        rest=[_chart(report, output) for output in report.outputs if not output.key and _moves(output)],
        still=[_row(output) for output in report.outputs if not output.key and not _moves(output)],
        money=report.economics and _money_chart(report, report.economics),
        graphic=fill(graphic, state, outputs) if graphic and state else "",
        apart=sorted(report.trust.agreement, key=lambda each: -each.difference_percent)[:6] if report.trust else [],
        crossed=[crossing for crossing in report.crossings if crossing.case == "change"],
        crossed_anyway=[crossing for crossing in report.crossings if crossing.case == "base"],
    )


def render_comparison(first: Report, second: Report) -> str:
    """The page that lays two questions beside one another, A and B, each from its own beginning."""
    pairs = [pair for pair in _pairs(first, second) if any(one.key or _moves(one) for one in pair)]
    money = [each.economics for each in (first, second)]
    return _page(
        "comparison.html",
        first=first,
        second=second,
        charts=[_compared(first, second, *pair) for pair in pairs],
        money=money if all(money) else None,
    )


def _pairs(first: Report, second: Report) -> Iterator[tuple[Output, Output]]:
    others = {output.name: output for output in second.outputs}
    for output in first.outputs:
        other = others.get(output.name)
        if other is not None and other.unit == output.unit:
            yield output, other


def _moves(output: Output) -> bool:
    """Whether the change takes it further from the base case than a small share of the instrument's range."""
    pairs = zip(output.base.mid, output.change.mid, strict=True)
    apart = [abs(change - base) for base, change in pairs if base is not None and change is not None]
    return max(apart, default=0.0) > _LEAST_MOVE * (output.high - output.low)


def _chart(report: Report, output: Output) -> Chart:
    return _heading(output, last(output.base.mid), last(output.change.mid), plot(output_figure(report, output)))


def _row(output: Output) -> Chart:
    return _heading(output, last(output.base.mid), last(output.change.mid))


def _compared(first: Report, second: Report, one: Output, other: Output) -> Chart:
    drawing = plot(compared_figure((first, second), (one, other)))
    return _heading(one, last(one.change.mid), last(other.change.mid), drawing)


def _heading(output: Output, base: float | None, change: float | None, drawing: str = "") -> Chart:
    unit, decimals = output.unit, output.decimals
    return Chart(
        name=output.name,
        description=output.description,
        unit=written.unit_sign(unit),
        drawing=drawing,
        base=written.quantity(base, decimals, unit),
        change=written.quantity(change, decimals, unit),
        moved=written.difference(_gap(base, change), decimals, unit),
    )


def _money_chart(report: Report, economics: Economics) -> Chart:
    unit = f"{economics.currency}/h"
    return Chart(
        name="Profit",
        description="an hour",
        unit=unit,
        drawing=plot(money_figure(report, economics)),
        base=written.money(economics.base_per_h.mid, unit),
        change=written.money(economics.change_per_h.mid, unit),
        moved=written.money(economics.gain_per_h.mid, unit, signed=True),
    )


def _with_signs(text: str) -> str:
    return _PERCENT.sub(" %", _DEGREES.sub(r"°\1", text))


def _share(probability: float) -> str:
    return f"{100 * probability:.0f} %"


def _longest(values: Sequence[float]) -> float:
    """What the longest of some bars stands for."""
    return max(values, default=0.0) or 1.0


def _gap(base: float | None, change: float | None) -> float | None:
    return None if base is None or change is None else change - base


@cache
def _environment() -> "Environment":
    """Templates of ours, escaped, where a name that is missing is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("api.reports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    found.filters.update(
        quantity=written.quantity, money=written.money, span=written.span, signs=_with_signs, share=_share,
        unit=written.unit_sign, difference=written.difference,
    )  # fmt: skip
    found.globals.update(moment=written.moment, zone_offset=written.zone_offset, longest=_longest, gap=_gap)
    return found


def _page(name: str, **content: object) -> str:
    return _environment().get_template(name).render(content)
