"""Errors of jobs.

AtlasError
`-- JobError                 a job that cannot be asked for, or could not be done
    |-- UnknownJobError      no job has that number
    |-- UnknownKindError     nothing is registered for that kind of job
    |-- StepGraphError       steps that make no graph
    |-- JobStoppedError      a step was told to end
    |-- LeaseLostError       an attempt no longer holds its job: it was cancelled, or is another's
    |-- JobTimeoutError      an attempt took longer than it was given
    `-- StepCrashedError     the process of a step ended without an answer
"""

from twin.atlas.errors import AtlasError


class JobError(AtlasError):
    """A job that cannot be asked for, or could not be done."""


class UnknownJobError(JobError):
    """No job has that number."""

    def __init__(self, job: int) -> None:
        super().__init__(f"there is no job {job}", remedy="the list of jobs shows those that are kept")


class UnknownKindError(JobError):
    """Nothing is registered for that kind of job."""


class StepGraphError(JobError):
    """Steps that make no graph: a name used twice, a need that is no step, or a circle."""


class JobStoppedError(JobError):
    """Raised inside a step that must end: its job was cancelled, ran out of time, or went to another attempt."""

    def __init__(self) -> None:
        super().__init__("the job was stopped", remedy="ask again if the answer is still wanted")


class LeaseLostError(JobError):
    """An attempt no longer holds its job: it was cancelled, or went to another attempt. What it finds is for nobody."""


class JobTimeoutError(JobError):
    """An attempt took longer than it was given."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(
            f"the job was not done within {timeout_s:g} s", remedy="ask for a shorter horizon, or allow more time"
        )


class StepCrashedError(JobError):
    """The process of a step ended without an answer; another attempt may do better."""
