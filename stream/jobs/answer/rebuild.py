"""Rebuilds the twin at a question's position, from the log and the database, and what else the answer needs of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.as_of import twin_as_of
from stream.jobs.answer.situate import situate
from stream.jobs.answer.situation import Past, Situation
from stream.jobs.graph import JobServices
from stream.jobs.question import PositionError, Question
from stream.scan.plant_twin import PlantTwin
from stream.scan.replay import Moment
from stream.store.buckets import MINUTES
from stream.store.database import Pool, open_pool
from stream.store.history import Series, read_history
from stream.store.plants import read_definition, read_plant
from stream.store.worker_store import SqlWorkerStore
from twin.atlas.definition import parse
from twin.atlas.plant import Plant

REMEMBERED_US: Final = 14 * 86_400_000_000
"""How far back similar episodes are looked for."""
MOST_TAGS: Final = 8
"""Tags that episodes are compared by: as many as two weeks of minutes can be read of at once."""


async def rebuild(services: JobServices, plant: str, question: Question) -> Situation:
    """The situation that a question is asked in.

    Raises
    ------
    PositionError
        Where the position lies in a log that is no more.
    PlantNotKnownThenError, LogRangeMissingError
        Where the log does not hold what the twin is rebuilt from.
    NoModelError, MatrixError
        As `situate`.
    """
    pool = await open_pool(services.database)
    try:
        stored = await read_plant(pool, plant)
        moment = Moment(offset=question.position.offset)
        twin = await twin_as_of(services.kafka, SqlWorkerStore(pool), plant, stored.number, moment)
        if twin.incarnation != question.position.incarnation:
            message = f"the state {question.position} belongs to a log that is no more"
            raise PositionError(message, remedy="ask again from the plant's present state")
        text = await read_definition(pool, plant, twin.table.content.revision)
        described = parse(text or stored.definition)
        return situate(twin, described, await _read_past(pool, twin, _remembered(twin, described, question)))
    finally:
        await pool.close()


def _remembered(twin: PlantTwin, plant: Plant, question: Question) -> list[str]:
    """Tags by which times are compared: what is changed, its loop, what the plant earns by, the estimate's."""
    changed = [text.partition("=")[0].strip() for text in question.changes]
    loops = [f"{name.rpartition('.')[0]}.PV" for name in changed]
    money = plant.economics.inputs if plant.economics is not None else ()
    estimate = plant.model.estimate if plant.model is not None else None
    instruments = [row.tag for row in estimate.instruments] if estimate is not None else []
    known = {tag.name for tag in twin.table.tags if not tag.states and tag.kind != "derived"}
    wanted = dict.fromkeys(name for name in (*changed, *loops, *money, *instruments) if name in known)
    return list(wanted)[:MOST_TAGS]


async def _read_past(pool: Pool, twin: PlantTwin, names: list[str]) -> Past | None:
    """Values by the minute up to the position, each held until the next; None where nothing is stored."""
    table, end_us = twin.table, twin.clock
    ids = [int(table.tag_ids[table.position(name)]) for name in names]
    step_us = MINUTES.width_us
    read = await read_history(pool, ids, end_us - REMEMBERED_US, end_us, "last", REMEMBERED_US // step_us)
    begun = [series.times[0] for series in read if len(series.times)]
    if not begun:
        return None
    rows = int((end_us - min(begun)) // step_us) + 1
    grid = end_us - step_us * np.arange(rows - 1, -1, -1, dtype=np.int64)
    values = np.stack([_held(series, grid) for series in read], axis=1)
    return Past(tags=tuple(names), end_us=end_us, step_s=step_us / 1e6, values=values)


def _held(series: Series, grid: NDArray[np.int64]) -> NDArray[np.float64]:
    if not len(series.times):
        return np.full(len(grid), np.nan)
    at = np.searchsorted(series.times, grid, side="right") - 1
    return np.where(at < 0, np.nan, series.values[np.maximum(at, 0)])
