"""Jobs: what takes longer than an answer may, as rows that outlive every process (rule jobs-are-rows).

A `JobRequest` becomes a job once, by its identity. A runner takes the job, which begins an *attempt*; a result is only
written while that attempt holds the job. `Progress` is everything that ever happened to a job, numbered from 1 without
gaps, so that a reader can go on after the last number it saw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Final, Literal

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
OVER: Final[frozenset[JobState]] = frozenset({"done", "failed", "cancelled"})
"""States in which nothing happens to a job any more."""

Json = Any
"""What JSON can say: null, booleans, numbers, texts, and lists and mappings of these."""


class Priority(IntEnum):
    """What goes first; of the same priority the older job does."""

    SCHEDULED = 0
    """Asked for by a policy or a timetable: waits while workers lag, and never takes a runner's last place."""
    ASKED = 10
    """A person waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What is to be done.

    Parameters
    ----------
    kind
        One of `stream.jobs.kinds`.
    plant
        Id of the plant that it is about.
    identity
        What makes two requests one; the second is given the first one's job.
    content
        What the kind's steps are told, as JSON.
    priority
        Whether it goes before others.
    timeout_s
        How long one attempt may take; what takes longer is a failure.
    retries
        How many further attempts follow one that ended for a cause that may pass by itself, like a killed process.
    """

    kind: str
    plant: str
    identity: str
    content: Mapping[str, Json] = field(default_factory=dict)
    priority: Priority = Priority.ASKED
    timeout_s: float = 600.0
    retries: int = 2


@dataclass(frozen=True, slots=True)
class JobFailure:
    """Why a job failed, in words for a person.

    `kind` is the error's class, `step` the step that failed (empty where it was none), and `faults` what was wrong
    field by field, where the error knows: each with `field`, `message` and `remedy`.
    """

    kind: str
    message: str
    remedy: str = ""
    step: str = ""
    faults: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as it stands.

    `done` is the part done, 0 to 1; `attempt` counts from 1 and is 0 before the first; `seq` numbers the newest
    progress. `result` is there when the job is done, `failure` when it failed; a list of jobs leaves results out.
    """

    id: int
    request: JobRequest
    state: JobState
    done: float
    message: str
    attempt: int
    seq: int
    asked_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: Json = None
    failure: JobFailure | None = None

    @property
    def over(self) -> bool:
        """Whether nothing happens to it any more."""
        return self.state in OVER


@dataclass(frozen=True, slots=True)
class Progress:
    """One thing that happened to a job; `partial` is what a reader can show already, as JSON, or None.

    `seq` begins at 1 and has no gaps. The one whose state is over is the last.
    """

    job: int
    seq: int
    at: datetime
    state: JobState
    done: float
    message: str
    partial: Json = None
