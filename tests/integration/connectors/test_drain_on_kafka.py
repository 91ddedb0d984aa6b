"""The drain against brokers that stall and that forget everything; what the log then says, read by marks."""

import asyncio

import pytest

from connectors.drain import Drain, DrainedSpool
from connectors.log import KafkaLog
from connectors.spool import open_spool
from stream.envelope import StoredMark, encode, log_named_by
from stream.kafka import KafkaConfig, TopicPartition, open_producer, open_reader, read_incarnation
from stream.topics import READINGS, STORED, partition_of

PLANT_NUMBER = 5
STALL_S = 4.0
SEGMENT_BYTES = 500
VANISHED = (False, "the log vanished; everything not stored is sent again")


@pytest.fixture(params=["scratch_kafka", "real_own_kafka"])
def broker(request):
    """A broker of each make; (bootstrap address, the server to be hurt)."""
    server = request.getfixturevalue(request.param)
    return (server.address, server) if request.param == "scratch_kafka" else (server.bootstrap, server.brokers[0])


class Feed:
    """A spool that is fed all the time, and its drain."""

    def __init__(self, spool, kafka):
        self.spool = spool
        self.told = []
        self.offered = 0
        self._drain = Drain(
            KafkaLog(KafkaConfig(kafka, request_timeout_ms=2_000)), lambda *told: self.told.append(told)
        )
        self._drain.add(PLANT_NUMBER, DrainedSpool("plant", "opcua", spool))
        self._tasks = []
        self._feeding = True

    def start(self):
        self._tasks = [asyncio.create_task(self._drain.run()), asyncio.create_task(self._feed())]

    async def end(self, until):
        """Offer no more, and wait until all was sent."""
        self._feeding = False  # Cancelled, it might have appended a batch that it did not count.
        await self._tasks[1]
        await until(lambda: not self._drain.behind, "all batches sent", 60)

    async def stop(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.spool.close()

    async def _feed(self):
        while self._feeding:
            await self.spool.append(1, self.offered, str(self.offered).encode())
            self.offered += 1
            await asyncio.sleep(0.02)


@pytest.fixture
async def feed(broker, tmp_path):
    fed = Feed(await open_spool(tmp_path / "spool", limit_bytes=1_000_000, segment_bytes=SEGMENT_BYTES), broker[0])
    yield fed
    await fed.stop()


async def read_log(kafka):
    """The seqs of the plant's partition, in its order; what was meant for another log is passed over, as readers do."""
    incarnation = await read_incarnation(KafkaConfig(kafka))
    partition = TopicPartition(READINGS.name, partition_of(PLANT_NUMBER))
    reader = await open_reader(KafkaConfig(kafka), "test")
    try:
        reader.assign([partition])
        end = (await reader.end_offsets([partition]))[partition]
        reader.seek(partition, 0)
        found = []
        while await reader.position(partition) < end:
            got = await reader.getmany(partition, timeout_ms=500)
            ours = [each for each in got.get(partition, []) if log_named_by(each.headers) == incarnation]
            found += [int(record.value) for record in ours]
        return found
    finally:
        await reader.stop()


def by_marks(seqs):
    """What a reader takes: it drops what is at or below the last it took."""
    taken = []
    for seq in seqs:
        if not taken or seq > taken[-1]:
            taken.append(seq)
    return taken


async def announce(kafka, seq):
    producer = await open_producer(KafkaConfig(kafka), "test")
    mark = StoredMark(plant="plant", source="opcua", epoch=1, seq=seq, incarnation="", at=0)
    await producer.send_and_wait(STORED.name, encode(mark), partition=0)
    await producer.stop()


async def test_one_in_flight_through_a_stalled_broker_and_stored_then_trimmed(broker, feed, until):
    kafka, server = broker
    feed.start()
    await until(lambda: (True, "sending") in feed.told, "the first batch sent", 60)
    await asyncio.sleep(0.5)
    server.pause()
    await asyncio.sleep(STALL_S)
    assert any("they wait on disk" in words for ok, words in feed.told if not ok)
    server.resume()
    await asyncio.sleep(1)
    await feed.end(until)
    assert by_marks(await read_log(kafka)) == list(range(feed.offered))
    used = feed.spool.used_bytes
    assert used > 20 * feed.offered  # Nothing was trimmed: Kafka's word is not the database's.
    await announce(kafka, feed.offered // 2)
    await until(lambda: feed.spool.used_bytes < used, "trimming at the mark")
    feed.spool.rewind()
    first = feed.spool.peek().seq
    assert first == feed.offered // 2 + 1
    await announce(kafka, feed.offered - 1)
    await until(lambda: feed.spool.used_bytes == 0, "an empty spool")


@pytest.mark.parametrize("broker", ["scratch_kafka"], indirect=True)
async def test_log_may_vanish_with_its_broker_and_what_is_not_stored_is_sent_again(broker, feed, until):
    kafka, server = broker
    feed.start()
    await until(lambda: (True, "sending") in feed.told, "the first batch sent", 60)
    await until(lambda: feed.offered > 50, "more batches")
    await announce(kafka, 40)
    await until(lambda: feed.spool.used_bytes < 20 * feed.offered, "trimming at the mark")
    server.wipe()
    server.start()
    assert server.address == kafka
    await until(lambda: VANISHED in feed.told, "the log's end noticed", 60)
    await until(lambda: (True, "sending") in feed.told[feed.told.index(VANISHED) :], "sending again", 60)
    await feed.end(until)
    assert by_marks(await read_log(kafka)) == list(range(41, feed.offered))
