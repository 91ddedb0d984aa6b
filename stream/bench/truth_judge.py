"""What truth trials say in figures: errors in percent of the instruments' range, gains over the rivals, coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stream.bench.truth_trial import MONEY, RIVALS, Course, Trial
from twin.estimation.bands import LEVEL, BandCalibration, calibrated_margins

Floats = NDArray[np.float64]

_DIGITS: Final = 3


@dataclass(frozen=True)
class OutputFigures:
    """One output at one horizon.

    `errors` are root mean squares over the plants, by rival, and `medians` medians of the absolute errors, both in
    percent of the instrument's range (`MONEY`: of the mean of what the plants earn). `held` are the plants whose
    calibrated band held what the instrument showed, `raw_held` those of the ensemble's own band, both in percent.
    """

    name: str
    horizon_s: int
    errors: Mapping[str, float]
    medians: Mapping[str, float]
    held: float
    raw_held: float

    @property
    def gain(self) -> float:
        """How many times nearer the twin was than the uncorrected model."""
        return self.errors["uncorrected"] / self.errors["twin"]

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "output": self.name,
            "hours": self.horizon_s / 3600.0,
            "error_pct": {rival: round(value, _DIGITS) for rival, value in self.errors.items()},
            "median_error_pct": {rival: round(value, _DIGITS) for rival, value in self.medians.items()},
            "gain": round(self.gain, 2),
            "band_coverage_pct": round(self.held, 1),
            "own_band_coverage_pct": round(self.raw_held, 1),
        }


@dataclass(frozen=True)
class TrialFigures:
    """All figures of one plant's trials; `filtered` is by output the errors of estimator and open-loop model in %."""

    plants: int
    calibration_plants: int
    figures: tuple[OutputFigures, ...]
    filtered: Mapping[str, tuple[float, float]]
    explained_pct: float
    unknowns: Mapping[str, tuple[float, float]]

    def at(self, name: str, horizon_s: int) -> OutputFigures:
        """Figures of one output at one horizon."""
        return next(one for one in self.figures if (one.name, one.horizon_s) == (name, horizon_s))

    def smallest_gain(self, names: Sequence[str], horizon_s: int) -> float:
        """Smallest gain over some outputs."""
        return min(self.at(name, horizon_s).gain for name in names)

    def pooled_coverage(self, names: Sequence[str], horizons_s: Sequence[int]) -> float:
        """Percent of the calibrated bands that held, over some outputs and horizons."""
        return float(np.mean([self.at(name, horizon).held for name in names for horizon in horizons_s]))

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "plants": self.plants,
            "calibration_plants": self.calibration_plants,
            "explained_pct": round(self.explained_pct, 1),
            "forecasts": [one.as_dict() for one in self.figures],
            "filtered": {
                name: {
                    "error_pct": round(own, _DIGITS),
                    "uncorrected_pct": None if np.isnan(alone) else round(alone, _DIGITS),
                }
                for name, (own, alone) in self.filtered.items()
            },
            "unknowns": {
                name: {"spread_before": round(before, 5), "spread_after": round(after, 5)}
                for name, (before, after) in self.unknowns.items()
            },
        }


def calibration(trial: Trial, plant: str, course: Course, made: str) -> BandCalibration:
    """What the bands of one set of plants teach, for those of another."""
    return BandCalibration(
        plant=plant,
        model=trial.model.declaration.id,
        level=LEVEL,
        forecasts=len(course.misses),
        made=made,
        horizons_s=tuple(float(horizon) for horizon in trial.horizons_s),
        margins=calibrated_margins(course.misses, trial.names),
    )


def judge(
    trial: Trial, course: Course, learned: BandCalibration, names: Sequence[str], horizons_s: Sequence[int]
) -> TrialFigures:
    """The figures of a set of plants, with bands calibrated on another; `names` are the outputs that are told of."""
    spans = {variable.name: variable.high - variable.low for variable in trial.model.declaration.outputs}
    if trial.money:
        spans[MONEY] = float(np.nanmean(np.abs(course.true[..., trial.names.index(MONEY)])))
    figures = [
        _figures(trial, course, learned, name, horizon, 100.0 / spans[name]) for name in names for horizon in horizons_s
    ]
    outputs = trial.model.declaration.output_index
    filtered = {
        name: tuple((100.0 / spans[name] * np.sqrt(course.squares[..., outputs[name]].mean(axis=0))).tolist())
        for name in names
        if name in outputs
    }
    spreads = course.found[:, 1].mean(axis=0).tolist()
    return TrialFigures(
        plants=len(course.true),
        calibration_plants=learned.forecasts,
        figures=tuple(figures),
        filtered=filtered,
        explained_pct=100.0 * float(course.explained.mean()),
        unknowns={row.name: (row.spread, after) for row, after in zip(trial.plan.unknowns, spreads, strict=True)},
    )


def _figures(
    trial: Trial, course: Course, learned: BandCalibration, name: str, horizon_s: int, to_percent: float
) -> OutputFigures:
    place = (slice(None), trial.horizons_s.index(horizon_s), trial.names.index(name))
    off = {rival: np.abs(course.told[rival][place] - course.true[place]) * to_percent for rival in RIVALS}
    misses = course.misses[place]
    known = ~np.isnan(misses)
    margin = float(learned.margin(name, np.array([float(horizon_s)]))[0]) if name in learned.margins else 0.0
    return OutputFigures(
        name=name,
        horizon_s=horizon_s,
        errors={rival: float(np.sqrt(np.nanmean(values**2))) for rival, values in off.items()},
        medians={rival: float(np.nanmedian(values)) for rival, values in off.items()},
        # A band never shrinks beyond its middle, so what is shown exactly there is held all the same.
        held=100.0 * float(np.mean(misses[known] <= max(margin, -1.0))),
        raw_held=100.0 * float(np.mean(misses[known] <= 0.0)),
    )
