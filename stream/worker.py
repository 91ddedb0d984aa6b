"""The worker: a Faust agent over `atlas.readings` that keeps the live twins and says what changes.

Faust brings the group: which worker owns which partition, and where it left off. The order and the state of a
partition are its lane's (`stream.lane`); the agent only hands records over. Faust's faults are worked around as
DESIGN.md section 7 says: raw bytes, concurrency 1, no tables, an agent body that lets nothing escape.
"""

import asyncio
import contextlib
import logging
import os
import time
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, Protocol

import faust
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.exceptions import ConsumerNotStarted

from stream import topics
from stream.envelope import Tick, encode, log_named_by
from stream.kafka import KafkaConfig, ensure_topics, open_producer, open_reader, watch_log
from stream.lane import Lane, PlantList
from stream.new_log import SnapshotKeeper
from stream.output_sender import OutputSender
from stream.prompt_transport import PromptTransport
from stream.recovery import LogRecord
from stream.tag_tables import TableStore, TagTables

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
STANDSTILL_S: Final = 60.0
_EXIT_AFTER_FAULT: Final = 70


class Conditions(Protocol):
    """What the worker tells of itself; `stream.health.Health` is one."""

    def set(self, condition: str, ok: bool, detail: str = "") -> None:
        """Say whether a condition holds."""


class WorkerStore(TableStore, SnapshotKeeper, PlantList, Protocol):
    """What the worker needs of the database."""


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """How a worker runs; `slot` names it among several, so that a restart takes its partitions back at once."""

    kafka: KafkaConfig
    slot: str = ""
    group: str = "atlas-worker"
    snapshot_every_s: float = 300.0
    session_timeout_s: float = 10.0


@dataclass
class Worker:
    """The lanes of the partitions that this worker owns, and what feeds them."""

    config: WorkerConfig
    store: WorkerStore
    conditions: Conditions
    incarnation: str
    sender: OutputSender
    tables: TagTables
    lanes: dict[int, Lane] = field(default_factory=dict)
    tasks: dict[int, "asyncio.Task[None]"] = field(default_factory=dict)
    fault: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def hand_over(self, partition: int, record: LogRecord) -> None:
        """Give a record to its partition's lane, which begins with it where there is none yet."""
        lane = self.lanes.get(partition)
        if lane is None:
            lane = self._open(partition)
        await lane.offer(record)

    def _open(self, partition: int) -> Lane:
        lane = Lane(
            partition=partition,
            incarnation=self.incarnation,
            kafka=self.config.kafka,
            tables=self.tables,
            snapshots=self.store,
            plants=self.store,
            sender=self.sender,
            snapshot_every_us=int(self.config.snapshot_every_s * 1e6),
        )
        task = asyncio.create_task(lane.run(), name=f"lane {partition}")
        task.add_done_callback(self._ended)
        self.lanes[partition], self.tasks[partition] = lane, task
        return lane

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self.fault.done():
            self.fault.set_exception(error)

    def close(self, partitions: set[int]) -> None:
        """Drop the lanes of partitions that another worker takes; it rebuilds the twins itself."""
        for partition in partitions & set(self.lanes):
            self.tasks.pop(partition).cancel()
            del self.lanes[partition]

    async def tick(self, owned: set[int]) -> None:
        """Write a tick to each owned partition that has a plant and was silent for a second."""
        now = time.monotonic()
        for partition in sorted(owned):
            lane = self.lanes.get(partition)
            silent = lane is None or now - lane.last_record >= TICK_S
            if silent and await self._has_plants(partition, lane):
                tick = Tick(plant="", at=time.time_ns() // 1000)
                await self.sender.producer.send(topics.READINGS.name, encode(tick), partition=partition)

    async def _has_plants(self, partition: int, lane: Lane | None) -> bool:
        if lane is not None and lane.twins is not None and lane.twins.twins:
            return True
        return bool(await self.store.plants_of(partition))


def _options(config: WorkerConfig) -> dict[str, Any]:
    """How Faust is to behave; what is not named here stays at its default."""
    return {
        "broker": f"aiokafka://{config.kafka.bootstrap}",
        "key_serializer": "raw",
        "value_serializer": "raw",
        "broker_commit_every": 1000,
        "broker_commit_interval": 1.0,
        "broker_heartbeat_interval": 3.0,
        "broker_max_poll_records": 500,
        "broker_rebalance_timeout": config.session_timeout_s,
        "broker_session_timeout": config.session_timeout_s,
        "broker_request_timeout": max(30.0, 2 * config.session_timeout_s),
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": config.slot or None,
        "producer_request_timeout": 30.0,
        "stream_buffer_maxsize": 512,
        "stream_wait_empty": False,
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "store": "memory://",
        "web_enabled": False,
    }


def make_app(config: WorkerConfig, worker: Worker) -> faust.App:
    """The Faust application with its one agent, not started yet."""
    app = faust.App(config.group, **_options(config))
    app.transport = PromptTransport(app.conf.broker_consumer, app)
    readings = app.topic(topics.READINGS.name, key_type=bytes, value_type=bytes, partitions=topics.PARTITIONS)

    @app.agent(readings, concurrency=1)
    async def scan(stream: Any) -> None:
        async for event in stream.events():
            try:
                message = event.message
                log_time = round(message.timestamp * 1e3) * 1000
                log_named = log_named_by(message.headers)
                record = LogRecord(message.offset, log_time, message.value or b"", log_named)
                await worker.hand_over(message.partition, record)
            except Exception as error:  # Faust acknowledges what raised, so nothing may
                if not worker.fault.done():
                    worker.fault.set_exception(error)

    @app.on_partitions_revoked.connect
    async def revoked(_app: Any, /, *partitions: Any, **_: Any) -> None:
        worker.close({tp.partition for group in partitions for tp in group if tp.topic == topics.READINGS.name})

    return app


def owned_partitions(app: faust.App) -> set[int]:
    """The partitions of `atlas.readings` that this worker has now; empty while the group is being rebuilt."""
    if app.rebalancing:
        return set()
    try:
        assignment = app.consumer.assignment()
    except ConsumerNotStarted:  # On a loaded machine the first tick can come before Faust's consumer thread.
        return set()
    return {tp.partition for tp in assignment if tp.topic == topics.READINGS.name}


async def run_worker(config: WorkerConfig, store: WorkerStore, conditions: Conditions, stop: asyncio.Event) -> None:
    """Run until `stop` is set; raises what made going on impossible, upon which the process must end at once.

    Raises
    ------
    LogVanishedError
        Where the broker's log is another one than at the start.
    """
    incarnation = await ensure_topics(config.kafka)
    producer = await open_producer(config.kafka, "atlas-worker")
    worker = Worker(config, store, conditions, incarnation, OutputSender(producer), TagTables(store, incarnation))
    app = make_app(config, worker)
    jobs: list[asyncio.Future[Any]] = [
        worker.fault,
        asyncio.create_task(watch_log(config.kafka, incarnation)),
        asyncio.create_task(_ticks(worker, app)),
        asyncio.create_task(_watchdog(worker, app)),
        asyncio.create_task(stop.wait()),
    ]
    try:
        await app.start()
        conditions.set("kafka", True, f"reading log {incarnation}")
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for ended in done:
            ended.result()
    except BaseException:
        # Faust's own stop would commit what the lanes have not worked off; an end without it loses nothing.
        log.critical("the worker ends", exc_info=True)
        _leave_at_once()
    for job in jobs:
        job.cancel()
    await _stop_calmly(app, worker)


async def _stop_calmly(app: faust.App, worker: Worker) -> None:
    async with asyncio.timeout(10):
        await asyncio.gather(*(lane.queue.join() for lane in worker.lanes.values()))
        for lane in worker.lanes.values():
            for twin in lane.twins.twins.values() if lane.twins else ():
                await lane.save(twin)
        await worker.sender.flush()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(10):
            await app.stop()
    await worker.sender.producer.stop()


async def _ticks(worker: Worker, app: faust.App) -> NoReturn:
    while True:
        await asyncio.sleep(TICK_S / 4)
        try:
            await worker.tick(owned_partitions(app))
        except KafkaError as error:
            worker.conditions.set("kafka", False, f"no tick could be written: {error}")


async def _watchdog(worker: Worker, app: faust.App) -> NoReturn:
    """End the process when records wait and none has been taken for a minute: consumers of groups can get stuck."""
    reader = await open_reader(worker.config.kafka, "atlas-worker-watchdog")
    moved: dict[int, tuple[int, float]] = {}
    try:
        while True:
            await asyncio.sleep(5)
            owned = owned_partitions(app)
            worker.conditions.set("partitions", bool(owned), f"{len(owned)} of {topics.PARTITIONS} owned")
            try:
                ends = await reader.end_offsets([TopicPartition(topics.READINGS.name, p) for p in sorted(owned)])
            except KafkaError as error:
                worker.conditions.set("kafka", False, f"the broker does not answer: {error}")
                continue
            worker.conditions.set("kafka", True, f"reading log {worker.incarnation}")
            _check_progress(worker, {at.partition: end for at, end in ends.items()}, moved)
    finally:
        await reader.stop()


def _check_progress(worker: Worker, ends: dict[int, int], moved: dict[int, tuple[int, float]]) -> None:
    """Raise `TimeoutError` where a partition has records waiting and has stood still; `moved` is kept by the caller."""
    now = time.monotonic()
    for partition, end in ends.items():
        lane = worker.lanes.get(partition)
        position = lane.twins.next_offset if lane is not None and lane.twins is not None else 0
        before, since = moved.get(partition, (-1, 0.0))
        if position != before or position >= end:
            moved[partition] = (position, now)
        elif now - since > STANDSTILL_S:
            raise TimeoutError(f"partition {partition} stands at {position} of {end} for {STANDSTILL_S:.0f} s")


def _leave_at_once() -> NoReturn:
    logging.shutdown()
    os._exit(_EXIT_AFTER_FAULT)
