"""What is produced becomes rows: each once, whatever order, repetition or malformation it comes with."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import numpy as np
import pytest
from aiokafka import TopicPartition

from stream import topics
from stream.envelope import Control, DerivedScan, Tick, decode_stored, encode
from stream.kafka import open_reader


async def test_one_row_readings_become_rows_with_last_values_marks_and_dirty_ranges(site: Any, plant: Any) -> None:
    async with site.running() as task:
        for k in range(50):
            await plant.send(plant.scan(k))
        await site.caught_up(plant, task)
    assert await site.rows() == plant.expected
    last = await site.ask("SELECT tag_id, value FROM last_reading ORDER BY tag_id")
    assert last == [(tag_id, n + 49 * 0.25) for n, tag_id in enumerate(plant.table.tag_ids.tolist())]
    assert await site.ask("SELECT plant, source, epoch, seq FROM stored_mark") == [("boiler", "opcua", 7, 49)]
    dirty = await site.ask("SELECT min(from_ts), max(to_ts), max(array_length(tag_ids, 1)) FROM dirty_range")
    times = await site.ask("SELECT min(ts), max(ts) FROM reading")
    assert dirty[0][0] <= times[0][0]
    assert dirty[0][1] > times[0][1]
    assert dirty[0][2] == 10


async def test_one_in_flight_a_repeated_batch_is_dropped(site: Any, plant: Any) -> None:
    batches = [plant.scan(k) for k in range(10)]
    async with site.running() as task:
        await plant.send(*batches[:6])
        await plant.send(*batches[3:])
        await plant.send(*batches)
        # The number decides, not the content: what bears a number that was stored is not looked at again.
        other = np.frombuffer(batches[4].times, "<i8") + 1
        await plant.send(msgspec.structs.replace(batches[4], times=other.tobytes()))
        await site.caught_up(plant, task)
    assert await site.rows() == plant.expected
    assert await site.ask("SELECT count(*) FROM reading_revision") == [(0,)]


async def test_back_fill_fills_gaps_and_moves_no_newer_live_value(site: Any, plant: Any) -> None:
    live = [plant.scan(k) for k in range(100, 110)]
    late = [plant.scan(k, origin="backfill") for k in (40, 10, 30, 20)]
    again = [plant.scan(k, origin="backfill") for k in (30, 105)]
    async with site.running() as task:
        await plant.send(*live, *late, *again)
        await site.caught_up(plant, task)
    assert await site.rows() == plant.expected
    newest = await site.ask("SELECT DISTINCT (extract(epoch FROM ts) * 1000000)::bigint FROM last_reading")
    assert newest == [(plant.start + 109_000_000,)]
    assert await site.ask("SELECT count(*) FROM reading_revision") == [(0,)]


async def test_one_row_a_correction_wins_over_the_live_value_whichever_comes_first(site: Any, plant: Any) -> None:
    tag = plant.table.tag_ids[:1]
    early, late = np.array([plant.start], np.int64), np.array([plant.start + 5], np.int64)

    def batch(times: Any, value: float, version: int) -> Any:
        origin = "correction" if version else "live"
        return plant.batch(times, np.array([value]), origin=origin, tag_ids=tag, version=version)

    async with site.running() as task:
        await plant.send(batch(early, 1.0, 0), batch(early, 2.0, 1), batch(late, 4.0, 1), batch(late, 3.0, 0))
        await site.caught_up(plant, task)
    assert list((await site.rows()).values()) == [2.0, 4.0]
    assert await site.ask("SELECT value, version FROM reading_revision ORDER BY value") == [(1.0, 0), (3.0, 0)]
    assert await site.ask("SELECT value FROM last_reading") == [(4.0,)]


async def check_letters(site: Any, n: int) -> None:
    """One letter for each bad batch of `n` readings or unreadable record, cut where it is long."""
    letters = await site.ask(
        "SELECT reason, octet_length(body), body_bytes, releasable, readings FROM dead_letter"
        ' ORDER BY partition, "offset"'
    )
    assert len(letters) == 8 + 3 + 1
    assert all(reason and size <= 65_536 for reason, size, *_ in letters)
    assert any(size == 65_536 and whole == 100_000 for _, size, whole, *_ in letters)
    assert sum(readings for *_, releasable, readings in letters if releasable) == 5 * n
    reasons = " | ".join(reason for reason, *_ in letters)
    for word in ("finite", "history_from", "minute ahead", "version 99", "belongs into partition", "NUL", "epoch"):
        assert word in reasons


async def test_bad_row_not_dead_sink_malformed_records_become_letters_and_harm_nothing(site: Any, plant: Any) -> None:
    rng = np.random.default_rng(3)
    good = plant.scan(0)
    n = len(plant.table)
    now = np.full(n, plant.start, np.int64)
    values = np.ones(n)
    other = await site.field("kiln", 6)
    raw = encode(msgspec.structs.replace(plant.scan(1), epoch=98))
    bad = {
        "unreadable": [rng.bytes(400), raw[:-40], b"", b"\x93" * 100_000],
        "version": [raw.replace(b"\xa1v\x01", b"\xa1v\x63", 1)],
        "plant": [encode(msgspec.structs.replace(other.scan(0), plant="boiler", epoch=99))],
        "NUL": [encode(msgspec.structs.replace(plant.scan(2), source="a\x00b"))],
        "epoch": [encode(msgspec.structs.replace(plant.scan(3), epoch=2**64 - 1))],
    }
    plant.expected = {key: value for key, value in plant.expected.items() if key[1] == plant.start}
    plant.seq = 1
    async with site.running() as task:
        await plant.send(good)
        for group in bad.values():
            for body in group:
                await plant.send_raw(body)
        await plant.send_raw(raw, partition=9)
        await plant.send(
            plant.batch(now + 1, np.full(n, np.nan)),
            plant.batch(np.zeros(n, np.int64), values),
            plant.batch(np.full(n, 4_102_444_800_000_000, np.int64), values),
            plant.scan(50),
        )
        await plant.send_raw(encode(Tick(plant="", at=1)))
        await plant.send_raw(encode(Control(plant="boiler", identity="x", action="revise")))
        await site.caught_up(plant, task)
        await asyncio.sleep(0.5)
    assert await site.rows() == plant.expected
    await check_letters(site, n)


async def test_bad_row_not_dead_sink_a_row_that_the_database_refuses_costs_only_itself(site: Any, plant: Any) -> None:
    async with site.pool.connection() as conn:
        await conn.execute("ALTER TABLE reading ADD CONSTRAINT unlucky CHECK (value <> 13.25)")
    async with site.running() as task:
        # 9 + k / 4 = 13.25 for the last tag at k = 17, and for others at later scans.
        await plant.send(*[plant.scan(k) for k in range(40)])
        await plant.send(*[plant.scan(k, origin="backfill") for k in range(40, 60)])
        await site.caught_up(plant, task)
    kept = {key: value for key, value in plant.expected.items() if value != 13.25}
    assert len(kept) < len(plant.expected)
    assert await site.rows() == kept
    letters = await site.ask("SELECT reason, convert_from(body, 'UTF8')::json ->> 'value', readings FROM dead_letter")
    assert len(letters) == len(plant.expected) - len(kept)
    assert {(value, readings) for _, value, readings in letters} == {("13.25", 1)}
    assert all("unlucky" in reason for reason, *_ in letters)


async def test_stored_then_trimmed_marks_are_published_of_what_is_committed(site: Any, plant: Any) -> None:
    async with site.running() as task:
        await plant.send(*[plant.scan(k) for k in range(5)])
        await site.caught_up(plant, task)
        reader = await open_reader(site.config.kafka, "test")
        reader.assign([TopicPartition(topics.STORED.name, 0)])
        reader.seek(TopicPartition(topics.STORED.name, 0), 0)
        try:
            seen: list[int] = []
            while 4 not in seen:
                assert not task.done()
                for records in (await reader.getmany(timeout_ms=500)).values():
                    seen += [decode_stored(record.value).seq for record in records]
        finally:
            await reader.stop()
    assert seen == sorted(seen)


async def test_tag_tables_an_unknown_table_pauses_only_its_partition_and_then_its_batches_are_refused(
    site: Any, plant: Any
) -> None:
    neighbour = await site.field("kiln", 7)
    unknown = [msgspec.structs.replace(plant.scan(k), tag_table="0" * 16) for k in range(3)]
    plant.expected.clear()
    async with site.running() as task:
        await plant.send(*unknown, plant.scan(10))
        begun = asyncio.get_running_loop().time()
        await neighbour.send(neighbour.scan(0))
        await site.caught_up(neighbour, task)
        assert asyncio.get_running_loop().time() - begun < 1.5
        await site.caught_up(plant, task)
    assert await site.rows() == plant.expected | neighbour.expected
    assert await site.ask("SELECT count(*), bool_and(releasable), sum(readings) FROM dead_letter") == [(3, True, 30)]
    assert await site.ask('SELECT "offset" FROM tag_table_refusal ORDER BY 1') == [(0,), (1,), (2,)]


async def test_named_outputs_derived_scans_become_rows_once(site: Any, plant: Any) -> None:
    scan = DerivedScan(
        plant="boiler",
        incarnation="abc",
        offset=3,
        n=1,
        scan_time=plant.start,
        tag_table=plant.table.name,
        tag_ids=plant.table.tag_ids[:2].astype("<i4").tobytes(),
        values=np.array([1.0, 2.0]).tobytes(),
        quality=np.zeros(2, "<u4").tobytes(),
    )
    async with site.running() as task:
        for _ in range(3):
            await site.producer.send_and_wait(topics.SCORES.name, encode(scan), partition=5)
        await site.producer.send_and_wait(topics.SCORES.name, encode(scan)[:-5], partition=5)

        async def read() -> bool:
            return bool(await site.ask("SELECT 1 FROM position WHERE topic = 'atlas.scores' AND next_offset = 4"))

        await site.until(read, task)
    assert list((await site.rows()).values()) == [1.0, 2.0]
    assert await site.ask("SELECT count(*) FROM dead_letter") == [(1,)]


@pytest.mark.parametrize("rows", [1, 7])
async def test_a_chunk_is_bounded_in_rows(site: Any, plant: Any, rows: int) -> None:
    limits = site.config.limits
    async with site.running(limits=type(limits)(max_rows=rows, linger_s=0.0)) as task:
        await plant.send(*[plant.scan(k) for k in range(10)])
        await site.caught_up(plant, task)
    assert await site.rows() == plant.expected
