"""Attempts in real processes: answers, failures, cancelling, timeouts, and the place that is kept for a person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import boiling
import orjson
import pytest
from processes import children_of

from stream.jobs.attempt import Attempt
from stream.jobs.errors import JobTimeoutError, StepCrashedError
from stream.jobs.graph import JobServices
from stream.jobs.job import JobRecord, JobRequest, Priority
from stream.jobs.kinds import steps_of
from stream.jobs.places import StepPlaces
from stream.jobs.step_child import ChildSettings
from stream.jobs.step_process import StepFailedError, StepProcess
from stream.kafka import KafkaConfig
from stream.store.database import DatabaseConfig

AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
async def places() -> AsyncIterator[StepPlaces]:
    made = StepPlaces(2, lambda: StepProcess(ChildSettings(ahead=False)))
    yield made
    await made.close()


def attempt(
    places: StepPlaces,
    kind: str,
    told: list[tuple[float, str, bytes | None]] | None = None,
    *,
    timeout_s: float = 60,
    priority: Priority = Priority.ASKED,
    **content: Any,
) -> Attempt:
    request = JobRequest(
        kind=kind, plant="kettle", identity="one", content=content, timeout_s=timeout_s, priority=priority
    )
    record = JobRecord(1, request, "running", 0.0, "", 1, 2, AT)
    news = [] if told is None else told
    services = JobServices(DatabaseConfig(""), KafkaConfig(""))
    return Attempt(record, steps_of(request, boiling.KINDS), services, places, lambda *each: news.append(each))


async def test_the_steps_of_a_job_run_in_processes_and_their_answers_meet(places: StepPlaces) -> None:
    told: list[tuple[float, str, bytes | None]] = []
    result = orjson.loads(await attempt(places, "tea", told, litres=2).run())
    assert result == {"weight": 1.996, "temperature": 100.0, "seed": result["seed"], "litres": 2.0, "unknown": None}
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][0] == 1.0
    assert b'{"curve":[20,60]}' in [partial for _, _, partial in told]


async def test_steps_that_do_not_need_each_other_run_at_the_same_time(places: StepPlaces) -> None:
    begun = time.monotonic()
    await asyncio.gather(*(attempt(places, "slow", seconds=0.1).run() for _ in range(2)))  # Both processes are up now.
    begun = time.monotonic()
    answers = await asyncio.gather(*(attempt(places, "slow", seconds=1).run() for _ in range(2)))
    assert time.monotonic() - begun < 1.8
    assert len(set(answers)) == 2


@pytest.mark.parametrize(
    ("how", "kind", "told", "passes"),
    [
        ("scenario", "ScenarioError", "too hot", False),
        ("licence", "LicenceError", "no licence", True),
        ("bug", "ZeroDivisionError", "unexpected: ZeroDivisionError: by zero", False),
        ("unpicklable", "PicklingError", "unexpected", False),
    ],
)
async def test_a_failed_step_tells_why_and_whether_it_may_pass(
    places: StepPlaces, how: str, kind: str, told: str, passes: bool
) -> None:
    with pytest.raises(StepFailedError) as caught:
        await attempt(places, "refusing", how=how).run()
    failed = caught.value.failed
    if how == "unpicklable":  # Python's versions differ in the error's class.
        kind = failed.failure.kind
    assert (failed.failure.kind, failed.failure.step, failed.may_pass) == (kind, "refuse", passes)
    assert told in failed.failure.message


async def test_the_faults_of_a_question_come_with_the_failure(places: StepPlaces) -> None:
    with pytest.raises(StepFailedError) as caught:
        await attempt(places, "refusing", how="scenario").run()
    assert caught.value.failed.failure.faults == (
        {"field": "changes[0]", "message": "400 degC is too hot", "remedy": "stay below 100 degC"},
    )


async def test_a_process_that_ends_is_told_and_replaced(places: StepPlaces) -> None:
    with pytest.raises(StepCrashedError, match="'refuse' was killed by signal 9"):
        await attempt(places, "refusing", how="crash").run()
    assert orjson.loads(await attempt(places, "slow", seconds=0).run()).startswith("done by")


@pytest.mark.parametrize("cooperative", [True, False])
async def test_a_cancelled_attempt_is_gone_within_a_second(places: StepPlaces, cooperative: bool) -> None:
    took = []
    for _ in range(3):  # A busy machine makes any one of them slow.
        await attempt(places, "slow", seconds=0).run()
        told: list[Any] = []
        running = asyncio.create_task(attempt(places, "slow", told, seconds=60, cooperative=cooperative).run())
        while cooperative and not told:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        before = children_of()
        begun = time.monotonic()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        took.append(time.monotonic() - begun)
        assert not before <= children_of()
    assert min(took) < 1.0


async def test_an_attempt_that_takes_too_long_is_ended_and_says_so(places: StepPlaces) -> None:
    await attempt(places, "slow", seconds=0).run()
    with pytest.raises(JobTimeoutError, match=r"not done within 0\.5 s; ask for a shorter horizon"):
        await attempt(places, "slow", seconds=60, timeout_s=0.5).run()


async def test_a_place_is_kept_for_the_person_who_asks_while_scheduled_work_goes_on(places: StepPlaces) -> None:
    scheduled = [
        asyncio.create_task(attempt(places, "slow", seconds=30, priority=Priority.SCHEDULED).run()) for _ in range(3)
    ]
    await asyncio.sleep(0.5)
    answer = await asyncio.wait_for(attempt(places, "slow", seconds=0).run(), 20)
    assert answer
    assert not any(task.done() for task in scheduled)
    for task in scheduled:
        task.cancel()
    await asyncio.gather(*scheduled, return_exceptions=True)


async def test_places_go_to_persons_first_and_then_in_order() -> None:
    class Idle:
        usable = True

        async def close(self) -> None:
            pass

    places = StepPlaces(1, Idle)  # type: ignore[arg-type]
    order: list[str] = []

    async def use(name: str, priority: Priority) -> None:
        async with places.take(priority):
            order.append(name)
            await asyncio.sleep(0)

    async with places.take(Priority.ASKED):
        tasks = [
            asyncio.create_task(use(name, priority))
            for name, priority in (
                ("night", Priority.SCHEDULED), ("first", Priority.ASKED), ("gone", Priority.ASKED),
                ("second", Priority.ASKED),
            )
        ]  # fmt: skip
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.sleep(0)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["first", "second", "night"]
