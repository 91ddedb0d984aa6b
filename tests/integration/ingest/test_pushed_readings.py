"""Pushed readings from the API's route, or any Kafka client, to twin and table; the connector is killed on the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from api.client import PlantClient
from api.client.errors import ApiClientError
from api.schemas import NewReading
from stream.envelope import ReadingBatch, decode
from stream.kafka import open_producer
from stream.scan.marks import Marks, Verdict
from stream.topics import INBOX, partition_of
from twin.atlas.tags import TagTable

Rows = dict[tuple[int, int], float]


def now_us() -> int:
    return time.time_ns() // 1000


class Pusher:
    """Pushes readings and remembers what the table must hold."""

    def __init__(self, client: PlantClient, table: TagTable) -> None:
        self.client, self.table, self.expected = client, table, Rows()

    def tag_id(self, name: str) -> int:
        return self.table.tag_ids.tolist()[self.table.position(name)]

    async def push(self, *readings: tuple[str, int, float]) -> None:
        """Through the API's route; sent again until it is acknowledged."""
        body = [NewReading(tag=tag, time=at, value=value) for tag, at, value in readings]
        async with asyncio.timeout(60):
            while True:
                try:
                    await asyncio.to_thread(self.client.record, self.table.plant, body)
                    break
                except ApiClientError:
                    await asyncio.sleep(0.2)
        self.expected |= {(self.tag_id(tag), at): value for tag, at, value in readings}


def readings_of(batches: list[ReadingBatch]) -> Counter[tuple[int, int]]:
    """How often each (tag, time) is in batches that a reader takes: those whose number is not repeated."""
    marks, found = Marks(), Counter[tuple[int, int]]()
    for batch in batches:
        verdict = marks.judge(batch.source, batch.epoch, batch.seq, batch.after)
        assert verdict is not Verdict.GAP
        if verdict is Verdict.NEXT:
            marks.advance(batch.source, batch.epoch, batch.seq)
            tag_ids, times, *_ = batch.arrays()
            found.update(zip(tag_ids.tolist(), times.tolist(), strict=True))
    return found


async def test_one_partition_what_is_pushed_reaches_twin_and_table_once_though_the_connector_is_killed(
    site: Any, mill: TagTable
) -> None:
    for name in ("worker", "historian", "serve", "connect"):
        site.start(name)
    with site.client() as client:
        pusher = Pusher(client, mill)
        for n in range(60):
            at = now_us()
            await pusher.push(("AI-1.PV", at, n / 4), ("AI-2.PV", at, 50 - n / 4), ("TI-3.PV", at, 100 + n / 4))
            if n in (15, 35):
                site.kill("connect")
            if n in (20, 40):
                site.start("connect")
            await asyncio.sleep(0.05)
        # Years of old readings, late, doubled and out of order: all are kept, and none moves a newer value.
        start = now_us()
        old = [("AI-1.PV", start - hour * 3_600_000_000, hour / 100) for hour in (9000, 3, 8000, 2, 7000)]
        await pusher.push(*old, *old[1:3])
        await pusher.push(*reversed(old))

        async def stored() -> bool:
            return set(await site.rows()) == set(pusher.expected)

        await site.until(stored, "all pushed readings stored")
    await _check_table(site, pusher)
    await _check_twin(site, pusher)


async def _check_table(site: Any, pusher: Pusher) -> None:
    rows = await site.rows()
    assert {key: round(value, 9) for key, value in rows.items()} == pusher.expected
    assert await site.ask("SELECT count(*) FROM reading_revision") == [(0,)]
    assert await site.ask("SELECT count(*) FROM dead_letter") == [(0,)]
    newest = dict(await site.ask("SELECT tag_id, value FROM last_reading"))
    assert newest[pusher.tag_id("AI-1.PV")] == 59 / 4


async def _check_twin(site: Any, pusher: Pusher) -> None:
    partition = partition_of(pusher.table.content.number)
    records = await site.readings_log(partition)
    batches = [batch for record in records if isinstance(batch := decode(record.value), ReadingBatch)]
    readings = readings_of(batches)
    doubled = Counter(readings.values())
    # The old readings were pushed three times over, some within one request; each push is in the log once.
    assert set(readings) == set(pusher.expected)
    assert doubled == Counter({1: 180, 2: 3, 3: 2})
    assert {batch.source for batch in batches} == {"lab", "push"}
    assert {batch.origin for batch in batches} == {"live", "backfill"}
    saved = await site.snapshot_from(pusher.table.plant, records[-1].offset)
    state, twin = await site.replayed(pusher.table.plant, partition, saved.offset)
    assert saved.state == state
    values = dict(zip(pusher.table.tag_ids.tolist(), twin.live.values.round(9).tolist(), strict=True))
    assert values == {
        pusher.tag_id(name): value for name, value in (("AI-1.PV", 14.75), ("AI-2.PV", 35.25), ("TI-3.PV", 114.75))
    }
    assert (twin.counts.readings, twin.counts.gaps, twin.counts.quarantined) == (192, 0, 0)


def anybodys_records(at: int) -> dict[bytes, str]:
    """Records with one good reading each where there is a frame at all, and what a letter must say of the rest."""

    def record(value: Any, tag: str = "AI-1.PV", plant: str = "mill", time_us: Any = at) -> bytes:
        good = {"tag": "AI-2.PV", "time_us": at, "value": 1.5}
        readings = [good, {"tag": tag, "time_us": time_us, "value": value}]
        return json.dumps({"v": 1, "plant": plant, "readings": readings}).encode()

    return {
        b"\x00\xff": "is not JSON",
        record(1, plant="nowhere"): "no plant 'nowhere'",
        record(1, tag="AI-9.PV"): "no tag 'AI-9.PV'",
        record("wet"): "AI-1.PV: value is 'wet'",
        record(float("nan")): "AI-1.PV: value nan is not a finite number",
        record(1, time_us="soon"): "AI-1.PV: time is 'soon'",
        record(1, time_us=0): "before the plant's history_from",
        record(1, time_us=4_102_444_800_000_000): "more than a minute ahead",
        record(77.5, time_us=datetime.fromtimestamp(at // 1_000_000, UTC).isoformat()): "",
    }


async def test_admit_once_what_any_kafka_client_writes_is_stored_or_becomes_a_letter_with_its_reason(
    site: Any, mill: TagTable
) -> None:
    for name in ("historian", "serve", "connect"):
        site.start(name)
    written = anybodys_records(now_us() - 5_000_000)
    producer = await open_producer(site.kafka, "anybody")
    for n, body in enumerate(written):  # Into any partition: who does not know the plant's number need not.
        await producer.send_and_wait(INBOX.name, body, partition=n)
    await producer.stop()
    reasons = [reason for reason in written.values() if reason]

    async def dealt_with() -> bool:
        letters = await site.ask("SELECT count(*) FROM dead_letter")
        return letters == [(len(reasons),)] and len(await site.rows()) == 2

    await site.until(dealt_with, "letters and rows")
    assert sorted((await site.rows()).values()) == [1.5, 77.5]
    letters = await site.ask("SELECT topic, reason, plant, releasable FROM dead_letter")
    for reason in reasons:
        assert [reason in letter[1] for letter in letters].count(True) == 1, (reason, letters)
    # What cannot be forwarded is of the inbox; what admission quarantines can be released once its cause is mended.
    assert Counter((topic, releasable) for topic, _, _, releasable in letters) == {
        ("atlas.inbox", False): 5,
        ("atlas.readings", True): 3,
    }
