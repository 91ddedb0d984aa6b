"""Training a learned model: from runs to a file with weights, bands and what it was judged by.

Runs, not windows, are set apart: most are learned from, some give the bands, some judge. A model that forecasts no
better than saying that nothing changes is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from analytics.conformal import conformal_margin
from twin.daedalus.errors import MissingTrainerError, NotLearnedError
from twin.daedalus.learned import Errors, Learned, Making
from twin.daedalus.recipe import LEAST_RUNS, Recipe
from twin.daedalus.runs import Run
from twin.daedalus.scaling import Scaling
from twin.daedalus.surrogate import Surrogate
from twin.daedalus.windows import Cutter, Window
from twin.matrix.declaration import Declaration
from twin.matrix.port import Watch, unwatched

Array = NDArray[np.float64]

COVERAGE: Final = 0.9
LONGEST_S: Final = 8 * 3600.0
JUDGED_S: Final = (3600.0, LONGEST_S)
"""Horizons that errors are told at."""

_NOISE: Final = 1e-3
"""Noise that beginnings are taught with, as a part of the instrument's range."""
_SHARES: Final = (0.7, 0.85)
"""Up to where the runs are learned from, and up to where they give the bands; the rest judges."""
_EACH: Final = 12
"""Windows of each run that give bands or judge."""
_HORIZONS_S: Final = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, LONGEST_S)


@dataclass(frozen=True)
class Trained:
    """A learned model as the bytes of its file, and its description."""

    content: bytes
    learned: Learned


def train(
    recipe: Recipe,
    process: Declaration,
    runs: Sequence[Run],
    *,
    seed: int,
    made_at: str,
    recorded: int = 0,
    watch: Watch = unwatched,
) -> Trained:
    """Learn from runs of a process.

    Parameters
    ----------
    process
        Declaration of the process model that the runs are of.
    runs
        In any order that does not follow what happened in them; the last `recorded` come from a plant's history.
    made_at
        When, for the card; ISO 8601.

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
    parts = _parts([run for run in runs if judging.fits(run)], np.random.default_rng([seed, 0]))
    ranges = np.array([one.high - one.low for one in process.outputs])
    rng = np.random.default_rng([seed, 2])
    taught = list(cutter.drawn(parts[0], _EACH, rng))
    scaling = Scaling.of(taught, ranges, recipe.spans)
    weights = fitted(parts[0], cutter, scaling, _NOISE * ranges, recipe, seed, watch)
    windows = [list(judging.drawn(part, _EACH, rng)) for part in parts[1:]]
    learned = _described(recipe, process, _seen(taught, len(ranges)))
    surrogate = Surrogate(exported(weights, learned))
    missed = [np.stack([surrogate.told(window) - window.outputs for window in part]) for part in windows]
    at = [round(horizon_s / recipe.every_s) - 1 for horizon_s in _HORIZONS_S]
    margins = conformal_margin(np.abs(missed[0][:, at]), COVERAGE)
    learned = replace(learned, margins=tuple(tuple(row) for row in margins.tolist()))
    errors = tuple(_errors(windows[1], missed[1], learned))
    _judge(errors)
    hours = [len(run) * recipe.every_s / 3600.0 for run in runs]
    making = Making(
        made_at=made_at,
        seed=seed,
        runs=(len(parts[0]), len(parts[1]), len(parts[2])),
        windows=(len(windows[0]), len(windows[1])),
        simulated_h=sum(hours[: len(hours) - recorded]),
        recorded_h=sum(hours[len(hours) - recorded :]),
        epochs=recipe.epochs,
        software={name: version(name) for name in ("torch", "lightning", "onnx")},
        errors=errors,
    )
    learned = replace(learned, making=making)
    return Trained(exported(weights, learned), learned)


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


def _seen(windows: Sequence[Window], outputs: int) -> tuple[tuple[float, float], ...]:
    begins = np.stack([window.begin[:outputs] for window in windows])
    return tuple(zip(begins.min(axis=0).tolist(), begins.max(axis=0).tolist(), strict=True))


def _described(recipe: Recipe, process: Declaration, seen: tuple[tuple[float, float], ...]) -> Learned:
    shown, taught = process.output_index, set(recipe.names)
    return Learned(
        process_model=recipe.process_model,
        name=f"{recipe.process_model}/surrogate",
        title=f"the learned model of the {process.title}",
        version=recipe.version,
        every_s=recipe.every_s,
        longest_s=LONGEST_S,
        outputs=process.outputs,
        inputs=recipe.inputs(process),
        parameters=recipe.parameters(process),
        conditions=tuple(one for one in process.inputs if one.name not in shown and one.name not in taught),
        seen=seen,
        coverage=COVERAGE,
        horizons_s=_HORIZONS_S,
        margins=tuple((0.0,) * len(seen) for _ in _HORIZONS_S),
        hidden=recipe.hidden,
    )


def _errors(windows: Sequence[Window], missed: Array, learned: Learned) -> Iterator[Errors]:
    """How far off the windows' forecasts were, in percent of the instruments' ranges."""
    still = np.stack([window.begin[: len(learned.outputs)] - window.outputs for window in windows])
    for horizon_s in JUDGED_S:
        at, row = round(horizon_s / learned.every_s) - 1, learned.horizons_s.index(horizon_s)
        for place, variable in enumerate(learned.outputs):
            to_percent = 100.0 / (variable.high - variable.low)
            off = np.abs(missed[:, at, place])
            yield Errors(
                output=variable.name,
                horizon_s=horizon_s,
                typical=float(to_percent * np.median(off)),
                large=float(to_percent * np.quantile(off, 0.95)),
                persistence=float(to_percent * np.median(np.abs(still[:, at, place]))),
                held=float(np.mean(off <= learned.margins[row][place])),
            )


def _judge(errors: Sequence[Errors]) -> None:
    """Refuse what forecasts no better than persistence, over all outputs."""
    for horizon_s in JUDGED_S:
        told = [one for one in errors if one.horizon_s == horizon_s]
        own, persistence = (sum(getattr(one, name) for one in told) for name in ("typical", "persistence"))
        if not own < persistence:
            raise NotLearnedError(
                f"after {horizon_s / 3600.0:g} h the model is off by {own / len(told):.3g} % of range, and saying that "
                f"nothing changes by {persistence / len(told):.3g} %",
                remedy="teach it longer, or with more runs",
            )
