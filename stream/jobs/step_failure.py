"""What an error in a step means for its job: words for a person, and whether another attempt may do better."""

import traceback

from stream.jobs.errors import StepCrashedError
from stream.jobs.job import JobFailure
from twin.atlas.errors import AtlasError

_UNEXPECTED = "tell those who look after the service; the runner's log says more"


def failure_of(error: BaseException, step: str) -> JobFailure:
    """The error as it is written with its job; one that nobody foresaw is told as such."""
    if isinstance(error, AtlasError):
        faults = getattr(error, "faults", ())
        fields = tuple({"field": fault.path, "message": fault.message, "remedy": fault.remedy} for fault in faults)
        return JobFailure(type(error).__name__, error.message, error.remedy, step, fields)
    what = traceback.format_exception_only(error)[-1].strip()
    return JobFailure(type(error).__name__, f"unexpected: {what}", _UNEXPECTED, step)


def may_pass(error: BaseException) -> bool:
    """Whether the cause may be gone when the step is tried again: a server, a licence, a process, but no answer."""
    if isinstance(error, AtlasError):
        return isinstance(error, StepCrashedError) or bool(getattr(error, "retryable", False)) or _is_servers(error)
    return isinstance(error, MemoryError) or _is_servers(error)


def _is_servers(error: BaseException) -> bool:
    # Imported where an error has come about, because a step that needs no server should not wait for their clients.
    from stream.kafka import is_brokers_fault
    from stream.store.errors import DatabaseUnreachableError
    from stream.store.faults import is_servers_fault

    return isinstance(error, DatabaseUnreachableError) or is_servers_fault(error) or is_brokers_fault(error)
