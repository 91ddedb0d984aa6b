"""The kinds of jobs: which function lays out the steps of each. It is imported when the first job of its kind runs."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

from stream.jobs.errors import UnknownKindError
from stream.jobs.graph import Step, StepGraph
from stream.jobs.job import JobRequest

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "what-if": "stream.jobs.what_if:steps",
        "optimisation": "stream.jobs.what_if:steps",
        "train": "stream.jobs.training:steps",
    }
)
"""Kind to "module:function"; the function makes the steps of a request."""

AHEAD: Final = ("stream.jobs.answer", "stream.jobs.steps", "casadi", "onnxruntime")
"""What steps import when they first run, a package with its modules; processes do it ahead, while nobody waits."""


def steps_of(request: JobRequest, kinds: Mapping[str, str] = KINDS) -> StepGraph:
    """The steps of a job.

    Raises
    ------
    UnknownKindError
        Where nothing is registered for the job's kind.
    StepGraphError
        Where its steps make no graph.
    """
    place = kinds.get(request.kind)
    if place is None:
        raise UnknownKindError(
            f"kind {request.kind!r} of job {request.identity!r} is not known here",
            remedy=f"ask for one of {', '.join(sorted(kinds)) or 'none'}, or bring the runner up to date",
        )
    module, _, function = place.partition(":")
    lay_out: Callable[[JobRequest], Iterable[Step]] = getattr(import_module(module), function)
    return StepGraph(lay_out(request))
