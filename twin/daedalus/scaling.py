"""What brings a network's numbers near 1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.daedalus.windows import Window

Array = NDArray[np.float64]

_LEAST: Final = 1e-3
"""Spread, as a part of an instrument's range, below which an output counts as standing still."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Middle and spread of beginnings, widths of what drives, spread of movements.

    `begin_middle` and `begin_spread` have shape (outputs + inputs,), `drive` (2 * varied,), `move` (outputs,).
    """

    begin_middle: Array
    begin_spread: Array
    drive: Array
    move: Array

    @classmethod
    def of(cls, windows: Sequence[Window], ranges: Array, varied: Array) -> "Scaling":
        """From windows to learn from; `ranges` and `varied` are widths of instruments' and taught ranges."""
        begins = np.stack([window.begin for window in windows])
        moves = np.concatenate([window.outputs - window.begin[: len(ranges)] for window in windows])
        least = _LEAST * ranges
        spread = begins.std(axis=0)
        spread[: len(ranges)] = np.maximum(spread[: len(ranges)], least)
        spread[len(ranges) :] = np.where(spread[len(ranges) :] > 0.0, spread[len(ranges) :], 1.0)
        move = np.maximum(np.sqrt((moves**2).mean(axis=0)), least)
        return cls(begins.mean(axis=0), spread, np.tile(varied, 2), move)
