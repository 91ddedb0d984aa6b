"""How far forecasts of a learned model lie off, in windows that it did not learn from: its bands, and its marks."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.conformal import conformal_margin
from twin.daedalus.errors import NotLearnedError
from twin.daedalus.learned import Errors, Learned
from twin.daedalus.surrogate import Surrogate
from twin.daedalus.windows import Window

Array = NDArray[np.float64]

COVERAGE: Final = 0.9
LONGEST_S: Final = 8 * 3600.0
HORIZONS_S: Final = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, LONGEST_S)
"""Horizons that bands are made at; between them they are straight."""
JUDGED_S: Final = (3600.0, LONGEST_S)
"""Horizons that errors are told at."""


def band_margins(surrogate: Surrogate, windows: Sequence[Window]) -> tuple[tuple[float, ...], ...]:
    """Half widths that hold `COVERAGE` of the errors at `HORIZONS_S`; shape (horizons, outputs)."""
    missed = np.abs(_missed(surrogate, windows))
    at = [_row(surrogate.learned, horizon_s) for horizon_s in HORIZONS_S]
    return tuple(tuple(row) for row in conformal_margin(missed[:, at], COVERAGE).tolist())


def judged(surrogate: Surrogate, learned: Learned, windows: Sequence[Window]) -> tuple[Errors, ...]:
    """Errors of each output but the echoed ones at `JUDGED_S`, held against the margins of `learned`.

    Raises
    ------
    NotLearnedError
        Where, over all outputs, saying that nothing changes would do as well.
    """
    errors = tuple(_errors(learned, windows, np.abs(_missed(surrogate, windows))))
    for horizon_s in JUDGED_S:
        own, still = _on_average(errors, horizon_s)
        if not own < still:
            raise NotLearnedError(
                f"after {horizon_s / 3600.0:g} h the model is off by {own:.3g} % of range, and saying that nothing "
                f"changes by {still:.3g} %",
                remedy="teach it longer, or with more runs",
            )
    return errors


def on_average(learned: Learned, horizon_s: float) -> tuple[float, float]:
    """How far the model, and saying that nothing changes, are off on average over all outputs, percent of range."""
    return _on_average(learned.making.errors if learned.making else (), horizon_s)


def _on_average(errors: Sequence[Errors], horizon_s: float) -> tuple[float, float]:
    told = [one for one in errors if one.horizon_s == horizon_s]
    own, still = (float(np.mean([getattr(one, name) for one in told])) for name in ("mean", "persistence"))
    return own, still


def _missed(surrogate: Surrogate, windows: Sequence[Window]) -> Array:
    """What is told less what came; shape (windows, steps, outputs)."""
    return surrogate.told(windows) - np.stack([window.outputs for window in windows])


def _row(learned: Learned, horizon_s: float) -> int:
    return round(horizon_s / learned.every_s) - 1


def _errors(learned: Learned, windows: Sequence[Window], missed: Array) -> Iterator[Errors]:
    begins = np.stack([window.begin[: len(learned.outputs)] for window in windows])
    came = np.stack([window.outputs for window in windows])
    for horizon_s in JUDGED_S:
        row, margins = _row(learned, horizon_s), learned.margins[learned.horizons_s.index(horizon_s)]
        moved = np.abs(came[:, row] - begins)
        for place, variable in enumerate(learned.outputs):
            if variable.name in learned.echoed:
                continue
            to_percent = 100.0 / (variable.high - variable.low)
            off = missed[:, row, place]
            yield Errors(
                output=variable.name,
                horizon_s=horizon_s,
                mean=float(to_percent * np.mean(off)),
                large=float(to_percent * np.quantile(off, 0.95)),
                persistence=float(to_percent * np.mean(moved[:, place])),
                held=float(np.mean(off <= margins[place])),
            )
