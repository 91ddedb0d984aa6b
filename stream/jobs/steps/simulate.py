"""The steps that run the physical model: a first look, the base case and the change."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stream.jobs.graph import StepContext

if TYPE_CHECKING:
    from stream.jobs.answer.asking import Asked
    from twin.matrix.port import ProcessModel


def look(context: StepContext, inputs: Mapping[str, Any]) -> None:
    """Show whoever waits the curves of a single member."""
    from stream.jobs.answer.compose import Cases, compose_draft
    from stream.jobs.answer.run_case import base_case, first_look

    asked, model = _asked(context, inputs)
    at, scenario = asked.situation, asked.scenario
    base = first_look(model, at, base_case(scenario), context.watch("first curves", 0.0, 0.5))
    change = first_look(model, at, scenario, context.watch("first curves", 0.5, 0.9))
    draft = compose_draft(asked, Cases(base, change))
    context.progress(1.0, "first curves", partial={"kind": "curves", "report": draft.as_content()})


def simulate_base(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """The trajectory of the ensemble if nobody does anything."""
    from stream.jobs.answer.run_case import base_case, run_case

    asked, model = _asked(context, inputs)
    return run_case(model, asked.situation, base_case(asked.scenario), context.watch("simulating the base case"))


def simulate_change(context: StepContext, inputs: Mapping[str, Any]) -> Any:
    """The trajectory of the ensemble with the change."""
    from stream.jobs.answer.run_case import run_case

    asked, model = _asked(context, inputs)
    return run_case(model, asked.situation, asked.scenario, context.watch("simulating the change"))


def _asked(context: StepContext, inputs: Mapping[str, Any]) -> "tuple[Asked, ProcessModel]":
    from stream.jobs.answer.asking import asked_of
    from twin.matrix.registry import find_model

    model = find_model(inputs["fork"].model)
    return asked_of(context, inputs["fork"], model.declaration), model
