"""Which points of a series to draw: MinMaxLTTB over what is a number, and where the quality changes its severity.

Source: J. Van Der Donckt, J. Van Der Donckt, M. Rademaker, S. Van Hoecke, "MinMaxLTTB: Leveraging MinMax-Preselection
to Scale LTTB", IEEE VIS 2023.
"""

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler


def pick_points(
    times: NDArray[np.int64], values: NDArray[np.float64], quality: NDArray[np.uint32], points: int
) -> NDArray[np.intp]:
    """Indices, ascending, of at most `points` of the n points given, first and last and (from 5 on) both extremes too.

    Up to a quarter of them is spent on the points at which the severity changes, so that a stretch of bad quality shows
    where it begins and ends instead of being drawn over.

    Raises
    ------
    ValueError
        Where fewer than 3 points are asked for.
    """
    if points < 3:
        raise ValueError(f"points is {points}; ask for at least 3")
    n = len(times)
    if n <= points:
        return np.arange(n)
    severity = quality >> np.uint32(30)
    changes = np.flatnonzero(severity[1:] != severity[:-1])
    edges = np.unique(np.concatenate((changes, changes + 1)))
    room = max(0, points // 4)
    if len(edges) > room:
        edges = edges[np.linspace(0, len(edges) - 1, room).astype(np.intp)] if room else edges[:0]
    drawn = np.flatnonzero(np.isfinite(values))
    extremes = _extremes(values, drawn) if points >= 5 else drawn[:0]
    share = points - len(edges) - len(extremes) - 2
    if len(drawn) > share:
        drawn = drawn[_min_max_lttb(times[drawn], values[drawn], share)]
    return np.unique(np.concatenate(([0, n - 1], edges, extremes, drawn))).astype(np.intp)


def _extremes(values: NDArray[np.float64], drawn: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where the least and the greatest value are: of each stretch the method keeps one point, so it may lose them."""
    return drawn[[values[drawn].argmin(), values[drawn].argmax()]] if len(drawn) else drawn


def _min_max_lttb(times: NDArray[np.int64], values: NDArray[np.float64], points: int) -> NDArray[np.intp]:
    if points < 3:
        return np.empty(0, dtype=np.intp)
    downsampler = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]  # the package types no constructor
    chosen = downsampler.downsample(np.ascontiguousarray(times), np.ascontiguousarray(values), n_out=points)
    return np.asarray(chosen, dtype=np.intp)
