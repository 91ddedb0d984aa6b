"""One case of a question: the ensemble run through it, and a first look with a single member."""

from dataclasses import replace

from stream.jobs.answer.situation import Situation
from twin.estimation.ensemble_filter import Outlook
from twin.estimation.forecast import forecast
from twin.matrix.model_state import ModelState
from twin.matrix.port import ProcessModel, Watch, unwatched
from twin.matrix.scenario import Scenario
from twin.matrix.trajectory import Trajectory

MOST_SIMULATED = 16
"""Members of a simulator with a memory of its own: each runs for seconds, where equations take milliseconds."""


def run_case(model: ProcessModel, situation: Situation, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
    """Every member through the scenario, each with a future of its own, the same in all cases of a question.

    Raises
    ------
    MatrixError
        What the model raised, or what `watch` raised.
    """
    ensemble = asked_members(situation.ensemble)
    if situation.plan is None:
        return model.simulate(ensemble, scenario, watch)
    return forecast(
        model,
        ensemble,
        scenario,
        plan=situation.plan,
        seed=situation.seed,
        watch=watch,
        outlook=_of_members(situation.outlook, ensemble.members),
    )


def first_look(model: ProcessModel, situation: Situation, scenario: Scenario, watch: Watch = unwatched) -> Trajectory:
    """One member with nothing unforeseen, for whoever waits; raises as `run_case`."""
    return model.simulate(situation.ensemble.member(0), scenario, watch)


def base_case(scenario: Scenario) -> Scenario:
    """The same without changes."""
    return replace(scenario, changes=())


def asked_members(ensemble: ModelState) -> ModelState:
    """Those members of an estimate that answer a question."""
    return ensemble.taken(slice(MOST_SIMULATED)) if ensemble.memory else ensemble


def _of_members(outlook: Outlook, members: int) -> Outlook:
    return replace(outlook, rates={name: rates[:members] for name, rates in outlook.rates.items()})
