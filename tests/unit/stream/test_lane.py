"""A lane and its outputs: what is saved is said and acknowledged, and what cannot be said ends the worker."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from stream.envelope import DerivedScan, TriggerCalled, TwinChange, encode, make_batch
from stream.kafka import KafkaConfig
from stream.lane import Lane
from stream.output_sender import MAX_IN_FLIGHT, OutputSender
from stream.recovery import LogRecord, Snapshot, TwinsOfPartition
from stream.scan.plant_twin import Output, PlantTwin
from stream.scan.stored_state import StoredState
from stream.tag_tables import TagTables
from twin.atlas.tags import Tag, TagTable, TagTableContent

T0 = 1_790_000_000_000_000
TABLE = TagTable.of(
    TagTableContent(
        plant="mill",
        number=3,
        revision=1,
        tags=(Tag(tag_id=1, name="TI-1.PV", description="Oven", unit="degC", low=0, high=100, source="opcua"),),
    )
)


@dataclass
class Producer:
    """Hands out a future for each send; the test acknowledges."""

    sent: list["asyncio.Future[None]"] = field(default_factory=list)

    async def send(self, *_: object, **__: object) -> "asyncio.Future[None]":
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[-1]


@dataclass
class Store:
    """The database in memory: one tag table, and the offsets of the snapshots saved."""

    saved: list[int] = field(default_factory=list)

    async def find_table(self, name: str) -> tuple[TagTable | None, frozenset[tuple[str, int]]]:
        return (TABLE if name == TABLE.name else None), frozenset()

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        raise AssertionError("no table is refused here")

    async def newest_snapshot(self, plant: str) -> Snapshot | None:
        return None

    async def save_snapshot(self, plant: str, incarnation: str, offset: int, log_time: int, state: bytes) -> bool:
        self.saved.append(offset)
        return True

    async def stored_state(self, plant: str) -> StoredState:
        raise AssertionError("no log has vanished here")

    async def plants_of(self, partition: int) -> list[str]:
        return ["mill"]


def record(seq: int) -> LogRecord:
    time = T0 + seq * 1_000_000
    batch = make_batch(
        plant="mill", source="opcua", epoch=1, seq=seq, tag_table=TABLE.name, origin="live",
        tag_ids=np.array([1], np.int32), times=np.array([time]), values=np.array([20.0 + seq]),
        quality=np.zeros(1, np.uint32),
    )  # fmt: skip
    return LogRecord(seq, time, encode(batch))


@pytest.fixture
def producer() -> Producer:
    return Producer()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def lane(producer: Producer, store: Store) -> Lane:
    sender = OutputSender(producer)
    return Lane(3, "log-a", KafkaConfig("nowhere:1"), TagTables(store, "log-a"), store, store, sender, 5_000_000)


async def acknowledge(producer: Producer, *, until: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(5):
        while not until.done():
            for sent in producer.sent:
                if not sent.done():
                    sent.set_result(None)
            await asyncio.sleep(0)
    until.result()


async def take(lane: Lane, seq: int) -> None:
    if lane.twins is None:
        lane.twins = TwinsOfPartition(3, "log-a", lane.tables)
    await lane._take(record(seq), speak=True)


async def test_snapshot_and_replay_a_state_is_saved_only_once_what_it_said_is_acknowledged(
    lane: Lane, producer: Producer, store: Store
) -> None:
    first = asyncio.create_task(take(lane, 0))
    for _ in range(20):
        await asyncio.sleep(0)
    assert producer.sent
    assert store.saved == []
    await acknowledge(producer, until=first)
    assert store.saved == [0]


async def test_snapshot_and_replay_a_new_twin_is_saved_at_once_and_then_at_the_spacing(
    lane: Lane, producer: Producer, store: Store
) -> None:
    for seq in range(12):
        await acknowledge(producer, until=asyncio.create_task(take(lane, seq)))
    assert store.saved == [0, 5, 10]


async def test_named_outputs_a_failed_send_is_raised_and_nothing_is_saved(
    lane: Lane, producer: Producer, store: Store
) -> None:
    taking = asyncio.create_task(take(lane, 0))
    while not producer.sent:
        await asyncio.sleep(0)
    producer.sent[0].set_exception(ConnectionError("the broker is away"))
    with pytest.raises(ConnectionError):
        await taking
    assert store.saved == []


async def test_named_outputs_the_unacknowledged_are_bounded(producer: Producer) -> None:
    sender = OutputSender(producer)
    twin = PlantTwin.new(TABLE, "log-a", lambda _name, _offset: TABLE)
    batch = make_batch(
        plant="mill", source="opcua", epoch=1, seq=0, tag_table=TABLE.name, origin="live",
        tag_ids=np.array([1], np.int32), times=np.array([T0]), values=np.array([1.0]), quality=np.zeros(1, np.uint32),
    )  # fmt: skip
    outputs = twin.apply(batch, 0, T0)[:1] * (MAX_IN_FLIGHT + 1)
    sending = asyncio.create_task(sender.send(outputs, 3))
    for _ in range(2 * MAX_IN_FLIGHT):
        await asyncio.sleep(0)
    assert not sending.done()
    producer.sent[0].set_result(None)
    await asyncio.wait_for(sending, 5)


async def test_each_output_goes_to_the_topic_of_its_kind_in_the_plants_partition() -> None:
    named = {"plant": "mill", "incarnation": "log-a", "offset": 1}
    arrays = dict.fromkeys(("positions", "times", "values", "quality", "limits", "flags"), b"")
    outputs: list[Output] = [
        TwinChange(**named, **arrays, n=0, log_time=T0, tag_table="t", full=False),
        DerivedScan(**named, n=1, scan_time=T0, tag_table="t", tag_ids=b"", values=b"", quality=b""),
        TriggerCalled(**named, n=2, scan_time=T0, policy="p", trigger="t", calls="simulation", reason="hot"),
    ]
    sent: list[tuple[str, bytes, int]] = []

    class Remembering(Producer):
        async def send(self, topic: str, value: bytes, partition: int) -> "asyncio.Future[None]":  # type: ignore[override]
            sent.append((topic, value, partition))
            return await super().send()

    await OutputSender(Remembering()).send(outputs, 3)
    assert sent == [
        ("atlas.twin", encode(outputs[0]), 3),
        ("atlas.scores", encode(outputs[1]), 3),
        ("atlas.requests", encode(outputs[2]), 3),
    ]
