"""Killed, doubled, cut off and deceived by its log, the historian loses and doubles nothing."""

from __future__ import annotations

import asyncio
import functools
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.protocol.metadata import MetadataRequest

from stream import topics
from stream.envelope import encode
from stream.historian.positions import Move, Position, load_positions, move_positions
from stream.historian.write import open_writer
from stream.kafka import LogVanishedError, ensure_topics, open_producer
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig
from stream.store.errors import FencedError

SCRIPT = Path(__file__).with_name("run_historian.py")


def start(site: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), site.config.kafka.bootstrap, site.dsn],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stderr=subprocess.PIPE,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


async def offset(site: Any) -> int:
    found = await site.ask("SELECT coalesce(sum(next_offset), 0) FROM position")
    return int(found[0][0])


@pytest.mark.slow
async def test_one_row_killed_again_and_again_it_stores_all_that_was_produced_once(site: Any) -> None:
    """Kill -9 at random moments of many small transactions, with back-fill and repeats under way on both lanes."""
    fields = [await site.field("boiler", 4), await site.field("kiln", 5)]
    rng = random.Random(11)  # noqa: S311
    process = start(site)
    kills = 0
    try:
        for round_ in range(12):
            before = await offset(site)
            for k in range(round_ * 60, round_ * 60 + 60):
                for plant in fields:
                    batch = plant.scan(k) if k % 5 else plant.scan(k, origin="backfill")
                    await plant.send(*([batch, batch] if k % 7 == 0 else [batch]))

            async def moved(before: int = before) -> bool:
                return await offset(site) > before + rng.randrange(40)

            await site.until(moved)
            end(process)
            kills += 1
            process = start(site)
        for plant in fields:
            await site.caught_up(plant, timeout_s=60)
    finally:
        end(process)
    assert kills == 12
    assert await site.rows() == {**fields[0].expected, **fields[1].expected}
    assert await site.ask("SELECT count(*) FROM reading") == [(2 * 12 * 60 * 10,)]
    assert await site.ask("SELECT count(*) FROM dead_letter") == [(0,)]
    assert await site.ask("SELECT count(*) FROM reading_revision") == [(0,)]
    assert await site.ask("SELECT DISTINCT seq FROM stored_mark") == [(719,)]
    wrong = "SELECT count(*) FROM last_reading l JOIN reading r USING (tag_id) WHERE r.ts > l.ts"
    assert await site.ask(wrong) == [(0,)]


async def test_one_row_of_two_historians_the_one_that_was_overtaken_ends(site: Any, plant: Any) -> None:
    async with site.running() as first:
        await plant.send(plant.scan(0))
        await site.caught_up(plant, first)
        async with site.running() as second:
            for k in range(1, 200):
                await plant.send(plant.scan(k))
                if first.done() or second.done():
                    break
                await asyncio.sleep(0.02)
            done, _ = await asyncio.wait([first, second], timeout=20, return_when=asyncio.FIRST_COMPLETED)
            assert len(done) == 1
            with pytest.raises(FencedError, match="another"):
                done.pop().result()
            await site.caught_up(plant)
    assert await site.rows() == plant.expected
    assert await site.ask("SELECT count(*) FROM reading") == [(len(plant.expected),)]


async def test_one_row_a_position_moves_only_from_where_it_was_left(site: Any) -> None:
    place = (topics.READINGS.name, 3)
    one, two = await open_writer(site.config.database), await open_writer(site.config.database)
    try:
        await load_positions(one, "log-a", [place])
        await load_positions(two, "log-a", [place])
        async with one.transaction():
            await move_positions(one, "log-a", {place: Move(0, Position(5, "a/1/1@4"))})
            late = asyncio.create_task(move_positions(two, "log-a", {place: Move(0, Position(7))}))
            await asyncio.sleep(0.2)
            assert not late.done()
        with pytest.raises(FencedError):
            await late
        with pytest.raises(FencedError):
            await move_positions(two, "log-b", {place: Move(5, Position(7))})
        assert await load_positions(two, "log-a", [place]) == {place: Position(5, "a/1/1@4")}
        assert await load_positions(two, "log-b", [place]) == {place: Position()}
    finally:
        await one.close()
        await two.close()


async def test_log_may_vanish_a_wiped_broker_is_read_from_its_start(
    site: Any, plant: Any, scratch_kafka: TansuBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Clients that outlive the broker must not make its topics anew, with whatever partition count it likes.
    strict = functools.partial(MetadataRequest, allow_auto_topic_creation=False)
    monkeypatch.setattr("aiokafka.client.MetadataRequest", strict)
    async with site.running() as task:
        early = [plant.scan(k) for k in range(20)]
        await plant.send(*early)
        await site.caught_up(plant, task)
        await site.producer.stop()
        scratch_kafka.kill()
        scratch_kafka.start()
        await ensure_topics(site.config.kafka)
        with pytest.raises(LogVanishedError):
            await asyncio.wait_for(task, 30)
    plant.producer = await open_producer(site.config.kafka, "again")
    try:
        # The connector sends again what it has no stored mark for; here it repeats some that it had.
        async with site.running() as task:
            await plant.send(*early[15:], *[plant.scan(k) for k in range(20, 45)])
            await site.caught_up(plant, task)
    finally:
        await plant.producer.stop()
    assert await site.rows() == plant.expected
    assert await site.ask("SELECT seq FROM stored_mark") == [(44,)]


async def test_log_may_vanish_a_position_whose_batch_is_another_begins_anew(site: Any, plant: Any) -> None:
    async with site.running() as task:
        await plant.send(*[plant.scan(k) for k in range(10)])
        await site.caught_up(plant, task)
    async with site.pool.connection() as conn:
        await conn.execute(
            "UPDATE position SET fingerprint = 'opcua/7/3@9', next_offset = 10 WHERE fingerprint LIKE 'opcua/7/9@9'"
        )
        await conn.execute("DELETE FROM reading")
        await conn.execute("DELETE FROM stored_mark")
    async with site.running() as task:
        await plant.send(plant.scan(10))
        await site.caught_up(plant, task)
    assert await site.rows() == plant.expected


async def test_log_may_vanish_a_gap_in_the_same_log_is_accepted(site: Any, plant: Any) -> None:
    async with site.running() as task:
        await plant.send(plant.scan(0))
        plant.seq += 5
        await plant.send(plant.scan(1))
        await site.caught_up(plant, task)
    assert await site.rows() == plant.expected


async def test_bad_row_not_dead_sink_a_lost_connection_is_taken_up_again(site: Any, plant: Any) -> None:
    async with site.running() as task:
        await plant.send(plant.scan(100))
        await site.caught_up(plant, task)
        for k in range(60):
            await plant.send(plant.scan(k))
            if k % 10 == 5:
                await site.ask(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        await site.caught_up(plant, task)
        assert not task.done()
    assert await site.rows() == plant.expected
    assert await site.ask("SELECT count(*) FROM dead_letter") == [(0,)]


async def test_bad_row_not_dead_sink_a_locked_table_is_waited_for(site: Any, plant: Any) -> None:
    blocker = await open_writer(site.config.database)
    async with site.running(database=DatabaseConfig(site.dsn, statement_timeout_s=1)) as task:
        await plant.send(plant.scan(0))
        await site.caught_up(plant, task)
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE reading IN EXCLUSIVE MODE")
            await plant.send(plant.scan(1))
            await asyncio.sleep(2.5)
        await site.caught_up(plant, task)
    await blocker.close()
    assert await site.rows() == plant.expected
    assert await site.ask("SELECT count(*) FROM dead_letter") == [(0,)]


async def test_a_killed_process_ends_by_the_signal(site: Any, plant: Any) -> None:
    """The kill test kills what it thinks it kills: a process that has stored something and dies by SIGKILL."""
    process = start(site)
    await plant.send(plant.scan(0))
    await site.caught_up(plant)
    assert process.poll() is None
    end(process)
    assert process.returncode == -signal.SIGKILL
    other = msgspec.structs.replace(plant.scan(1), epoch=8, seq=0)
    await plant.send_raw(encode(other))
    await asyncio.sleep(0.3)
    assert await site.ask("SELECT count(*) FROM reading") == [(10,)]
