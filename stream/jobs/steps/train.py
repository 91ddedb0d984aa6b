"""The step that teaches a plant's learned model anew and takes it into use."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stream.jobs.graph import StepContext


def teach(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """The version that is now in use, and how far it is off on average, in percent of the instruments' ranges.

    The job's content may say `keep_only`, and the version that was in use stays so; and `history_h`, and the plant's
    readings of so many hours are learned from too. An attempt that died leaves nothing
    that is used, and the next one makes a version of its own.

    Raises
    ------
    AtlasError
        Where the plant has no recipe, training is not installed, or nothing was learned that could be trusted.
    """
    from twin.daedalus.judging import JUDGED_S, on_average
    from twin.daedalus.lesson import lesson, nothing_recorded
    from twin.daedalus.library import Library
    from twin.daedalus.recipe import Recipe
    from twin.daedalus.runs import Run
    from twin.matrix.declaration import Declaration

    now = datetime.now(UTC)
    hours = float(context.content.get("history_h", 0.0))

    def recorded(recipe: Recipe, process: Declaration) -> list[Run]:
        from stream.jobs.recorded import read_runs

        end_us = round(now.timestamp() * 1e6)
        begin_us = end_us - round(hours * 3.6e9)
        return asyncio.run(read_runs(context.services.database, context.plant, begin_us, end_us, recipe, process))

    library = Library.open()
    seed = context.seed % 2**32
    made = lesson(
        context.plant,
        library,
        seed=seed,
        made_at=now.isoformat("T", "seconds"),
        recorded=recorded if hours > 0.0 else nothing_recorded,
        watch=context.watch("teaching the plant's model"),
    )
    learned = made.learned
    if not context.content.get("keep_only"):
        library.point(context.plant, learned.version)
    return {
        "version": learned.version,
        "in_use": library.pointed(context.plant),
        "errors": [
            {"horizon_s": horizon_s, "mean_percent": own, "no_change_percent": still}
            for horizon_s in JUDGED_S
            for own, still in [on_average(learned, horizon_s)]
        ],
    }
