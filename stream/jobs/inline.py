"""A job's steps one after another in this process, without queue and runner: for tests of a kind, and for commands."""

import pickle
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from stream.jobs.attempt import seed_of
from stream.jobs.graph import JobServices, StepContext
from stream.jobs.job import JobRequest, Json
from stream.jobs.kinds import KINDS, steps_of
from stream.jobs.step_child import encode_json
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig


def run_inline(
    request: JobRequest,
    kinds: Mapping[str, str] = KINDS,
    services: JobServices | None = None,
    told: Callable[[str, float, str, Json], None] = lambda step, done, message, partial: None,
) -> Json:
    """The job's result; answers go through pickle and the result through JSON, as they would between processes.

    Parameters
    ----------
    request
        The job.
    kinds
        See `stream.jobs.kinds`.
    services
        Where the servers are, for steps that ask one.
    told
        Gets each progress: step, part of it done, message, and what can be shown already.

    Raises
    ------
    UnknownKindError, StepGraphError
        Where there are no such steps; besides whatever a step raises.
    """
    graph = steps_of(request, kinds)
    services = services or JobServices(DatabaseConfig(""), KafkaConfig(""))
    answers: dict[str, Any] = {}
    for step in graph.steps:

        def report(done: float, message: str, partial: Json, name: str = step.name) -> None:
            told(name, done, message, None if partial is None else orjson.loads(encode_json(partial)))

        context = StepContext(0, request.plant, request.content, seed_of(request.identity), services, report)
        inputs = {name: pickle.loads(answers[name]) for name in step.needs}  # noqa: S301  # pickled below
        answer = step.run(context, inputs)
        if step.name == graph.result:
            return orjson.loads(encode_json(answer))
        answers[step.name] = pickle.dumps(answer)
    raise AssertionError("a graph has a last step")
