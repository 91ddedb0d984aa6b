"""Training a learned model: from runs to a file with weights, bands and what it was judged by.

Runs, not windows, are set apart: most are learned from, some give the bands, some judge. A model that forecasts no
better than saying that nothing changes is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from twin.daedalus.errors import MissingTrainerError, NotLearnedError
from twin.daedalus.judging import COVERAGE, HORIZONS_S, LONGEST_S, band_margins, judged
from twin.daedalus.learned import Learned, Making
from twin.daedalus.recipe import LEAST_RUNS, Recipe
from twin.daedalus.runs import Run
from twin.daedalus.scaling import Scaling
from twin.daedalus.surrogate import Surrogate
from twin.daedalus.windows import Cutter, Window
from twin.matrix.declaration import Declaration
from twin.matrix.port import Watch, unwatched

Array = NDArray[np.float64]

_NOISE: Final = 1e-3
"""Noise that beginnings are taught with, as a part of the instrument's range."""
_SHARES: Final = (0.7, 0.85)
"""Up to where the runs are learned from, and up to where they give the bands; the rest judges."""
_EACH: Final = 6
"""Windows of each run that numbers are scaled by, that give bands, or that judge."""


@dataclass(frozen=True)
class Trained:
    """A learned model as the bytes of its file, and its description."""

    content: bytes
    learned: Learned


@dataclass(frozen=True, kw_only=True)
class Course:
    """What a training is called and begins from.

    Parameters
    ----------
    name, version
        Of what is learned.
    seed
        Of all that is drawn at random.
    made_at
        When, for the card; ISO 8601.
    recorded
        How many of the runs, the last ones, come from a plant's history.
    """

    name: str
    version: int
    seed: int
    made_at: str
    recorded: int = 0


def train(
    recipe: Recipe, process: Declaration, runs: Sequence[Run], course: Course, watch: Watch = unwatched
) -> Trained:
    """Learn from runs of the process that `process` declares.

    Raises
    ------
    NotLearnedError
        Where the runs are too few or short, or what was learned forecasts worse than persistence.
    MissingTrainerError
        Where torch, Lightning or onnx are not installed.
    """
    try:
        from twin.daedalus.exporting import exported
        from twin.daedalus.fitting import fitted
    except ImportError as error:
        raise MissingTrainerError(
            f"training needs torch, Lightning and onnx: {error}", remedy="install atlas-live with the extra 'ai'"
        ) from error
    cutter = Cutter(round(recipe.window_s / recipe.every_s), _settable(recipe, process))
    judging = Cutter(round(LONGEST_S / recipe.every_s), cutter.settable)
    parts = _parts([run for run in runs if judging.fits(run)], np.random.default_rng([course.seed, 0]))
    rng = np.random.default_rng([course.seed, 2])
    taught = list(cutter.drawn(parts[0], _EACH, rng))
    ranges = np.array([one.high - one.low for one in process.outputs])
    scaling = Scaling.of(taught, ranges, recipe.spans)
    weights = fitted(parts[0], cutter, scaling, _NOISE * ranges, recipe, course.seed, watch)
    learned = _described(recipe, process, course, taught)
    surrogate = Surrogate(exported(weights, learned))
    windows = [list(judging.drawn(part, _EACH, rng)) for part in parts[1:]]
    learned = replace(learned, margins=band_margins(surrogate, windows[0]))
    making = Making(
        made_at=course.made_at,
        seed=course.seed,
        runs=(len(parts[0]), len(parts[1]), len(parts[2])),
        windows=(len(windows[0]), len(windows[1])),
        simulated_h=_hours(runs[: len(runs) - course.recorded], recipe),
        recorded_h=_hours(runs[len(runs) - course.recorded :], recipe),
        epochs=recipe.epochs,
        software={package: version(package) for package in ("torch", "lightning", "onnx")},
        errors=judged(surrogate, learned, windows[1]),
    )
    learned = replace(learned, making=making)
    return Trained(exported(weights, learned), learned)


def _hours(runs: Sequence[Run], recipe: Recipe) -> float:
    return sum(len(run) for run in runs) * recipe.every_s / 3600.0


def _settable(recipe: Recipe, process: Declaration) -> tuple[bool, ...]:
    return tuple(name in process.input_index for name in recipe.names)


def _parts(runs: list[Run], rng: np.random.Generator) -> list[list[Run]]:
    """The runs to learn from, to give bands, and to judge by."""
    if len(runs) < LEAST_RUNS:
        raise NotLearnedError(
            f"{len(runs)} runs are long enough to look {LONGEST_S / 3600.0:g} h ahead; {LEAST_RUNS} are needed",
            remedy="simulate more or longer runs, or take more of the plant's history",
        )
    mixed = [runs[at] for at in rng.permutation(len(runs))]
    first, second = (round(share * len(mixed)) for share in _SHARES)
    return [mixed[:first], mixed[first:second], mixed[second:]]


def _described(recipe: Recipe, process: Declaration, course: Course, windows: Sequence[Window]) -> Learned:
    shown, taught = process.output_index, set(recipe.names)
    begins = np.stack([window.begin[: len(shown)] for window in windows])
    seen = tuple(zip(begins.min(axis=0).tolist(), begins.max(axis=0).tolist(), strict=True))
    return Learned(
        process_model=recipe.process_model,
        name=course.name,
        title=f"{process.title}, learned",
        version=course.version,
        every_s=recipe.every_s,
        longest_s=LONGEST_S,
        outputs=process.outputs,
        inputs=recipe.inputs(process),
        parameters=recipe.parameters(process),
        conditions=tuple(one for one in process.inputs if one.name not in shown and one.name not in taught),
        seen=seen,
        coverage=COVERAGE,
        horizons_s=HORIZONS_S,
        margins=tuple((0.0,) * len(seen) for _ in HORIZONS_S),
        hidden=recipe.hidden,
    )
