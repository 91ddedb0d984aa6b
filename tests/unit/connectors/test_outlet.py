"""Where a source's readings go: numbered without holes, cut to what a broker takes, refused or waited for."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from connectors.errors import ConnectorError, SpoolFullError
from connectors.outlet import BACKFILL_SHARE, Outlet
from connectors.port import MOST_READINGS, Readings
from stream.envelope import MAX_BATCH_BYTES, ReadingBatch, decode


@dataclass
class ScriptedSpool:
    """A spool in memory that has room while `full` is not set."""

    full: bool = False
    records: list[tuple[int, int, bytes]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    fullness: float = 0.0
    used_bytes: int = 0

    def last_seq(self, epoch: int) -> int:
        return max((seq for kept, seq, _ in self.records if kept == epoch), default=-1)

    async def append(self, epoch: int, seq: int, payload: bytes) -> None:
        await asyncio.sleep(0)
        if self.full:
            raise SpoolFullError("the spool is full")
        assert seq > self.last_seq(epoch)
        self.records.append((epoch, seq, payload))

    async def wait_for_room(self, size: int, share: float) -> None:
        self.shares.append(share)
        while self.full:
            await asyncio.sleep(0.001)

    def batches(self) -> list[ReadingBatch]:
        records = [decode(payload) for _, _, payload in self.records]
        return [record for record in records if isinstance(record, ReadingBatch)]


@pytest.fixture
def spool() -> ScriptedSpool:
    return ScriptedSpool()


@pytest.fixture
def outlet(spool: ScriptedSpool) -> Outlet:
    return Outlet(plant="mill", source="plc", tag_table="t", spool=spool, epoch=9, clock=lambda: 77)  # type: ignore[arg-type]


def readings(n: int, origin: str = "live") -> Readings:
    return Readings(
        np.arange(n, dtype=np.int32), np.arange(n, dtype=np.int64), np.arange(n, dtype=np.float64),
        np.zeros(n, dtype=np.uint32), origin,  # type: ignore[arg-type]
    )  # fmt: skip


async def test_one_in_flight_batches_are_numbered_in_the_order_of_their_coming_without_holes(
    outlet: Outlet, spool: ScriptedSpool
) -> None:
    kept = await asyncio.gather(*(outlet.put(readings(n + 1), wait=bool(n % 2)) for n in range(20)))
    assert all(kept)
    assert [(epoch, seq) for epoch, seq, _ in spool.records] == [(9, n) for n in range(20)]
    assert [(batch.epoch, batch.seq, batch.received) for batch in spool.batches()] == [(9, n, 77) for n in range(20)]


async def test_one_in_flight_a_number_that_was_put_before_is_not_kept_twice(
    outlet: Outlet, spool: ScriptedSpool
) -> None:
    for number in ((5, 0), (5, 3), (5, 3), (5, 1), (6, 0)):
        assert await outlet.put(readings(1), wait=True, number=number)
    assert [(epoch, seq) for epoch, seq, _ in spool.records] == [(5, 0), (5, 3), (6, 0)]


async def test_more_than_a_broker_takes_becomes_several_batches_with_all_readings_in_order(
    outlet: Outlet, spool: ScriptedSpool
) -> None:
    n = 2 * MOST_READINGS + 7
    assert await outlet.put(readings(n), wait=True)
    assert [len(batch) for batch in spool.batches()] == [MOST_READINGS, MOST_READINGS, 7]
    assert max(len(payload) for _, _, payload in spool.records) < MAX_BATCH_BYTES
    times = np.concatenate([batch.arrays()[1] for batch in spool.batches()])
    np.testing.assert_array_equal(times, np.arange(n))


async def test_without_room_a_source_that_cannot_wait_is_told_so(outlet: Outlet, spool: ScriptedSpool) -> None:
    spool.full = True
    assert not await outlet.put(readings(1), wait=False)
    spool.full = False
    assert await outlet.put(readings(1), wait=False)
    assert [seq for _, seq, _ in spool.records] == [0]  # what was refused used no number


async def test_back_fill_that_waits_for_room_does_not_hold_up_what_is_live(
    outlet: Outlet, spool: ScriptedSpool
) -> None:
    spool.full = True
    waiting = asyncio.create_task(outlet.put(readings(3, "backfill"), wait=True))
    await asyncio.sleep(0.01)
    assert not await outlet.put(readings(1), wait=False)  # it got its turn and its answer
    spool.full = False
    assert await waiting
    assert spool.shares[0] == BACKFILL_SHARE
    assert [batch.origin for batch in spool.batches()] == ["backfill"]


def test_readings_of_different_lengths_or_types_are_refused() -> None:
    good = readings(3)
    with pytest.raises(ConnectorError, match="one length"):
        Readings(good.tag_ids[:2], good.times, good.values, good.quality)
    with pytest.raises(ConnectorError, match="times are float64"):
        Readings(good.tag_ids, good.times.astype(np.float64), good.values, good.quality)  # type: ignore[arg-type]
