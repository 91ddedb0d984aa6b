"""Retention drops what is old, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from stream.store.database import capabilities
from stream.store.instants import instant
from stream.store.retention import RetentionConfig, retain

NOW_US = 1_795_478_400_000_000
DAY = 86_400_000_000


async def test_old_readings_go_and_young_ones_stay(conn: Any, make_rows: Any, write: Any) -> None:
    await conn.execute("INSERT INTO tag (plant, name, unit) VALUES ('boiler', 'a', ''), ('boiler', 'b', '')")
    times = NOW_US - np.arange(0, 30) * DAY
    await write(make_rows([1, 2], times))
    await conn.execute(
        "INSERT INTO outbox (event_id, aggregate, version, type, content, created_at, sent_at) VALUES"
        " ('a', 'plant/a', 1, 'X', '{}', %(old)s, %(old)s), ('b', 'plant/a', 2, 'X', '{}', %(old)s, NULL)",
        {"old": instant(NOW_US - 60 * DAY)},
    )
    now = instant(NOW_US + DAY // 2)
    dropped = await retain(conn, RetentionConfig(readings=timedelta(days=10)), now)
    # A chunk goes when all of it is old, so TimescaleDB may keep a day more.
    whole = (await capabilities(conn)).hypertables
    rows = await (await conn.execute("SELECT count(*), min(ts) FROM reading")).fetchall()
    kept = sum(time >= NOW_US + DAY // 2 - 10 * DAY for time in times.tolist())
    assert rows[0][0] == 2 * (kept + whole)
    assert dropped.chunks + dropped.readings > 0
    events = await (await conn.execute("SELECT event_id FROM outbox")).fetchall()
    assert events == [("b",)]
