"""The step that teaches a plant's learned model anew and takes it into use."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stream.jobs.graph import StepContext


def teach(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """The version that is now in use, and how far it is typically off, in percent of the instruments' ranges.

    The job's content may say `keep_only`: the version that was in use stays so. An attempt that died leaves nothing
    that is used, and the next one makes a version of its own.

    Raises
    ------
    AtlasError
        Where the plant has no recipe, training is not installed, or nothing was learned that could be trusted.
    """
    from twin.daedalus.judging import JUDGED_S, typical
    from twin.daedalus.lesson import lesson
    from twin.daedalus.library import Library

    library = Library.open()
    made_at = datetime.now(UTC).isoformat("T", "seconds")
    seed = context.seed % 2**32
    made = lesson(context.plant, library, seed=seed, made_at=made_at, watch=context.watch("teaching the plant's model"))
    learned = made.learned
    if not context.content.get("keep_only"):
        library.point(context.plant, learned.version)
    return {
        "version": learned.version,
        "in_use": library.pointed(context.plant),
        "errors": [
            {"horizon_s": horizon_s, "typical_percent": own, "no_change_percent": still}
            for horizon_s in JUDGED_S
            for own, still in [typical(learned, horizon_s)]
        ],
    }
