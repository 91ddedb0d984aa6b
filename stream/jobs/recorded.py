"""What the database holds of a plant's past, as a learned model is taught from it."""

from typing import Final

import numpy as np

from analytics.quality import is_bad
from stream.store.database import DatabaseConfig, Pool, open_pool
from stream.store.history import read_history, read_state_at
from stream.store.plants import read_plant, read_tag_table
from twin.atlas.tags import Tag
from twin.atlas.units import conversion
from twin.daedalus.recipe import Recipe
from twin.daedalus.recorded_runs import Record, recorded_runs
from twin.daedalus.runs import Run
from twin.matrix.declaration import Declaration, Variable

_PIECE_US: Final = 1_800_000_000
"""Read at once, microseconds: so little that the database gives readings and not minutes of them."""
_POINTS: Final = 100_000

Piece = tuple[float, float, bool]
"""Time, s, value, and whether it can be used."""


async def read_runs(
    database: DatabaseConfig, plant: str, begin_us: int, end_us: int, recipe: Recipe, process: Declaration
) -> list[Run]:
    """Runs out of the plant's readings between two times, microseconds UTC.

    Raises
    ------
    UnknownStoredPlantError
        Where no such plant is stored.
    UnitError
        Where a tag is in a unit of another kind than the model's variable of that name.
    """
    pool = await open_pool(database)
    try:
        records = await _read_records(pool, plant, begin_us, end_us, process)
    finally:
        await pool.close()
    return recorded_runs(records, begin_us * 1e-6, end_us * 1e-6, recipe, process)


async def _read_records(pool: Pool, plant: str, begin_us: int, end_us: int, process: Declaration) -> dict[str, Record]:
    stored = await read_plant(pool, plant)
    table = await read_tag_table(pool, stored.tag_table)
    variables = {one.name: one for one in (*process.inputs, *process.outputs)}
    tags = {tag.tag_id: tag for tag in (table.tags if table else ()) if tag.name in variables}
    pieces: dict[int, list[Piece]] = {tag_id: [] for tag_id in tags}
    for held in await read_state_at(pool, list(tags), begin_us):
        usable = not bool(is_bad(np.array([held.quality], dtype=np.uint32))[0])
        pieces[held.tag_id].append((held.time_us * 1e-6, held.value, usable))
    for at_us in range(begin_us + 1, end_us, _PIECE_US):
        for series in await read_history(pool, list(tags), at_us, min(end_us, at_us + _PIECE_US), points=_POINTS):
            usable_ones = (~is_bad(series.quality)).tolist()
            times_s = (series.times * 1e-6).tolist()
            pieces[series.tag_id] += zip(times_s, series.values.tolist(), usable_ones, strict=True)
    return {tag.name: _record(pieces[tag_id], tag, variables[tag.name]) for tag_id, tag in tags.items()}


def _record(pieces: list[Piece], tag: Tag, variable: Variable) -> Record:
    """The usable readings in the model's unit."""
    told = np.array([(time_s, value) for time_s, value, usable in pieces if usable]).reshape(-1, 2)
    values = told[:, 1]
    if tag.unit != variable.unit and not variable.states:
        to = conversion(tag.unit, variable.unit)
        values = to.scale * values + to.offset
    return Record(told[:, 0], values)
