"""How many runs of the model each search needs to the classical optimum of the Williams-Otto reactor.

The optimum is known (`docs/adr/0036-searches-behind-one-port.md`). A search is there with the first run after which its
best settings lie within 0.001 $/s, 0.005 kg/s and 0.05 degC of it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from twin.atlas.definition import parse
from twin.atlas.errors import AtlasError
from twin.matrix.port import ProcessModel
from twin.matrix.registry import find_model
from twin.matrix.snapshot import TwinSnapshot
from twin.metis.errors import MissingSearchError
from twin.metis.evaluation import Evaluation
from twin.metis.problem import Problem
from twin.metis.searches.chosen import KEYS, SearchKey, choose_search
from twin.metis.study import Study, run_study
from twin.plants import text

PLANT: Final = "williams-otto"
START: Final = {"TIC-101.SP": 85.0, "FIC-102.SP": 4.787}
OPTIMUM: Final = {"TIC-101.SP": (89.70282, 0.05), "FIC-102.SP": (4.787470, 0.005)}
"""Each setting's best value, and how near counts as there."""
PROFIT_PER_S: Final = (190.990602, 0.001)

BUDGETS: Final[dict[SearchKey, int]] = {"derivatives": 25, "quadratic": 50, "gp": 50, "tpe": 600, "cma-es": 400}
"""Runs after which a search is given up."""


@dataclass(frozen=True, slots=True)
class SearchFigures:
    """One search: the runs it needed by seed, None for those that did not get there, or why it was not tried."""

    key: SearchKey
    method: str
    budget: int
    needed: tuple[int | None, ...]
    profit_per_s: float
    why_not: str = ""


def measure_search(key: SearchKey, seeds: int) -> SearchFigures:
    """Search with seeds from 1 on; a search that draws nothing is tried once.

    Raises
    ------
    AtlasError
        Where the model that ships can't be used.
    """
    budget = BUDGETS[key]
    studies: list[Study] = []
    try:
        for seed in range(1, 1 + (1 if key in ("derivatives", "quadratic") else seeds)):
            studies.append(_search(key, seed, budget))
    except MissingSearchError as error:
        return SearchFigures(key, "", budget, (), float("nan"), str(error))
    found = [study.best.outcome.value / 3600.0 for study in studies if study.best]
    return SearchFigures(key, studies[0].method, budget, tuple(map(_needed, studies)), max(found))


def measure_searches(seeds: int) -> tuple[SearchFigures, ...]:
    """Every search that there is."""
    return tuple(measure_search(key, seeds) for key in KEYS)


def _search(key: SearchKey, seed: int, budget: int) -> Study:
    plant, model = parse(text(PLANT)), find_model(PLANT)
    if plant.optimisation is None or plant.economics is None:
        raise AtlasError(f"{PLANT} does not say what may be adjusted", remedy="install the distribution again")
    money = (plant.economics, plant.prices, datetime(2026, 1, 1, tzinfo=UTC))
    problem = Problem.of(plant.optimisation, model.declaration, money=money)
    evaluation = Evaluation(model, model.start(_design(model)), problem)
    search = choose_search(problem, evaluation, problem.point(START), budget=budget, seed=seed, wish=key)
    return run_study(problem, evaluation, search, budget)


def _design(model: ProcessModel) -> TwinSnapshot:
    """The plant at its design's steady state, 80 degC."""
    declared = model.declaration
    variables = (*declared.inputs, *declared.outputs)
    return TwinSnapshot(PLANT, {one.name: one.nominal for one in variables}, {one.name: one.unit for one in variables})


def _needed(study: Study) -> int | None:
    best = float("-inf")
    for trial in study.trials:
        if not trial.outcome.feasible or trial.outcome.value <= best:
            continue
        best = trial.outcome.value
        goal, near = PROFIT_PER_S
        there = abs(best / 3600.0 - goal) <= near
        if there and all(abs(trial.settings[name] - at) <= within for name, (at, within) in OPTIMUM.items()):
            return trial.number
    return None
