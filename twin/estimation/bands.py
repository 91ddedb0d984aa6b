"""Bands around a forecast that hold as often as they say: the ensemble's own, widened by what past forecasts missed.

The ensemble's band is from quantile to quantile of its members, made wider by the instruments' noise; it knows only of
what the model knows. A `BandCalibration` says for each output and horizon by how many of its own half widths a band
must grow (or may shrink) to have held in the past: `analytics.conformal`'s margin, learned from forecasts and what
came.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from analytics.conformal import band_scores, conformal_margin, widened
from twin.estimation.errors import StoredCalibrationError
from twin.matrix.trajectory import Trajectory

Floats = NDArray[np.float64]

LEVEL: Final = 0.9
"""Share of bands that shall hold."""
VERSION: Final = 1
_NARROWEST: Final = 1e-9


@dataclass(frozen=True, eq=False)
class Bands:
    """A forecast as people see it: the middle and the band of each output over time.

    `low`, `mid` and `high` have shape (times, outputs), in `units`; NaN after most members have tripped. `calibrated`
    says of each output whether past forecasts stand behind its band; elsewhere it is the ensemble's own.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    times_s: Floats
    low: Floats
    mid: Floats
    high: Floats
    level: float
    calibrated: tuple[bool, ...]

    def of(self, name: str) -> tuple[Floats, Floats, Floats]:
        """Low, middle and high of one output over time. Raises `KeyError` for a name that isn't told."""
        if name not in self.names:
            raise KeyError(name)
        at = self.names.index(name)
        return self.low[:, at], self.mid[:, at], self.high[:, at]


@dataclass(frozen=True, kw_only=True)
class BandCalibration:
    """What past forecasts of one plant and model taught of their bands.

    `margins` has, by output, one number for each of `horizons_s` (ascending, seconds ahead): the half widths that a
    band is widened by. `forecasts` says from how many, `made` how, for people.
    """

    plant: str
    model: str
    level: float
    forecasts: int
    made: str
    horizons_s: tuple[float, ...]
    margins: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def margin(self, name: str, times_s: Floats) -> Floats:
        """Margins of an output at these times, between horizons in a straight line; raises `KeyError`."""
        return np.interp(times_s, self.horizons_s, self.margins[name])

    def to_json(self) -> dict[str, Any]:
        """Numbers, texts and lists only."""
        return {
            "version": VERSION,
            "plant": self.plant,
            "model": self.model,
            "level": self.level,
            "forecasts": self.forecasts,
            "made": self.made,
            "horizons_s": list(self.horizons_s),
            "margins": {name: [round(value, 4) for value in margins] for name, margins in self.margins.items()},
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "BandCalibration":
        """Read what `to_json` wrote.

        Raises
        ------
        StoredCalibrationError
            Where it is of another version or no calibration at all.
        """
        try:
            if content["version"] != VERSION:
                raise ValueError(f"it is of version {content['version']}")
            horizons = tuple(float(horizon) for horizon in content["horizons_s"])
            margins = {name: tuple(map(float, row)) for name, row in content["margins"].items()}
            if not horizons or sorted(horizons) != list(horizons) or {len(horizons)} < {*map(len, margins.values())}:
                raise ValueError(f"horizons {horizons} and the margins do not match")
            texts = {name: content[name] for name in ("plant", "model", "made")}
            level, forecasts = float(content["level"]), int(content["forecasts"])
        except (KeyError, TypeError, ValueError) as error:
            raise StoredCalibrationError(
                f"this is no calibration of bands: {error}", remedy="make it anew with 'atlas bench truth'"
            ) from error
        return cls(**texts, level=level, forecasts=forecasts, horizons_s=horizons, margins=margins)


def shipped_calibration(plant: str) -> BandCalibration | None:
    """The calibration that ships with a plant, by the plant's id; None where none does."""
    entry = files("twin.plants").joinpath("models", f"{plant}.bands.json")
    return BandCalibration.from_json(json.loads(entry.read_text(encoding="utf-8"))) if entry.is_file() else None


def bands(
    told: Trajectory,
    noise: Mapping[str, float],
    calibration: BandCalibration | None = None,
    level: float = LEVEL,
) -> Bands:
    """Middle and band of every output of a forecast.

    Parameters
    ----------
    told
        An ensemble's forecast; with one member the band is the noise alone until it is calibrated.
    noise
        Standard deviation of the instruments by output, in its unit; none for what nothing measures.
    calibration
        Of this plant and model, for the same level; without it bands are the ensemble's own.
    level
        Share of bands that shall hold, above 0 and below 1.

    Raises
    ------
    ValueError
        Where the calibration was made for another level or model.
    """
    if calibration is not None and (calibration.level, calibration.model) != (level, told.model):
        raise ValueError(
            f"a calibration of {calibration.model} for {calibration.level:.0%} was given to {told.model} for "
            f"{level:.0%}; calibrate for what is asked"
        )
    low, mid, high = raw_bands(told, noise, level)
    known = calibration.margins if calibration is not None else {}
    for at, name in enumerate(told.names):
        if calibration is not None and name in known:
            half = 0.5 * (high[:, at] - low[:, at])
            low[:, at], high[:, at] = widened(low[:, at], high[:, at], calibration.margin(name, told.times_s), half)
    calibrated = tuple(name in known for name in told.names)
    return Bands(told.names, told.units, told.times_s, low, mid, high, level, calibrated)


def raw_bands(told: Trajectory, noise: Mapping[str, float], level: float = LEVEL) -> tuple[Floats, Floats, Floats]:
    """The ensemble's own band with the instruments' noise: low, middle (the median), high; shape (times, outputs)."""
    rising = np.sort(told.values, axis=0)
    known = np.isfinite(rising).sum(axis=0)
    running = 2 * known >= told.members
    low, mid, high = (_quantile(rising, known, share) for share in (0.5 * (1.0 - level), 0.5, 0.5 * (1.0 + level)))
    deviation = ndtri(0.5 * (1.0 + level)) * np.array([noise.get(name, 0.0) for name in told.names])
    least = _NARROWEST * (1.0 + np.abs(mid))
    below, above = (np.maximum(np.hypot(part, deviation), least) for part in (mid - low, high - mid))
    low, mid, high = (np.where(running, part, np.nan) for part in (mid - below, mid, mid + above))
    return low, mid, high


def band_misses(told: Trajectory, noise: Mapping[str, float], came: Floats, level: float = LEVEL) -> Floats:
    """How far what came lay outside a forecast's own band, in half widths of it, for `calibrated`; negative inside.

    `came` and the result have shape (times, outputs); NaN where nothing came or nothing was told.
    """
    low, _, high = raw_bands(told, noise, level)
    return band_scores(low, high, came, 0.5 * (high - low))


def calibrated_margins(misses: Floats, names: Sequence[str], level: float = LEVEL) -> dict[str, tuple[float, ...]]:
    """Margins by output from the misses of past forecasts, shape (forecasts, horizons, outputs).

    An output is left out where too few forecasts were judged at some horizon.
    """
    margins = conformal_margin(misses, level)
    return {
        name: tuple(margins[:, at].tolist()) for at, name in enumerate(names) if np.all(np.isfinite(margins[:, at]))
    }


def _quantile(rising: Floats, known: NDArray[np.int64], share: float) -> Floats:
    """A quantile of the members that still run, which stand first in each ascending column; as `numpy.nanquantile`."""
    place = share * np.maximum(known - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    low, high = (np.take_along_axis(rising, at[None], axis=0)[0] for at in (below, above))
    between: Floats = low + (place - below) * (high - low)
    return between
