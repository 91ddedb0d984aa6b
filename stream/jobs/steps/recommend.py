"""The step that looks for better settings than those asked for."""

from collections.abc import Mapping
from typing import Any

from stream.jobs.graph import StepContext


def recommend(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """The recommendation as `stream.jobs.answer.advice.Advice`, or the reason why there is none."""
    from stream.jobs.answer.advice import advise

    watch = context.watch("looking for better settings")
    return advise(inputs["fork"], context.content, context.seed, watch, context.services.mlflow)
