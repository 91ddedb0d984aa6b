"""Similar episodes: times in the plant's stored history when it stood alike and the same was changed."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from analytics.similarity import similar_moments
from stream.jobs.answer.shown import Shown
from stream.jobs.answer.situation import Past
from stream.jobs.report import AskedChange, Episode, Followed

Floats = NDArray[np.float64]

_APART_S = 3600.0
_LEAST_SPREAD = 0.01
"""Of the instrument's range: what counts as a difference even of a quantity that never moved."""


def similar_episodes(
    past: Past, changes: Sequence[AskedChange], now: Mapping[str, float], outputs: Mapping[str, Shown], horizon_s: float
) -> tuple[Episode, ...]:
    """The most similar times, nearest first; those without a change are judged by their state alone.

    Parameters
    ----------
    past
        The stored history.
    changes
        As they were read, in shown units.
    now
        Values of tags at the question's beginning, in the same units.
    outputs
        How tags are shown, by name; only those of `past` that stand here are compared.
    horizon_s
        How far a reader wants to see what followed.
    """
    rows = past.values
    columns = [outputs.get(name) for name in past.tags]
    spread = np.array([_spread(rows[:, at], one) for at, one in enumerate(columns)])
    moves = {change.name: change.value - change.before for change in changes if change.before is not None}
    move = np.array([moves.get(name) or np.nan for name in past.tags])  # a move to where it is already is none
    compared = [one is not None and bool(np.isfinite(rows[:, at]).any()) for at, one in enumerate(columns)]
    wanted = np.where(compared, [now.get(name, np.nan) for name in past.tags], np.nan)
    if np.isnan(wanted).all() or (changes and np.isnan(move).all()):
        return ()
    lag = max(1, ceil(max((change.over_s for change in changes), default=0.0) / past.step_s))
    ahead, apart = ceil(horizon_s / past.step_s), ceil(max(_APART_S, horizon_s) / past.step_s)
    moments = similar_moments(rows, wanted, move, spread, lag=lag, apart=apart)
    return tuple(
        Episode(
            begin_us=past.time_us(each.row),
            end_us=past.time_us(min(each.row + ahead, len(rows) - 1)),
            distance=round(each.distance, 3),
            text=_told(rows[each.row], rows[each.row + lag], past.tags, moves, outputs),
            followed=tuple(_followed(rows, each.row, ahead, past.tags, moves, outputs)),
        )
        for each in moments
    )


def _spread(values: Floats, shown: Shown | None) -> float:
    least = _LEAST_SPREAD * (shown.high - shown.low) if shown is not None else 1.0
    known = values[np.isfinite(values)]
    return max(least, float(known.std()) if len(known) else 0.0)


def _told(
    before: Floats, after: Floats, tags: Sequence[str], moves: Mapping[str, float], outputs: Mapping[str, Shown]
) -> str:
    parts = [
        f"{outputs[name].description} ({name}) from {before[at]:.{outputs[name].decimals}f}"
        f" to {outputs[name].text(float(after[at]))}"
        for at, name in enumerate(tags)
        if name in moves and name in outputs
    ]
    return ", ".join(parts) or "the plant stood as it does now"


def _followed(
    rows: Floats, row: int, ahead: int, tags: Sequence[str], moves: Mapping[str, float], outputs: Mapping[str, Shown]
) -> list[Followed]:
    after = rows[min(row + ahead, len(rows) - 1)]
    return [
        Followed(
            name=name,
            description=outputs[name].description,
            unit=outputs[name].unit,
            decimals=outputs[name].decimals,
            before=float(rows[row, at]),
            after=float(after[at]),
        )
        for at, name in enumerate(tags)
        if name in outputs and name not in moves and np.isfinite(rows[row, at]) and np.isfinite(after[at])
    ]
