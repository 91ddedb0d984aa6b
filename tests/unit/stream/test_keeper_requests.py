"""From what a policy calls for to the job that it becomes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from stream.envelope import TriggerCalled
from stream.jobs.job import Priority
from stream.jobs.kinds import KINDS
from stream.jobs.question import Question
from stream.keeper import requests

CALLED = TriggerCalled(
    plant="williams-otto",
    incarnation="0f34",
    offset=41,
    n=2,
    scan_time=1_764_000_000_000_000,
    policy="reactor-running",
    trigger="hot",
    calls="simulation",
    reason="Reactor temperature is 94.6 degC, above 94.0 degC, for 60 s (policy reactor-running of R-101)",
)


def test_a_request_becomes_a_scheduled_question_named_by_its_output() -> None:
    job = requests.job_of(CALLED)
    assert job is not None
    assert (job.kind, job.plant, job.priority) == ("what-if", "williams-otto", Priority.SCHEDULED)
    assert job.identity == "request/williams-otto/0f34/41/2"
    question = Question.of_content(job.content)
    assert str(question.position) == "0f34:41"
    assert (question.changes, question.by, question.at_us) == ((), "policy reactor-running", CALLED.scan_time)
    assert question.reason == CALLED.reason


def test_what_a_trigger_tries_reaches_the_question() -> None:
    job = requests.job_of(replace(CALLED, changes=("TIC-101.SP=85 degC",), horizon="2 h"))
    assert job is not None
    question = Question.of_content(job.content)
    assert (question.changes, question.horizon) == (("TIC-101.SP=85 degC",), "2 h")


def test_the_same_output_is_the_same_job_and_another_one_is_another() -> None:
    identities = {
        job.identity
        for called in (CALLED, CALLED, replace(CALLED, n=3), replace(CALLED, incarnation="1"))
        if (job := requests.job_of(called)) is not None
    }
    assert len(identities) == 3


@pytest.mark.parametrize("calls", requests.KINDS)
def test_every_kind_that_is_called_for_is_known_to_runners(calls: str) -> None:
    job = requests.job_of(replace(CALLED, calls=calls))
    assert job is not None
    assert job.kind in KINDS


def test_what_is_not_known_is_passed_over() -> None:
    assert requests.job_of(replace(CALLED, calls="retraining")) is None
