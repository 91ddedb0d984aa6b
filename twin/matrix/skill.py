"""How far off models have lately been on a plant, and what weight that gives each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

VERSION: Final = 1
_HALF_LIFE: Final = 20.0
"""After how many later forecasts one counts half."""
_UNJUDGED: Final = 0.01
"""How far off a model is taken to be, as a part of an instrument's range, before its forecasts were judged."""
_EXACT: Final = 1e-4
"""Nobody is trusted to lie closer than this part of a range."""


@dataclass(frozen=True, eq=False)
class Skill:
    """Mean squared misses of the latest forecasts, as parts of the instruments' ranges, for each model and output.

    Parameters
    ----------
    models, outputs
        Names, in the order of the axes of `squares`, whose shape is (models, outputs).
    """

    models: tuple[str, ...]
    outputs: tuple[str, ...]
    squares: Array

    def __post_init__(self) -> None:
        if self.squares.shape != (len(self.models), len(self.outputs)):
            expected = (len(self.models), len(self.outputs))
            raise ValueError(f"squares of shape {self.squares.shape}, where {expected} is told; give one of each")

    @classmethod
    def unknown(cls, models: tuple[str, ...], outputs: tuple[str, ...]) -> "Skill":
        """No forecast was judged: all count alike."""
        return cls(models, outputs, np.full((len(models), len(outputs)), _UNJUDGED**2))

    def after(self, misses: ArrayLike) -> "Skill":
        """With one more forecast of each model judged.

        Parameters
        ----------
        misses
            How far off, as parts of the instruments' ranges, shape (models, outputs); NaN where it isn't known.
        """
        squares = np.asarray(misses, dtype=np.float64) ** 2
        kept = 0.5 ** (1.0 / _HALF_LIFE)
        return replace(
            self, squares=np.where(np.isnan(squares), self.squares, kept * self.squares + (1.0 - kept) * squares)
        )

    def weights(self) -> Array:
        """Shares of each model in each output, which add up to 1 over the models: the inverse of the mean square.

        That is the mean with the least error where the models' errors have nothing to do with each other.
        """
        inverse = 1.0 / np.maximum(self.squares, _EXACT**2)
        return np.asarray(inverse / inverse.sum(axis=0))

    def to_json(self) -> dict[str, Any]:
        """Numbers, texts and lists only."""
        return {
            "version": VERSION,
            "models": list(self.models),
            "outputs": list(self.outputs),
            "squares": self.squares.tolist(),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Skill":
        """Read what `to_json` wrote; raises `ValueError` where it is of another version."""
        if content.get("version") != VERSION:
            raise ValueError(f"skill of version {content.get('version')}; begin anew")
        return cls(tuple(content["models"]), tuple(content["outputs"]), np.array(content["squares"], dtype=np.float64))
