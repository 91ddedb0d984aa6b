"""Arrays as a report tells them: few enough digits and points to be sent, null where nothing is known."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stream.jobs.report import MOST_POINTS, Curve, Range
from twin.matrix.trajectory import Trajectory

Floats = NDArray[np.float64]


def number(value: float) -> float | None:
    """A value to six digits; None for what is no finite number."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def numbers(values: Iterable[float]) -> tuple[float | None, ...]:
    """Values to six digits each."""
    return tuple(number(value) for value in values)


def thinned(times: int, most: int = MOST_POINTS) -> NDArray[np.intp]:
    """Which of so many points are told: all, or about `most` at equal distances, the first and the last included."""
    if times <= most:
        return np.arange(times)
    step = -(-(times - 1) // (most - 1))
    return np.unique(np.append(np.arange(0, times, step), times - 1))


def sampled(case: Trajectory, at: NDArray[np.intp]) -> Trajectory:
    """A trajectory at some of its times."""
    return replace(case, times_s=case.times_s[at], values=case.values[:, at])


def curve(mid: Floats, low: Floats | None = None, high: Floats | None = None) -> Curve:
    """A curve of these values, each of shape (times,)."""
    return Curve(
        mid=numbers(mid), low=None if low is None else numbers(low), high=None if high is None else numbers(high)
    )


def range_of(members: Floats, level: float) -> Range:
    """Middle and band of one number over the members, shape (members,); a single member has no band."""
    known = members[np.isfinite(members)]
    if len(known) == 0:
        return Range(mid=None)
    if len(known) == 1:
        return Range(mid=number(float(known[0])))
    low, mid, high = np.quantile(known, [0.5 * (1.0 - level), 0.5, 0.5 * (1.0 + level)])
    return Range(mid=number(mid), low=number(low), high=number(high))
