"""A question answered from the log and the database: the twin rebuilt at its position, its past, and the whole job."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import psycopg
import pytest

from stream import topics
from stream.envelope import encode, make_batch
from stream.handlers.store_plant import StorePlant, store_plant
from stream.jobs.answer.rebuild import rebuild
from stream.jobs.graph import JobServices
from stream.jobs.inline import run_inline
from stream.jobs.job import JobRequest
from stream.jobs.question import Position, PositionError, Question
from stream.jobs.report import Report
from stream.kafka import KafkaConfig, ensure_topics, open_producer
from stream.servers.tansu import TansuBroker
from stream.store.database import DatabaseConfig, open_engine, open_pool
from stream.store.plants import read_plant, read_tag_table
from stream.store.unit_of_work import SqlUnitOfWork
from twin.atlas.tags import TagTable
from twin.matrix.williams_otto.adapter import WilliamsOttoProcess
from twin.plants import text

PLANT = "williams-otto"
MINUTE_US = 60_000_000


@pytest.fixture
def services(dsn: str, scratch_kafka: TansuBroker) -> JobServices:
    return JobServices(DatabaseConfig(dsn), KafkaConfig(scratch_kafka.address))


@pytest.fixture
async def table(services: JobServices) -> TagTable:
    """The stored reactor's tag table."""
    engine = open_engine(services.database)
    await store_plant(StorePlant(definition_text=text(PLANT)), SqlUnitOfWork(engine))
    await engine.dispose()
    pool = await open_pool(services.database)
    found = await read_tag_table(pool, (await read_plant(pool, PLANT)).tag_table)
    await pool.close()
    assert found is not None
    return found


def values_at(table: TagTable, setpoint: float) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    declared = WilliamsOttoProcess().declaration
    nominal = {variable.name: variable.nominal for variable in (*declared.inputs, *declared.outputs)}
    told = {tag.tag_id: nominal[tag.name] for tag in table.tags if tag.name in nominal}
    told[int(table.tag_ids[table.position("TIC-101.SP")])] = setpoint
    return np.array(list(told), np.int32), np.array(list(told.values()))


async def tell(services: JobServices, table: TagTable, *setpoints: float) -> str:
    """One record for each setpoint, whole scans of the plant; returns the log's incarnation."""
    incarnation = await ensure_topics(services.kafka)
    producer = await open_producer(services.kafka, "test")
    partition = topics.partition_of(table.content.number)
    for seq, setpoint in enumerate(setpoints):
        ids, values = values_at(table, setpoint)
        batch = make_batch(
            plant=PLANT, source="opcua", epoch=1, seq=seq, tag_table=table.name, origin="live", tag_ids=ids,
            times=np.full(len(ids), time.time_ns() // 1000), values=values, quality=np.zeros(len(ids), np.uint32),
        )  # fmt: skip
        await producer.send_and_wait(topics.READINGS.name, encode(batch), partition=partition)
    await producer.stop()
    return incarnation


def remember(dsn: str, table: TagTable) -> None:
    """Two hours of minutes: the setpoint went from 80 to 84.5 degC after the first, and the temperature followed."""
    now = time.time_ns() // 1000
    setpoint, measured = (int(table.tag_ids[table.position(name)]) for name in ("TIC-101.SP", "TIC-101.PV"))
    rows = [
        (tag, (now - (120 - minute) * MINUTE_US) / 1e6, 84.5 if minute > after else 80.0)
        for minute in range(120)
        for tag, after in ((setpoint, 60), (measured, 64))
    ]
    with psycopg.connect(dsn, autocommit=True) as conn, conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reading (tag_id, ts, value, quality) VALUES (%s, to_timestamp(%s), %s, 0)", rows
        )
        cursor.execute(
            "INSERT INTO dirty_range (tag_ids, from_ts, to_ts) VALUES (%s, now() - interval '3 h', now())",
            [[setpoint, measured]],
        )


async def test_a_question_begins_from_its_position_and_not_from_what_came_later(
    services: JobServices, table: TagTable
) -> None:
    incarnation = await tell(services, table, 80.0, 82.0, 86.0)
    found = [
        await rebuild(services, PLANT, Question(changes=("TIC-101.SP=85 degC",), position=Position(incarnation, at)))
        for at in (0, 1, 2, 1)
    ]
    assert [one.values["TIC-101.SP"] for one in found] == [80.0, 82.0, 86.0, 82.0]
    assert [one.seed[1] for one in found] == [0, 1, 2, 1]
    assert np.array_equal(found[1].ensemble.states, found[3].ensemble.states)
    assert found[0].past is None
    with pytest.raises(PositionError, match="no more"):
        await rebuild(services, PLANT, Question(position=Position("ffff", 1)))


async def test_the_whole_job_is_answered_from_log_and_history(services: JobServices, table: TagTable, dsn: str) -> None:
    incarnation = await tell(services, table, 80.0)
    remember(dsn, table)
    question = Question(
        changes=("TIC-101.SP=85 degC",), horizon="30 min", position=Position(incarnation, 0), by="anna", at_us=1
    )
    asked = JobRequest(kind="what-if", plant=PLANT, identity="what-if/x", content=question.as_content())
    # In a thread, because the fork has an event loop of its own, as in a runner's process.
    first, second = [
        Report.model_validate(await asyncio.to_thread(run_inline, asked, services=services)) for _ in range(2)
    ]
    assert first == second
    assert first.end_state["change"]["TIC-101.PV"] == pytest.approx(85.0, abs=0.3)
    (episode,) = first.similar
    assert "80.00 to 84.50 degC" in episode.text
    followed = {each.name: (each.before, each.after) for each in episode.followed}
    assert followed["TIC-101.PV"] == (80.0, 84.5)
