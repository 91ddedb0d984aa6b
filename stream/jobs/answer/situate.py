"""From a twin at the question's position to the situation that the question is asked in; pure."""

from typing import cast

from stream.jobs.answer.situation import Past, Situation
from stream.jobs.plant_model import NoModelError
from stream.jobs.report import Note, PlantLine, TrustLine
from stream.scan.estimating import NoEstimateError
from stream.scan.plant_twin import PlantTwin
from twin.atlas.model_file import ModelEntry
from twin.atlas.plant import Plant
from twin.estimation.ensemble_filter import EnsembleFilter, FollowedModel, Outlook
from twin.estimation.forecast import NO_OUTLOOK
from twin.estimation.plan import EstimatePlan
from twin.estimation.plan_reader import read_plan
from twin.matrix.errors import MatrixError
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, SteppableModel
from twin.matrix.registry import find_model
from twin.matrix.snapshot import TwinSnapshot


def situate(twin: PlantTwin, plant: Plant, past: Past | None = None) -> Situation:
    """What is known of the plant, and the model's members that the question begins from.

    Raises
    ------
    NoModelError
        Where the plant names no process model.
    MatrixError
        Where it is not to be had, or the twin does not tell what it must know.
    """
    entry = plant.model
    if entry is None:
        raise NoModelError(f"plant {plant.id} has no process model", remedy="name one in the plant file")
    model = find_model(entry.process_model)
    seed = (twin.table.content.number, max(0, twin.offset))
    snapshot = TwinSnapshot.of(twin.table, twin.live)
    plan = _plan(entry, model)
    ensemble, outlook, trusted = _members(twin, model, plan, snapshot, seed)
    return Situation(
        plant=PlantLine(id=plant.id, name=plant.name, time_zone=plant.time_zone, revision=twin.table.content.revision),
        begin_us=twin.clock,
        tags={tag.name: tag for tag in twin.table.tags},
        values=snapshot.values,
        model=entry.process_model,
        surrogate=entry.surrogate,
        ensemble=ensemble,
        outlook=outlook,
        plan=plan,
        estimate=trusted,
        prices=twin.prices if len(twin.prices) else plant.prices,
        economics=plant.economics,
        optimisation=plant.optimisation,
        past=past,
        seed=seed,
        notes=tuple(_notes(twin)),
    )


def _plan(entry: ModelEntry, model: ProcessModel) -> EstimatePlan | None:
    if entry.estimate is None:
        return None
    plan, _ = read_plan(entry.estimate, model.declaration)
    return plan


def _members(
    twin: PlantTwin, model: ProcessModel, plan: EstimatePlan | None, snapshot: TwinSnapshot, seed: tuple[int, ...]
) -> tuple[ModelState, Outlook, TrustLine]:
    try:
        estimate = twin.newest_estimate()
    except (NoEstimateError, MatrixError) as error:
        text = f"no estimate of the plant's state: {error.message}; it begins from what is measured alone"
        return _measured(model, plan, snapshot, seed), NO_OUTLOOK, TrustLine(verdict="unknown", text=text)
    rules = twin.rules.estimate
    outlook = rules.filter.outlook(estimate) if rules is not None else NO_OUTLOOK
    return estimate.ensemble, outlook, _verdict(twin)


def _measured(
    model: ProcessModel, plan: EstimatePlan | None, snapshot: TwinSnapshot, seed: tuple[int, ...]
) -> ModelState:
    """Members around the start from measured values, as far apart as the plan says that the unknowns may be."""
    start = model.start(snapshot)
    if plan is None or not isinstance(model, SteppableModel):
        return start
    return EnsembleFilter(cast(FollowedModel, model), plan).start(start, 0, seed).ensemble


def _verdict(twin: PlantTwin) -> TrustLine:
    told = twin.estimating.told
    if told is None or told.learning:
        return TrustLine(verdict="unknown", text=told.sentence if told else "the estimate has not begun")
    return TrustLine(verdict="good" if told.explains else "poor", text=told.sentence)


def _notes(twin: PlantTwin) -> list[Note]:
    stale = [tag.name for tag, old in zip(twin.table.tags, twin.live.stale.tolist(), strict=True) if old]
    if not stale:
        return []
    named = ", ".join(stale[:5]) + (f" and {len(stale) - 5} more" if len(stale) > 5 else "")
    return [Note(kind="warning", text=f"Some values were old when this was asked: {named}.")]
