"""Snapshots: compare-and-set, and what pruning leaves."""

from __future__ import annotations

from stream.scan.replay import Moment
from stream.store.database import Pool
from stream.store.snapshots import DAY_US, newest_snapshot, prune_snapshots, save_snapshot, snapshot_before

MINUTE = 60_000_000


async def test_snapshot_and_replay_an_older_state_never_replaces_a_newer_one(pool: Pool) -> None:
    assert await save_snapshot(pool, "boiler", "log-a", 10, 1000, b"ten")
    assert not await save_snapshot(pool, "boiler", "log-a", 10, 1000, b"again")
    assert not await save_snapshot(pool, "boiler", "log-a", 9, 900, b"nine")
    assert await save_snapshot(pool, "boiler", "log-a", 11, 1100, b"eleven")
    newest = await newest_snapshot(pool, "boiler")
    assert newest is not None
    assert (newest.offset, newest.log_time, newest.state) == (11, 1100, b"eleven")
    assert await newest_snapshot(pool, "kiln") is None


async def test_log_may_vanish_a_worker_of_the_old_log_cannot_come_back(pool: Pool) -> None:
    assert await save_snapshot(pool, "boiler", "log-a", 500, 1000, b"old")
    assert await save_snapshot(pool, "boiler", "log-b", 3, 2000, b"new")
    assert not await save_snapshot(pool, "boiler", "log-a", 501, 2100, b"zombie")
    newest = await newest_snapshot(pool, "boiler")
    assert newest is not None
    assert newest.state == b"new"


async def test_log_may_vanish_pruning_keeps_what_a_log_began_with(pool: Pool) -> None:
    for offset in (-1, 0, 1):
        assert await save_snapshot(pool, "boiler", "log-b", offset, 1000 + offset, b"x")
    await prune_snapshots(pool)
    async with pool.connection() as conn:
        rows = await (await conn.execute('SELECT "offset" FROM snapshot ORDER BY 1')).fetchall()
    assert rows == [(-1,), (1,)]


async def test_log_may_vanish_pruning_keeps_what_a_log_began_with_as_long_as_the_log_may_be_read(pool: Pool) -> None:
    for log, day in (("log-a", 0), ("log-b", 2), ("log-c", 9)):
        assert await save_snapshot(pool, "boiler", log, -1, day * DAY_US, b"x")
        assert await save_snapshot(pool, "boiler", log, 5, day * DAY_US + 1, b"x")
    await prune_snapshots(pool)
    async with pool.connection() as conn:
        rows = await (await conn.execute('SELECT incarnation, "offset" FROM snapshot ORDER BY id')).fetchall()
    assert rows == [("log-b", -1), ("log-c", -1), ("log-c", 5)]


async def test_the_snapshot_before_a_moment_is_the_newest_of_its_log_that_lies_before_it(pool: Pool) -> None:
    await save_snapshot(pool, "boiler", "log-a", 9, 1, b"old")
    for offset in range(5):
        await save_snapshot(pool, "boiler", "log-b", offset, offset * 1000, bytes([offset]))
    for moment, expected in (
        (Moment(log_time=2500), 2), (Moment(log_time=2000), 2), (Moment(offset=3), 3), (Moment(3, 1000), 1),
        (Moment(1, 9000), 1), (Moment(), 4),
    ):  # fmt: skip
        found = await snapshot_before(pool, "boiler", "log-b", moment)
        assert found is not None
        assert (found.incarnation, found.offset, found.state) == ("log-b", expected, bytes([expected]))
    assert await snapshot_before(pool, "boiler", "log-b", Moment(log_time=-1)) is None
    assert await snapshot_before(pool, "boiler", "log-c", Moment()) is None


async def test_pruning_keeps_a_day_at_the_spacing_and_always_the_newest(pool: Pool) -> None:
    for minute in range(0, 26 * 60, 2):
        await save_snapshot(pool, "boiler", "log-a", minute, minute * MINUTE, b"x")
    await save_snapshot(pool, "kiln", "log-a", 1, 0, b"x")
    await prune_snapshots(pool)
    async with pool.connection() as conn:
        rows = await (await conn.execute("SELECT log_time FROM snapshot WHERE plant = 'boiler' ORDER BY 1")).fetchall()
    times = [row[0] // MINUTE for row in rows]
    assert times[-1] == 26 * 60 - 2
    assert times[0] >= times[-1] - 24 * 60
    assert len({time // 5 for time in times[:-1]}) == len(times) - 1
    assert len(times) >= 24 * 12
    assert await newest_snapshot(pool, "kiln") is not None
