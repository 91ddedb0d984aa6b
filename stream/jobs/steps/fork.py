"""The step that rebuilds the plant's state at the question's position."""

import asyncio
from collections.abc import Mapping
from typing import Any

from stream.jobs.graph import StepContext
from stream.jobs.question import Question


def fork(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """The `Situation` at the position that the question names; it stays the same however often it is asked for.

    Raises
    ------
    AtlasError
        Where the position, the plant's model, or a value that the model must know is not there.
    """
    from stream.jobs.answer.rebuild import rebuild

    context.progress(0.0, "rebuilding the plant's state")
    return asyncio.run(rebuild(context.services, context.plant, Question.of_content(context.content)))
