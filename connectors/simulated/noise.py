"""What instruments add to the truth: white noise, seeded per signal and known for every scan without any memory."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BLOCK = 512


class SensorNoise:
    """Normal noise of the standard deviations given; the same seed and scan give the same noise in every run.

    Each signal draws from a generator of its own, seeded by (seed, its index, block of scans), so that noise neither
    repeats nor has to be saved with the plant's state.
    """

    def __init__(self, seed: int, deviations: Sequence[float]) -> None:
        self._seed = seed
        self._deviations = np.asarray(deviations, dtype=np.float64)
        self._block = -1
        self._drawn: NDArray[np.float64] = np.empty((0, len(deviations)))

    def at(self, scan: int) -> list[float]:
        """Noise of all signals at one scan, in their units."""
        block, row = divmod(scan, _BLOCK)
        if block != self._block:
            columns = [
                np.random.default_rng((self._seed, index, block)).standard_normal(_BLOCK)
                for index in range(len(self._deviations))
            ]
            self._drawn = np.stack(columns, axis=1) * self._deviations
            self._block = block
        noise: list[float] = self._drawn[row].tolist()
        return noise
