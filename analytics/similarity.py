"""Moments of the past that resemble a situation: where a plant stood alike, and then moved alike.

A history is rows at equal steps of time. A moment resembles the situation by how near its values come to those wanted
and by how near its move over the following `lag` rows comes to the one wanted, both in spreads of the quantity (root
mean square over all that is compared). Moments next to each other tell of one event, so only the best of them counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Similar:
    """A row of the history, and its distance from the situation in spreads; 0 is the same."""

    row: int
    distance: float


def similar_moments(
    history: ArrayLike,
    wanted: ArrayLike,
    move: ArrayLike,
    spread: ArrayLike,
    *,
    lag: int,
    apart: int,
    most: int = 3,
    within: float = 0.5,
) -> list[Similar]:
    """The most similar moments, nearest first.

    Parameters
    ----------
    history
        Shape (rows, quantities); NaN where nothing is known, which matches nothing.
    wanted, move
        Values at the moment and their change over `lag` rows, shape (quantities,); NaN is not compared.
    spread
        What is a large difference of each quantity, above 0, shape (quantities,).
    lag
        Rows over which the move happens.
    apart
        Rows that two moments found lie apart at least.
    most
        How many are wanted.
    within
        A moment counts only where each move differs from the one wanted by at most this share of it.

    Raises
    ------
    ValueError
        Where the shapes don't go together, or nothing is compared.

    Examples
    --------
    >>> temperature = [[80.0], [80.0], [84.0], [84.0], [80.0]]
    >>> similar_moments(temperature, [80.0], [5.0], [5.0], lag=1, apart=2)[0].row
    1
    """
    rows = np.asarray(history, dtype=np.float64)
    at, by, scale = (np.asarray(one, dtype=np.float64) for one in (wanted, move, spread))
    if rows.ndim != 2 or not at.shape == by.shape == scale.shape == rows.shape[1:]:
        raise ValueError(f"a history of shape {rows.shape} and values of shape {at.shape}; give one value a quantity")
    placed, moving = ~np.isnan(at), ~np.isnan(by)
    compared = int(placed.sum() + moving.sum())
    if lag < 1 or apart < 1 or compared == 0:
        raise ValueError(f"lag {lag}, apart {apart}, {compared} numbers to compare; give 1 or more of each")
    if len(rows) <= lag:
        return []
    moved = rows[lag:] - rows[:-lag]
    off_place = ((rows[:-lag] - at) / scale)[:, placed]
    off_move = ((moved - by) / scale)[:, moving]
    alike = np.all(np.abs((moved - by)[:, moving]) <= within * np.abs(by[moving]), axis=1)
    distance = np.sqrt((np.square(off_place).sum(axis=1) + np.square(off_move).sum(axis=1)) / compared)
    return _nearest(np.where(alike & np.isfinite(distance), distance, np.inf), apart, most)


def _nearest(distance: Floats, apart: int, most: int) -> list[Similar]:
    left = distance.copy()
    found: list[Similar] = []
    while len(found) < most and np.isfinite(left.min(initial=np.inf)):
        row = int(left.argmin())
        found.append(Similar(row, float(left[row])))
        left[max(0, row - apart + 1) : row + apart] = np.inf
    return found
