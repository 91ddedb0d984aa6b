"""Runners on a database: every job gets exactly one answer or one clear failure, whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from kettles import LONG_S, Site
from processes import children_of, runs
from psycopg_pool import PoolTimeout
from run_runner import config

from stream.health import Health
from stream.jobs import worker_lag
from stream.jobs.job import Priority
from stream.jobs.process import run_runner
from stream.servers.postgres import PostgresServer
from stream.store import job_rows
from stream.store.errors import DatabaseUnreachableError


async def test_a_job_is_done_in_steps_and_told_of(site: Site) -> None:
    async with site.runner():
        job = await site.ask("tea", "one", litres=2)
        found = await site.over(job)
    assert found.state == "done", found
    assert found.result == {
        "weight": 1.996, "temperature": 100.0, "seed": found.result["seed"], "litres": 2.0, "unknown": None,
    }  # fmt: skip
    told = await site.progress(job)
    assert [each.seq for each in told] == list(range(1, len(told) + 1))
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert {"curve": [20, 60]} in [each.partial for each in told]
    assert (told[0].state, told[1].state, told[-1].state) == ("waiting", "running", "done")


async def test_a_running_job_that_is_cancelled_ends_within_a_second(site: Site) -> None:
    took = []
    async with site.runner():
        for n in range(3):  # A busy machine makes any one of them slow.
            job = await site.ask("slow", f"job {n}", seconds=60)
            await site.computing(job)
            before = children_of()
            begun = time.monotonic()
            async with site.unit:
                cancelled = await site.unit.jobs.cancel(job, datetime.now(UTC), "anna")
                await site.unit.commit()
            assert cancelled is not None
            assert (cancelled.state, cancelled.message) == ("cancelled", "cancelled by anna")
            while before <= children_of():
                assert time.monotonic() - begun < LONG_S
                await asyncio.sleep(0.01)
            took.append(time.monotonic() - begun)
            assert [each.state for each in await site.progress(job)][-1] == "cancelled"
    assert min(took) < 1.0


async def test_a_cause_that_may_pass_is_tried_again_and_another_is_told_at_once(site: Site, tmp_path: Path) -> None:
    async with site.runner():
        unlucky = await site.ask("unlucky", "one", mark=str(tmp_path / "mark"))
        hopeless = await site.ask("refusing", "two", how="scenario")
        failed = await site.over(hopeless)
        done = await site.over(unlucky)
    assert (done.state, done.result, done.attempt) == ("done", "the second time", 2)
    again = [each.message for each in await site.progress(unlucky) if each.state == "waiting"][1]
    assert "was killed by signal 9; tried again in" in again
    assert (failed.state, failed.attempt) == ("failed", 1)
    assert failed.failure is not None
    assert failed.failure.faults == [
        {"field": "changes[0]", "message": "400 degC is too hot", "remedy": "stay below 100 degC"}
    ]


async def test_what_fails_again_and_again_fails_in_the_end(site: Site) -> None:
    async with site.runner():
        job = await site.ask("refusing", "one", how="licence")
        found = await site.over(job)
    assert (found.state, found.attempt) == ("failed", 3)
    assert found.failure is not None
    assert (found.failure.message, found.failure.remedy) == ("no licence", "start the licence server")


async def test_an_unknown_kind_is_one_clear_failure(site: Site) -> None:
    async with site.runner():
        found = await site.over(await site.ask("cook", "one"))
    assert found.failure is not None
    assert "kind 'cook' of job 'one' is not known here" in found.failure.message


async def test_jobs_are_rows_that_another_runner_takes_over_when_theirs_is_killed(site: Site) -> None:
    first = site.process()
    job = await site.ask("slow", "one", seconds=3)
    await site.computing(job)
    first.kill()
    site.process()
    found = await site.over(job)
    assert (found.state, found.attempt) == ("done", 2), found
    assert "the process that ran it ended; another takes it over" in [each.message for each in await site.progress(job)]


async def test_jobs_are_rows_answered_once_though_the_runner_dies_before_the_answer_is_written(site: Site) -> None:
    site.process("finish_job", "1")
    job = await site.ask("tea", "one", litres=1)
    await asyncio.to_thread(site.runners[0].wait, LONG_S)
    assert (await site.find(job)).state == "running"
    site.process()
    found = await site.over(job)
    assert (found.state, found.attempt) == ("done", 2), found
    assert [each.state for each in await site.progress(job)].count("done") == 1


async def test_the_steps_of_a_killed_runner_end_with_it(site: Site) -> None:
    runner = site.process()
    job = await site.ask("slow", "one", seconds=60, cooperative=False)
    await site.until(job, lambda record: record.state == "running")
    await asyncio.sleep(1)
    children = [int(pid) for pid in children_of(runner.pid)]
    assert children
    runner.kill()
    runner.wait()
    deadline = time.monotonic() + 5
    while any(runs(pid) for pid in children):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_several_runners_share_the_jobs_and_do_each_once(site: Site) -> None:
    for _ in range(2):
        site.process()
    jobs = [await site.ask("slow", f"job {n}", seconds=0.5) for n in range(12)]
    found = [await site.over(job) for job in jobs]
    assert {(each.state, each.attempt) for each in found} == {("done", 1)}, found
    pids = {each.result for each in found}
    assert len(pids) > 2, "one runner alone has two processes"


async def test_a_runner_that_is_asked_to_end_leaves_its_job_to_the_next_at_once(site: Site) -> None:
    first = site.process()
    job = await site.ask("slow", "one", seconds=4)
    await site.computing(job)
    first.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(first.wait, 10) == 0
    left = await site.find(job)
    assert (left.state, left.message) == ("waiting", "the runner was stopped; another goes on")
    async with site.runner():
        found = await site.over(job)
    assert (found.state, found.attempt) == ("done", 2), found


async def test_shed_in_order_scheduled_jobs_wait_first_when_the_live_twins_lag(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 30.0

    async def watch(self: worker_lag.WorkerLag) -> None:
        while True:
            self._tell(seconds)
            await asyncio.sleep(0.05)

    monkeypatch.setattr(worker_lag.WorkerLag, "watch", watch)
    health = Health("runner")
    scheduled = await site.ask("slow", "night", Priority.SCHEDULED, seconds=0)
    async with site.runner(health):
        asked = await site.ask("slow", "question", seconds=0)
        assert (await site.over(asked)).state == "done"
        await asyncio.sleep(2)
        assert (await site.find(scheduled)).state == "waiting"
        detail = health.report()["conditions"]["live twins"]["detail"]
        assert detail == "scheduled jobs wait: the live twins lag by 30 s"
        seconds = 0.0
        assert (await site.over(scheduled)).state == "done"


async def test_an_answer_to_the_taking_of_a_job_that_is_lost_loses_no_job(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = job_rows.take_job
    lost = 0

    async def take(*arguments: Any) -> Any:
        nonlocal lost
        taken = await real(*arguments)
        if taken is not None and not lost:
            lost = taken[0].job
            raise psycopg.OperationalError("the connection broke after the commit")
        return taken

    monkeypatch.setattr(job_rows, "take_job", take)
    async with site.runner():
        job = await site.ask("slow", "one", seconds=0)
        found = await site.over(job)
    assert lost == job
    assert (found.state, found.attempt) == ("done", 2), found


async def test_a_lost_answer_to_the_commit_of_a_result_makes_no_second_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = job_rows.finish_job
    calls = 0

    async def finish(*arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        written = await real(*arguments)
        if calls == 1:
            raise psycopg.OperationalError("the connection broke after the commit")
        return written

    monkeypatch.setattr(job_rows, "finish_job", finish)
    async with site.runner():
        job = await site.ask("slow", "one", seconds=0)
        found = await site.over(job)
        # Its runner tries again, or finds first that the job is over; either way it goes on to the next.
        assert (await site.over(await site.ask("slow", "two", seconds=0))).state == "done"
    assert (found.state, found.attempt, await site.find(job)) == ("done", 1, found)
    assert [each.state for each in await site.progress(job)].count("done") == 1


async def test_jobs_are_rows_that_survive_a_database_killed_in_mid_commit(
    own_site: Site, database: PostgresServer
) -> None:
    async with own_site.runner():
        jobs = [await own_site.ask("slow", f"job {n}", seconds=0.05) for n in range(60)]
        for done in (10, 25, 40):
            await own_site.over(jobs[done])
            database.kill()
            await asyncio.sleep(0.5)
            database.start()
            await _answers(own_site)
        found = [await own_site.over(job) for job in jobs]
    assert {each.state for each in found} == {"done"}
    for job in jobs:
        told = await own_site.progress(job)
        assert [each.seq for each in told] == list(range(1, len(told) + 1))
        assert [each.state for each in told].count("done") == 1
    with psycopg.connect(own_site.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() == (0,)


async def test_a_runner_without_its_database_gives_up_in_the_end(own_site: Site, database: PostgresServer) -> None:
    health = Health("runner")
    running = asyncio.create_task(
        run_runner(config(own_site.dsn, give_up_s=1.0), health, asyncio.Event()), name="runner"
    )
    await _until(lambda: "lease" in health.report()["conditions"])
    database.kill()
    await asyncio.wait([running], timeout=60)
    assert isinstance(running.exception(), DatabaseUnreachableError | psycopg.OperationalError | PoolTimeout)
    assert not health.ok


async def _answers(site: Site) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with psycopg.connect(site.dsn):
                return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)


async def _until(holds: Callable[[], bool], timeout_s: float = LONG_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
