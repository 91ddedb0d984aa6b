"""Lines over time as SVG: with their bands, the limits beside them, and marks where a limit is crossed.

Nothing in it runs: pointing at a time shows the values there through the page's style alone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final, Literal

from api.reports.axes import time_ticks, value_ticks
from api.reports.written import moment, number, span, unit_sign

Values = Sequence[float | None]
Kind = Literal["base", "change", "second", "learnt"]

_W: Final = 560.0
_H: Final = 196.0
_LEFT: Final = 52.0
_RIGHT: Final = 30.0
_TOP: Final = 20.0
_BOTTOM: Final = 24.0
_ONE_DAY_S: Final = 100_000.0
"""From here on a clock without a date would be read wrongly."""
_SLICES: Final = 48
"""How many times along the axis a pointer reads."""
_LEAST_SPAN: Final = 0.01
"""The least span of the axis as a share of the instrument's range, so that noise does not look like an event."""
_NEAR: Final = 0.6
"""A limit is drawn that lies within this many spans of the values."""
_LIMITS: Final = {
    "high_high": ("HH", "outer"),
    "high": ("H", "inner"),
    "low": ("L", "inner"),
    "low_low": ("LL", "outer"),
}


@dataclass(frozen=True)
class Line:
    """One line; `words` name it, `times_s` are seconds after the beginning, `low` and `high` the ends of its band."""

    kind: Kind
    words: str
    times_s: Sequence[float]
    values: Values
    low: Values | None = None
    high: Values | None = None


@dataclass(frozen=True)
class Figure:
    """What is drawn in one unit. `low` and `high` are the instrument's range; `marks` are (seconds, value, name).

    The time axis bears the clock of `zone` from `begin_us` (microseconds UTC) on, or where that is None the time since.
    """

    name: str
    unit: str
    decimals: int
    low: float
    high: float
    lines: Sequence[Line]
    limits: Mapping[str, float] = field(default_factory=dict)
    marks: Sequence[tuple[float, float, str]] = ()
    begin_us: int | None = None
    zone: str = "UTC"

    @property
    def span_s(self) -> float:
        """Seconds that the longest line lasts."""
        return max((line.times_s[-1] for line in self.lines if line.times_s), default=0.0) or 1.0

    def clock(self, time_s: float, *, fine: bool) -> str:
        """A time as this figure tells it; `fine` to the second."""
        if self.begin_us is None:
            return f"+{span(time_s)}"
        day = "%d %b " if self.span_s > _ONE_DAY_S else ""
        return moment(self.begin_us + time_s * 1e6, self.zone, day + ("%H:%M:%S" if fine else "%H:%M"))


@dataclass(frozen=True)
class _Axes:
    span_s: float
    bottom: float
    top: float

    def x(self, time_s: float) -> float:
        return _LEFT + time_s / self.span_s * (_W - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _H - _BOTTOM - (value - self.bottom) / (self.top - self.bottom) * (_H - _TOP - _BOTTOM)


def plot(figure: Figure) -> str:
    """The drawing of a figure; its heading is the page's."""
    axes = _axes(figure)
    parts = [
        f'<svg class="plot" viewBox="0 0 {_W:g} {_H:g}" role="img" aria-label="{escape(_told(figure))}">',
        *_value_axis(axes),
        *_time_axis(figure, axes),
        *(_band(line, axes) for line in figure.lines),
        *(_line(line, axes) for line in figure.lines),
        *_limits(figure, axes),
        *(_mark(axes, *mark) for mark in figure.marks),
        *_slices(figure, axes),
        "</svg>",
    ]
    return "".join(parts)


def last(values: Values) -> float | None:
    """The last value that is known."""
    return next((value for value in reversed(values) if value is not None), None)


def _told(figure: Figure) -> str:
    ends = (
        (line.words, next((each for each in reversed(line.values) if each is not None), None)) for line in figure.lines
    )
    told = (f"{words} ends at {number(value, figure.decimals)} {unit_sign(figure.unit)}" for words, value in ends)
    return f"{figure.name}: {', '.join(told)}"


def _axes(figure: Figure) -> _Axes:
    curves = [values for line in figure.lines for values in (line.values, line.low, line.high) if values is not None]
    known = [value for values in curves for value in values if value is not None] or [figure.low, figure.high]
    bottom, top = min(known), max(known)
    extent = max(top - bottom, (figure.high - figure.low) * _LEAST_SPAN, 1e-9)
    near = [limit for limit in figure.limits.values() if bottom - _NEAR * extent < limit < top + _NEAR * extent]
    bottom, top = min(bottom, *near, bottom), max(top, *near, top)
    half, middle = max(top - bottom, extent) * 0.56, (top + bottom) / 2
    return _Axes(figure.span_s, middle - half, middle + half)


def _value_axis(axes: _Axes) -> Iterator[str]:
    ticks, decimals = value_ticks(axes.bottom, axes.top, 5)
    for value in ticks:
        y = axes.y(value)
        yield f'<path class="grid" d="M{_LEFT:g} {y:.1f}H{_W - _RIGHT:g}"/>'
        text = number(value, decimals)
        yield f'<text class="tick" x="{_LEFT - 6:g}" y="{y + 3.5:.1f}" text-anchor="end">{text}</text>'
    yield f'<path class="axis" d="M{_LEFT:g} {_TOP:g}V{_H - _BOTTOM:g}H{_W - _RIGHT:g}"/>'


def _time_axis(figure: Figure, axes: _Axes) -> Iterator[str]:
    ticks = time_ticks(figure.begin_us or 0, axes.span_s, figure.zone if figure.begin_us else "UTC", 7)
    fine = len(ticks) > 1 and ticks[1] - ticks[0] < 60
    for time_s in ticks:
        x, words = axes.x(time_s), figure.clock(time_s, fine=fine)
        yield f'<path class="grid" d="M{x:.1f} {_TOP:g}V{_H - _BOTTOM:g}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{_H - 8:g}" text-anchor="middle">{words}</text>'


def _runs(values: Values, times_s: Sequence[float]) -> Iterator[list[tuple[float, float]]]:
    """The stretches of a curve that are known."""
    run: list[tuple[float, float]] = []
    for time_s, value in zip(times_s, values, strict=True):
        if value is not None:
            run.append((time_s, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _path(run: Sequence[tuple[float, float]], axes: _Axes) -> str:
    return "L".join(f"{axes.x(time_s):.1f} {axes.y(value):.1f}" for time_s, value in run)


def _line(line: Line, axes: _Axes) -> str:
    drawn = "".join(f"M{_path(run, axes)}" for run in _runs(line.values, line.times_s))
    return f'<path class="{line.kind}" d="{drawn}"/>'


def _band(line: Line, axes: _Axes) -> str:
    if line.low is None or line.high is None:
        return ""
    ends = zip(_runs(line.low, line.times_s), _runs(line.high, line.times_s), strict=True)
    drawn = "".join(f"M{_path(high, axes)}L{_path(low[::-1], axes)}Z" for low, high in ends)
    return f'<path class="band {line.kind}" d="{drawn}"/>'


def _limits(figure: Figure, axes: _Axes) -> Iterator[str]:
    for name, (words, kind) in _LIMITS.items():
        if name in figure.limits and axes.bottom <= figure.limits[name] <= axes.top:
            y = axes.y(figure.limits[name])
            yield f'<path class="limit {kind}" d="M{_LEFT:g} {y:.1f}H{_W - _RIGHT:g}"/>'
            yield f'<text class="limit {kind}" x="{_W - _RIGHT + 4:g}" y="{y + 3.5:.1f}">{words}</text>'


def _mark(axes: _Axes, time_s: float, value: float, name: str) -> str:
    x, y = axes.x(time_s), axes.y(value)
    kind = _LIMITS[name][1]
    tip, foot = (y + 2, y - 9) if name.startswith("low") else (y - 9, y + 2)
    corners = f"M{x:.1f} {tip:.1f}L{x + 6:.1f} {foot:.1f}H{x - 6:.1f}Z"
    return f'<path class="mark {kind}" d="{corners}"/>'


def _slices(figure: Figure, axes: _Axes) -> Iterator[str]:
    width = (_W - _LEFT - _RIGHT) / _SLICES
    for count in range(_SLICES):
        time_s = (count + 0.5) / _SLICES * axes.span_s
        x = _LEFT + count * width
        yield (
            f'<g class="at"><rect x="{x:.1f}" y="{_TOP:g}" width="{width:.2f}" height="{_H - _TOP - _BOTTOM:g}"/>'
            f'<path d="M{x + width / 2:.1f} {_TOP:g}V{_H - _BOTTOM:g}"/>'
            f'<text x="{_W - _RIGHT:g}" y="13" text-anchor="end">{escape(_readout(figure, time_s))}</text></g>'
        )


def _readout(figure: Figure, time_s: float) -> str:
    told = (f"{line.words} {_value(line, time_s, figure.decimals)}" for line in figure.lines)
    return f"{figure.clock(time_s, fine=True)}  {', '.join(told)} {unit_sign(figure.unit)}".rstrip()


def _value(line: Line, time_s: float, decimals: int) -> str:
    """What a line says at a time, with its band: its value at the nearest time that it has at or after that."""
    at = min(bisect_left(line.times_s, time_s), len(line.times_s) - 1)
    text = number(line.values[at], decimals)
    if line.low is None or line.high is None or line.low[at] is None:
        return text
    return f"{text} ({number(line.low[at], decimals)} to {number(line.high[at], decimals)})"
