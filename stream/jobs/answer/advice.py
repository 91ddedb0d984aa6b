"""Recommended settings in a report: what a search found from the plant's state, in the plant's own units."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from stream.jobs.answer.asking import read_scenario
from stream.jobs.answer.numbers import number
from stream.jobs.answer.shown import shown
from stream.jobs.answer.situation import Situation
from stream.jobs.question import Question
from stream.jobs.report import Range, Recommendation, Setting
from twin.matrix.declaration import Declaration
from twin.matrix.errors import MatrixError
from twin.matrix.port import Watch, unwatched
from twin.matrix.registry import find_model
from twin.metis.errors import OptimisationError, TrackingError
from twin.metis.problem import Problem
from twin.metis.recommendation import BUDGET, recommend
from twin.metis.recommendation import Recommendation as Found
from twin.metis.study import Study
from twin.metis.tracking import RunRecord, tracker

_log = logging.getLogger(__name__)

MOST_SIMULATED: Final = 4
"""Members of a simulator with a memory of its own that tell what settings would give: each runs for seconds."""

SLOW_BUDGET: Final = 12
"""Runs that a search with such a simulator may take (Tennessee Eastman: the 9th was within 0.1 % of the best)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation; None where there is none, for the reason `why_not`."""

    recommendation: Recommendation | None = None
    why_not: str = ""


NO_ADVICE: Final = Advice()
"""Nobody was asked."""


def advise(
    situation: Situation,
    content: Mapping[str, Any],
    seed: int,
    watch: Watch = unwatched,
    records: str = "",
) -> Advice:
    """Look for settings that do better than those that the question of a job asks for.

    `records` is the MLflow server that keeps the search on record, or empty. What `watch` raises goes through.
    """
    if situation.optimisation is None:
        return Advice(why_not="the plant file does not say what may be set to do better.")
    model = find_model(situation.model)
    scenario = read_scenario(Question.of_content(content), model.declaration)
    money = None
    if situation.economics is not None:
        at = datetime.fromtimestamp(situation.begin_us / 1e6, UTC)
        money = (situation.economics, situation.prices, at)
    members = situation.ensemble
    try:
        problem = Problem.of(
            situation.optimisation,
            model.declaration,
            money=money,
            asked=scenario.changes,
            horizon_s=scenario.horizon_s,
        )
        asked = {change.name: change.value for change in scenario.changes}
        few = members.taken(slice(MOST_SIMULATED)) if members.memory else members
        budget = SLOW_BUDGET if members.memory else BUDGET
        found = recommend(model, few, problem, asked, seed=seed, budget=budget, watch=watch)
    except (MatrixError, OptimisationError) as error:
        return Advice(why_not=f"{error}.")
    _keep(records, _record(situation, content, model.declaration, found, seed), found.study)
    return Advice(_told(found.as_content(), situation, model.declaration))


def _keep(records: str, record: RunRecord, study: Study) -> None:
    """Keep a search on record; a server that is away spoils no answer."""
    try:
        tracker(records).keep(record, study)
    except TrackingError as error:
        _log.warning("%s", error)


def _record(
    situation: Situation, content: Mapping[str, Any], declaration: Declaration, found: Found, seed: int
) -> RunRecord:
    """Everything that a repetition of the search needs, as far as it is not in the plant's file."""
    question = Question.of_content(content)
    return RunRecord(
        f"Recommended settings of {situation.plant.name}",
        question.title or str(question.position),
        {
            "plant": situation.plant.id,
            "revision": situation.plant.revision,
            "model": declaration.id,
            "position": str(question.position),
            "prices": situation.prices.version,
            "asked": "; ".join(question.changes),
            "horizon": question.horizon,
            "seed": seed,
            "objective": found.problem.objective.kpi.name,
            **{f"from {one.name}": f"{one.low:g} to {one.high:g} {one.unit}" for one in found.problem.settings},
        },
    )


def _told(found: Mapping[str, Any], situation: Situation, declaration: Declaration) -> Recommendation:
    settings = []
    for row in found["settings"]:
        one = shown(declaration.changeable[row["name"]], situation.tags)
        now, asked, value = (None if row[key] is None else one.number(row[key]) for key in ("now", "asked", "value"))
        if value is not None:
            settings.append(
                Setting(
                    name=one.name,
                    description=one.description,
                    unit=one.unit,
                    decimals=one.decimals,
                    now=now,
                    asked=asked,
                    value=value,
                )
            )
    gain = {key: None if value is None else number(value) for key, value in found["gain"].items()}
    return Recommendation(
        settings=tuple(settings),
        objective=found["objective"],
        gain=Range(**gain),
        gain_unit=found["gain_unit"],
        method=found["method"],
        model_runs=found["model_runs"],
        text=found["text"],
    )
