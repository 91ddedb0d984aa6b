"""How far an answer can be trusted: what it began from, whether its bands were tested, and how two models agree."""

from collections.abc import Sequence

import numpy as np

from stream.jobs.answer.shown import Shown
from stream.jobs.report import Agreement, Trust, TrustLine, Verdict
from twin.estimation.bands import BandCalibration, Bands
from twin.matrix.trajectory import Trajectory

_GOOD_PERCENT = 1.0
_FAIR_PERCENT = 3.0
"""Of the instrument's range: how far apart two models may lie, on average over the horizon."""


def agreement(physics: Bands, learnt: Trajectory, outputs: Sequence[Shown]) -> tuple[Agreement, ...]:
    """How far the learnt model's answer lies from the physical one's middle, for each output that both tell."""
    return tuple(
        Agreement(name=one.name, description=one.description, difference_percent=round(_apart(physics, learnt, one), 3))
        for one in outputs
        if one.name in learnt.names
    )


def trust(
    estimate: TrustLine,
    bands: Bands,
    calibration: BandCalibration | None,
    agreed: Sequence[Agreement] = (),
    *,
    key: Sequence[str],
    learnt: bool,
) -> Trust:
    """The verdicts, those of the key outputs counting.

    Parameters
    ----------
    estimate
        Of the state that the answer began from.
    bands, calibration
        Those of the change, and what they were calibrated by.
    agreed
        Of both models, where the learnt one answered.
    key
        Names of the outputs that a reader looks at first.
    learnt
        Whether there is a learnt model's answer.
    """
    return Trust(
        estimate=estimate,
        physics=_physics(estimate),
        surrogate=_surrogate(agreed, key) if learnt else None,
        bands=_bands(bands, calibration, key),
        agreement=tuple(agreed),
    )


def _physics(estimate: TrustLine) -> TrustLine:
    texts: dict[Verdict, str] = {
        "good": "the equations explain what the plant does now",
        "fair": "the equations explain most of what the plant does now",
        "poor": "the equations do not explain what the plant does now: something acts that they do not know",
        "unknown": "the equations have not been compared with this plant yet",
    }
    return TrustLine(verdict=estimate.verdict, text=texts[estimate.verdict])


def _bands(bands: Bands, calibration: BandCalibration | None, key: Sequence[str]) -> TrustLine:
    tested = [name for name, known in zip(bands.names, bands.calibrated, strict=True) if known]
    level = f"{bands.level:.0%} bands"
    if calibration is None or not tested:
        return TrustLine(verdict="fair", text=f"{level} as the ensemble spreads; no earlier forecast has tested them")
    text = f"{level}, calibrated on {calibration.made}"
    missing = [name for name in key if name not in tested]
    if missing:
        return TrustLine(verdict="fair", text=f"{text}; not those of {', '.join(missing)}")
    return TrustLine(verdict="good", text=text)


def _surrogate(agreed: Sequence[Agreement], key: Sequence[str]) -> TrustLine:
    known = [each for each in agreed if np.isfinite(each.difference_percent) and each.name in key]
    if not known:
        return TrustLine(verdict="unknown", text="the learnt model tells none of the outputs that matter here")
    worst = max(known, key=lambda each: each.difference_percent)
    size = worst.difference_percent
    verdict: Verdict = "good" if size <= _GOOD_PERCENT else "fair" if size <= _FAIR_PERCENT else "poor"
    text = f"on average within {size:.2g} % of range of the equations, worst for {worst.description} ({worst.name})"
    return TrustLine(verdict=verdict, text=text)


def _apart(physics: Bands, learnt: Trajectory, output: Shown) -> float:
    middle = physics.of(output.name)[1]
    other = np.interp(physics.times_s, learnt.times_s, np.median(learnt[output.name], axis=0))
    difference = np.abs(output.values(middle) - output.values(other))
    known = difference[np.isfinite(difference)]
    return 100.0 * float(known.mean()) / (output.high - output.low) if len(known) else float("inf")
