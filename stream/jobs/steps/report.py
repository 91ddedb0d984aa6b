"""The last step: everything found out, as the report."""

from collections.abc import Mapping
from typing import Any

from stream.jobs.graph import StepContext


def report(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """The report's JSON."""
    from stream.jobs.answer.asking import asked_of
    from stream.jobs.answer.compose import Cases, compose
    from twin.estimation.bands import shipped_calibration
    from twin.matrix.registry import find_model

    context.progress(0.0, "writing the report")
    situation = inputs["fork"]
    asked = asked_of(context, situation, find_model(situation.model).declaration)
    cases = Cases(inputs["simulate base"], inputs["simulate change"], inputs["predict"])
    made = compose(asked, cases, calibration=shipped_calibration(situation.plant.id), advice=inputs["recommend"])
    return made.as_content()
