"""Recommended settings: the best that a search finds from where the plant is, and what they would give.

The search runs the ensemble's middle member; what comes of it is then told with all members, against the settings that
were asked for. It is advice: nothing here writes to a plant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, Watch, unwatched
from twin.metis.evaluation import Evaluation, Figures, figures
from twin.metis.problem import Problem, Setting
from twin.metis.searches.chosen import SearchKey, choose_search
from twin.metis.study import Study, Trial, run_study

Array = NDArray[np.float64]

BUDGET: Final = 25
"""Runs of the model that a search may take."""

COMPARED: Final = 50
"""Members at most that tell what the settings would give."""

LEVEL: Final = 0.9
_SEARCHING: Final = 0.7
"""Part of the work that the search is."""
_WORTH: Final = 1e-4
"""Share of the objective below which a gain is none, and no reason to move a setting."""


@dataclass(frozen=True, eq=False)
class Recommendation:
    """What a search found.

    Parameters
    ----------
    problem, study
        What was looked for, and all runs.
    now, asked
        The settings by name as they are, and as they would be without advice.
    settings
        The recommended ones by name; those asked where nothing better was found, None where nothing allowed was.
    with_asked, with_settings
        What members give with each; the latter is None where there are no settings.
    """

    problem: Problem
    study: Study
    now: Mapping[str, float]
    asked: Mapping[str, float]
    settings: Mapping[str, float] | None
    with_asked: Figures
    with_settings: Figures | None

    @property
    def gains(self) -> Array:
        """How much better each member does with the settings, in the objective's unit; shape (members,)."""
        if self.with_settings is None:
            return np.full(len(self.with_asked.values), np.nan)
        sign = 1.0 if self.problem.objective.maximise else -1.0
        return sign * (self.with_settings.values - self.with_asked.values)

    @property
    def text(self) -> str:
        """What came of it, in a sentence for people."""
        if self.settings is None:
            return "No settings were found with which all bounds hold."
        if self.settings == self.asked:
            return "No better settings than those asked for were found."
        if not np.all(self.with_asked.holding):
            return "What was asked for may break a bound or shut the plant down; these settings should not."
        return "Advice only: nothing is written to the plant."

    def as_content(self) -> dict[str, Any]:
        """As plain values for JSON; ranges hold `LEVEL` of the members, and null stands for what is not known."""
        objective, after = self.problem.objective, self.with_settings
        return {
            "settings": [
                {
                    "name": one.name,
                    "unit": one.unit,
                    "now": self.now[one.name],
                    "asked": self.asked[one.name],
                    "value": (self.settings or {}).get(one.name),
                }
                for one in self.problem.settings
            ],
            "objective": objective.kpi.name,
            "aim": "maximise" if objective.maximise else "minimise",
            "over": objective.over,
            "level": LEVEL,
            "asked_value": _range(self.with_asked.values),
            "value": _range(after.values) if after else _range(np.array([np.nan])),
            "gain": _range(self.gains),
            "gain_unit": objective.kpi.unit,
            "bounds": [
                {"name": one.kpi.name, "unit": one.kpi.unit, "low": one.low, "high": one.high, "when": one.when}
                for one in self.problem.constraints
            ],
            "holding": float(np.mean(after.holding)) if after else None,
            "method": self.study.method,
            "model_runs": len(self.study.trials),
            "ended": self.study.ended,
            "text": self.text,
        }


def recommend(
    model: ProcessModel,
    state: ModelState,
    problem: Problem,
    asked: Mapping[str, float] | None = None,
    *,
    seed: int,
    budget: int = BUDGET,
    wish: SearchKey | None = None,
    watch: Watch = unwatched,
) -> Recommendation:
    """Look for better settings than those asked for.

    Parameters
    ----------
    model, state
        The model, and where the plant is: a member or an ensemble of it.
    problem
        For this model.
    asked
        Settings that an operator wants, by name, in the model's units; what is not named stays as it is.
    seed
        Of searches that draw random numbers.
    budget, wish
        Runs that the search may take, and which one; see `choose_search`.

    Raises
    ------
    MatrixError
        What the model or the watch raised.
    OptimisationError
        Where the search wished for can't be used.
    """
    middle = state.member(middle_member(state))
    inputs = model.declaration.input_index
    now = {one.name: float(middle.inputs[0, inputs[one.name]]) for one in problem.settings}
    wanted = now | {name: value for name, value in (asked or {}).items() if name in now}
    starts = [wanted] if wanted == now else [wanted, now]
    study = _searched(model, middle, problem, starts, seed=seed, budget=budget, wish=wish, watch=watch)
    told = state.taken(slice(0, COMPARED))

    def compared(values: Mapping[str, float], since: float) -> Figures:
        until = 0.5 * (1.0 - _SEARCHING)
        return figures(problem, model.simulate(told, problem.asking(values), lambda done: watch(since + until * done)))

    with_asked = compared(wanted, _SEARCHING)
    settings = _better(problem, study, wanted)
    after = with_asked if settings == wanted else None
    if settings is not None and after is None:
        after = compared(settings, 0.5 * (1.0 + _SEARCHING))
    watch(1.0)
    return Recommendation(problem, study, now, wanted, settings, with_asked, after)


def _searched(
    model: ProcessModel,
    state: ModelState,
    problem: Problem,
    starts: Sequence[Mapping[str, float]],
    *,
    seed: int,
    budget: int,
    wish: SearchKey | None,
    watch: Watch,
) -> Study:
    """The search from the first start that leads anywhere: what was asked may shut the plant down, say."""
    runs: list[Trial] = []

    def noted(trial: Trial) -> None:
        runs.append(replace(trial, number=len(runs) + 1))

    evaluation = Evaluation(
        model, state, problem, lambda done: watch(_SEARCHING * min(1.0, (len(runs) + done) / budget))
    )
    for start in starts:
        search = choose_search(problem, evaluation, problem.point(start), budget=budget, seed=seed, wish=wish)
        study = run_study(problem, evaluation, search, budget, noted)
        if study.best is not None:
            _spared(problem, evaluation, study.best, starts[0], noted)
            break
    return replace(study, trials=tuple(runs))


def middle_member(state: ModelState) -> int:
    """The member whose states and parameters are nearest to the ensemble's mean, in spreads of the ensemble."""
    columns = np.concatenate([state.states, state.parameters], axis=1)
    spread = columns.std(axis=0)
    away = (columns - columns.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    return int(np.argmin(np.sum(away**2, axis=1)))


def _spared(
    problem: Problem, evaluation: Evaluation, best: Trial, asked: Mapping[str, float], noted: Callable[[Trial], None]
) -> None:
    """Try each setting of the best back where it was asked: what brings nothing shall not be moved."""
    settings = dict(best.settings)
    for name, value in asked.items():
        tried = problem.values(problem.point(settings | {name: value}))
        if _moved(problem, tried, settings) == 0:
            continue
        outcome = evaluation(problem.point(tried))
        noted(Trial(0, tried, outcome))
        if outcome.feasible and outcome.cost - best.outcome.cost <= _WORTH * abs(best.outcome.cost):
            settings = tried


def _better(problem: Problem, study: Study, asked: Mapping[str, float]) -> Mapping[str, float] | None:
    """Of the runs that are as good as the best, the one that moves the fewest settings; None where nothing is allowed.

    It is exactly what was asked where nothing else is worth it: that is the first run of every search.
    """
    best = study.best
    if best is None:
        return None
    most = best.outcome.cost + _WORTH * abs(best.outcome.cost)
    good = [trial for trial in study.trials if trial.outcome.feasible and trial.outcome.cost <= most]
    chosen = min(good, key=lambda trial: (_moved(problem, trial.settings, asked), trial.outcome.cost))
    return {
        one.name: asked[one.name] if _is_same(one, chosen.settings, asked) else chosen.settings[one.name]
        for one in problem.settings
    }


def _moved(problem: Problem, settings: Mapping[str, float], since: Mapping[str, float]) -> int:
    return sum(not _is_same(one, settings, since) for one in problem.settings)


def _is_same(setting: Setting, one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether a setting stands alike, to a millionth of its range."""
    return abs(one[setting.name] - other[setting.name]) <= 1e-6 * (setting.high - setting.low)


def _range(values: Array) -> dict[str, float | None]:
    """Middle, and the ends of the range that holds `LEVEL` of the members where there are several."""
    known = values[np.isfinite(values)]
    if not known.size:
        return {"mid": None, "low": None, "high": None}
    low, mid, high = np.quantile(known, [0.5 - 0.5 * LEVEL, 0.5, 0.5 + 0.5 * LEVEL])
    alone = known.size == 1
    return {"mid": float(mid), "low": None if alone else float(low), "high": None if alone else float(high)}
