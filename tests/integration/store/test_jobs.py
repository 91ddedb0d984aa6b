"""Jobs as rows: who may write a result, and what becomes of a job whose runner ends (rule jobs-are-rows)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from stream.jobs import queue
from stream.jobs.job import JobFailure, JobRequest, Priority
from stream.store.database import Connection, DatabaseConfig, connect
from stream.store.job_rows import (
    Lease,
    add_job,
    cancel_job,
    fail_job,
    find_job,
    finish_job,
    holds_job,
    job_progress,
    list_jobs,
    postpone_job,
    report_job,
    take_job,
    take_over_jobs,
)

AT = datetime(2026, 11, 25, tzinfo=UTC)
BOTH = (queue.ASKED, queue.SCHEDULED)


def request(identity: str, priority: Priority = Priority.ASKED, retries: int = 1) -> JobRequest:
    return JobRequest(
        kind="boil", plant="boiler", identity=identity, content={"to": 90}, priority=priority, retries=retries
    )


@pytest.fixture
async def runner(conn: Connection) -> int:
    return await queue.enlist(conn)


async def begin(conn: Connection, runner: int, identity: str = "one", retries: int = 1) -> Lease:
    await add_job(conn, request(identity, retries=retries), AT)
    taken = await take_job(conn, BOTH, runner, AT)
    assert taken is not None
    return taken[0]


async def state(conn: Connection, job: int) -> str:
    found = await find_job(conn, number=job)
    assert found is not None
    return found.state


async def silence(conn: Connection, runner: int) -> None:
    await conn.execute(
        "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id = %s", [runner]
    )


async def test_jobs_are_rows_that_exist_once_per_identity(conn: Connection) -> None:
    first = await add_job(conn, request("one"), AT)
    assert await add_job(conn, request("one"), AT) == first
    assert await add_job(conn, request("two"), AT) != first
    assert [job.request.identity for job in await list_jobs(conn, plant=None, kind=None, state=None, limit=9)] == [
        "two", "one"
    ]  # fmt: skip


async def test_two_that_ask_for_the_same_at_once_are_given_one_job(conn: Connection, dsn: str) -> None:
    other = await connect(DatabaseConfig(dsn))
    mine = await add_job(other, request("one"), AT)
    asking = asyncio.create_task(add_job(conn, request("one"), AT))
    await asyncio.sleep(0.1)
    assert not asking.done()
    await other.commit()
    assert await asking == mine
    await other.close()


async def test_the_operators_question_is_taken_before_a_scheduled_one_and_older_ones_first(
    conn: Connection, runner: int
) -> None:
    for identity, priority in (
        ("night", Priority.SCHEDULED),
        ("first", Priority.ASKED),
        ("second", Priority.ASKED),
    ):
        await add_job(conn, request(identity, priority), AT)
    taken = [await take_job(conn, BOTH, runner, AT) for _ in range(4)]
    assert [each and each[1].request.identity for each in taken] == ["first", "second", "night", None]


async def test_a_runner_that_takes_no_scheduled_jobs_leaves_them_waiting(conn: Connection, runner: int) -> None:
    await add_job(conn, request("night", Priority.SCHEDULED), AT)
    assert await take_job(conn, [queue.ASKED], runner, AT) is None
    assert await take_job(conn, BOTH, runner, AT) is not None


async def test_progress_is_numbered_without_gaps_up_to_the_end(conn: Connection, runner: int) -> None:
    lease = await begin(conn, runner)
    assert await report_job(conn, lease, AT, 0.5, "boiling", b'{"curve": [1, 2]}')
    assert await report_job(conn, lease, AT, 0.7)
    assert await finish_job(conn, lease, AT, b'{"steam": 4.5}')
    told = await job_progress(conn, lease.job)
    assert [(each.seq, each.state, each.done, each.message, each.partial) for each in told] == [
        (1, "waiting", 0.0, "waiting for its turn", None),
        (2, "running", 0.0, "begun", None),
        (3, "running", 0.5, "boiling", {"curve": [1, 2]}),
        (4, "running", 0.7, "boiling", None),
        (5, "done", 1.0, "done", None),
    ]
    assert await job_progress(conn, lease.job, after=4) == told[4:]
    found = await find_job(conn, identity="one")
    assert found is not None
    assert (found.result, found.attempt, found.seq, found.started_at, found.ended_at) == ({"steam": 4.5}, 1, 5, AT, AT)


async def test_a_failed_job_says_why(conn: Connection, runner: int) -> None:
    lease = await begin(conn, runner)
    failure = JobFailure("DivergedError", "no solution", "ask for less", "simulate", [{"field": "to", "message": "m"}])
    assert await fail_job(conn, lease, AT, failure)
    found = await find_job(conn, number=lease.job)
    assert found is not None
    assert (found.state, found.failure) == ("failed", failure)


async def test_jobs_are_rows_whose_cancelling_is_final_and_takes_the_lease(conn: Connection, runner: int) -> None:
    lease = await begin(conn, runner)
    assert await cancel_job(conn, lease.job, AT, "anna")
    assert not await holds_job(conn, lease)
    assert not await report_job(conn, lease, AT, 0.9)
    assert not await finish_job(conn, lease, AT, b"{}")
    assert not await cancel_job(conn, lease.job, AT, "ben")
    assert [each.message for each in await job_progress(conn, lease.job)][-1] == "cancelled by anna"
    assert await rows_in_queue(conn) == 0


async def test_a_waiting_job_that_is_cancelled_is_never_taken(conn: Connection, runner: int) -> None:
    job = await add_job(conn, request("one"), AT)
    assert await cancel_job(conn, job, AT, "anna")
    assert await take_job(conn, BOTH, runner, AT) is None


async def test_a_postponed_job_waits_until_its_time(conn: Connection, runner: int) -> None:
    lease = await begin(conn, runner)
    later = datetime.now(UTC) + timedelta(seconds=0.5)
    assert await postpone_job(conn, lease, AT, later, "the licence server is away; again in a while")
    assert await state(conn, lease.job) == "waiting"
    assert await take_job(conn, BOTH, runner, AT) is None
    await asyncio.sleep(0.6)
    again = await take_job(conn, BOTH, runner, AT)
    assert again is not None
    assert again[0].attempt == 2


async def test_jobs_are_rows_whose_result_only_the_attempt_that_holds_the_lease_writes(
    conn: Connection, runner: int
) -> None:
    first = await begin(conn, runner)
    await silence(conn, runner)
    assert await take_over_jobs(conn, AT, silent_s=10) == 1
    taken = await take_job(conn, BOTH, await queue.enlist(conn), AT)
    assert taken is not None
    second = taken[0]
    assert not await finish_job(conn, first, AT, b'"of the first"')
    assert not await postpone_job(conn, first, AT, AT, "first")
    assert not await fail_job(conn, first, AT, JobFailure("x", "y"))
    assert await finish_job(conn, second, AT, b'"of the second"')
    found = await find_job(conn, number=first.job)
    assert found is not None
    assert (found.result, found.attempt) == ("of the second", 2)
    assert await rows_in_queue(conn) == 0


async def test_the_jobs_of_a_living_runner_are_left_alone(conn: Connection, runner: int) -> None:
    lease = await begin(conn, runner)
    await silence(conn, runner)
    await queue.beat(conn, runner)
    assert await take_over_jobs(conn, AT, silent_s=10) == 0
    assert await holds_job(conn, lease)


async def test_a_job_that_ends_its_runner_each_time_fails_in_the_end(conn: Connection, runner: int) -> None:
    lease = await begin(conn, runner, retries=1)
    for _ in range(2):
        await silence(conn, runner)
        assert await take_over_jobs(conn, AT, silent_s=10) == 1
        await queue.beat(conn, runner)
        await take_job(conn, BOTH, runner, AT)
    found = await find_job(conn, number=lease.job)
    assert found is not None
    assert (found.state, found.attempt) == ("failed", 2)
    assert found.failure is not None
    assert found.failure.message == "the process that ran the job ended 2 times"


async def test_a_row_of_the_queue_that_stands_for_no_job_is_cleared_away(conn: Connection, runner: int) -> None:
    await queue.put(conn, 4711, Priority.ASKED)
    lease = await begin(conn, runner)
    assert lease.attempt == 1
    assert await rows_in_queue(conn) == 1


async def test_a_change_that_is_undone_leaves_job_and_queue_as_they_were(conn: Connection, runner: int) -> None:
    lease = await begin(conn, runner)

    async def finish_and_fail() -> None:
        async with conn.transaction():
            await finish_job(conn, lease, AT, b"1")
            raise RuntimeError("before the commit")

    with pytest.raises(RuntimeError, match="before the commit"):
        await finish_and_fail()
    assert await holds_job(conn, lease)
    assert await finish_job(conn, lease, AT, b"2")


async def rows_in_queue(conn: Connection) -> int:
    row = await (await conn.execute("SELECT count(*) FROM procrastinate_jobs")).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(autouse=True)
async def empty_queue(conn: Connection) -> None:
    await conn.execute("TRUNCATE procrastinate_jobs CASCADE")
