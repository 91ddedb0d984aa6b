"""The drain over spools on disk and a log that fails on command: what is sent again and in which order, what goes."""

import asyncio
from dataclasses import dataclass, field

import pytest

from connectors.drain import Drain, DrainedSpool
from connectors.segment import HEADER_BYTES
from connectors.spool import open_spool
from stream.envelope import StoredMark
from stream.kafka import LogVanishedError

RECORD_BYTES = HEADER_BYTES + 7


@dataclass
class ScriptedLog:
    """A log that keeps what is sent; `failures` are raised by the next sends, some after the record was kept."""

    records: list[bytes] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    announced: "asyncio.Queue[StoredMark]" = field(default_factory=asyncio.Queue)
    vanished: asyncio.Event = field(default_factory=asyncio.Event)
    producers: list[int] = field(default_factory=list)
    flying: int = 0
    most_flying: int = 0
    incarnation: int = 1

    async def learn(self) -> str:
        return str(self.incarnation)

    async def watch(self, incarnation):
        await self.vanished.wait()
        self.vanished.clear()
        raise LogVanishedError("the log is another one")

    def vanish(self) -> None:
        self.records, self.incarnation = [], self.incarnation + 1
        self.vanished.set()

    async def open_producer(self):
        self.producers.append(0)
        return ScriptedProducer(self, len(self.producers) - 1)

    async def marks(self):
        yield []
        while True:
            yield [await self.announced.get()]

    def announce(self, epoch: int, seq: int, source: str = "one") -> None:
        self.announced.put_nowait(StoredMark(plant="plant", source=source, epoch=epoch, seq=seq, incarnation="", at=0))


@dataclass
class ScriptedProducer:
    log: ScriptedLog
    number: int

    async def send(self, partition, value, incarnation):
        assert incarnation == str(self.log.incarnation)
        self.log.flying += 1
        self.log.most_flying = max(self.log.most_flying, self.log.flying)
        await asyncio.sleep(0.001)
        self.log.flying -= 1
        failure = self.log.failures.pop(0) if self.log.failures else ""
        if failure != "before":
            self.log.records.append(value)
        if failure:
            raise OSError(failure)
        self.log.producers[self.number] += 1
        return len(self.log.records) - 1

    async def stop(self):
        pass


@pytest.fixture
def log():
    return ScriptedLog()


@pytest.fixture
async def draining(log, tmp_path):
    """Two sources' spools of one partition, drained."""
    drain = Drain(log, lambda ok, detail: None)
    spools = {}
    for name in ("one", "two"):
        spools[name] = await open_spool(tmp_path / name, limit_bytes=1_000_000, segment_bytes=200)
        drain.add(7, DrainedSpool("plant", name, spools[name]))
    running = asyncio.create_task(drain.run())
    yield spools
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for spool in spools.values():
        await spool.close()


async def append(spool, name, seqs, epoch=1):
    for seq in seqs:
        await spool.append(epoch, seq, f"{name}-{seq:03d}".encode())


def of(log, name):
    return [int(record[-3:]) for record in log.records if record.startswith(name.encode())]


async def test_one_in_flight_in_a_partition_whatever_number_of_sources(log, draining, until):
    await asyncio.gather(*(append(spool, name, range(30)) for name, spool in draining.items()))
    await until(lambda: len(log.records) == 60, "all batches")
    assert log.most_flying == 1
    assert of(log, "one") == of(log, "two") == list(range(30))
    # No source starves: whatever waits, turns alternate.
    assert max(of(log, "two")[:5]) < 30


@pytest.mark.parametrize("failure", ["before", "after"])
async def test_one_in_flight_is_sent_again_by_a_new_producer_after_an_error(log, draining, until, failure):
    log.failures = ["", "", failure, failure]
    await append(draining["one"], "one", range(6))
    await until(lambda: 5 in of(log, "one"), "the last batch")
    repeats = 0 if failure == "before" else 2
    assert of(log, "one") == [0, 1, *([2] * repeats), 2, 3, 4, 5]
    assert log.producers == [2, 0, 4]


async def test_stored_then_trimmed_only_a_stored_mark_frees_the_disk(log, draining, until):
    spool = draining["one"]
    await append(spool, "one", range(20))
    await until(lambda: len(log.records) == 20, "all batches")
    assert spool.used_bytes == 20 * RECORD_BYTES
    log.announce(epoch=2, seq=19)
    log.announce(epoch=1, seq=19, source="two")
    log.announce(epoch=1, seq=9)
    await until(lambda: spool.used_bytes < 20 * RECORD_BYTES, "room after the mark")
    assert spool.used_bytes == 14 * RECORD_BYTES  # The file with 0 to 5 is gone, the one with 6 to 11 stays.
    log.announce(epoch=1, seq=19)
    await until(lambda: spool.used_bytes == 0, "an empty spool")
    assert of(log, "one") == list(range(20))


async def test_log_may_vanish_then_all_that_is_not_stored_is_sent_again_in_order(log, draining, until):
    await append(draining["one"], "one", range(10))
    await until(lambda: len(log.records) == 10, "all batches")
    log.announce(epoch=1, seq=7)
    await until(lambda: draining["one"].used_bytes == 4 * RECORD_BYTES, "the mark's trimming")
    log.vanish()
    await append(draining["one"], "one", range(10, 12))
    await until(lambda: 11 in of(log, "one"), "what is new")
    assert of(log, "one") == list(range(8, 12))


async def test_log_may_vanish_unnoticed_but_for_an_offset_that_falls_back(log, draining, until):
    await append(draining["one"], "one", range(10))
    await until(lambda: len(log.records) == 10, "all batches")
    log.records = []
    await append(draining["one"], "one", [10])
    await until(lambda: of(log, "one")[-10:] == list(range(1, 11)), "all batches in the new log")
    assert sorted(set(of(log, "one"))) == list(range(11))
