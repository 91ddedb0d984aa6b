"""The step that asks the learnt model the same question."""

from collections.abc import Mapping
from typing import Any

from stream.jobs.graph import StepContext


def predict(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """What the learnt model answers to the change, as `stream.jobs.answer.learnt.Learnt`, or why it does not."""
    from stream.jobs.answer.learnt import ask_learnt

    return ask_learnt(inputs["fork"], context.content, context.watch("predicting the change"))
