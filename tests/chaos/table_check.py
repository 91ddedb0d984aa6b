"""What must hold of the table: it is the ledger, and the screen shows nothing older."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import psycopg

from analytics.quality import UNCERTAIN_ENGINEERING_UNITS_EXCEEDED
from connectors.simulated.ledger import read_ledger
from tests.chaos.live_system import LiveSystem

EXCEEDED = UNCERTAIN_ENGINEERING_UNITS_EXCEEDED >> 16
Offered = dict[tuple[str, int], tuple[float, int]]
"""Value and the upper half of the status by (tag, time in us)."""


def check_table(system: LiveSystem) -> int:
    """Every reading offered until now is stored once, as offered, and nothing else is; returns how many."""
    now, total = time.time_ns() // 1000, 0
    for plant, ledger in system.ledgers.items():
        offered = offered_until(system, plant, ledger, now)
        assert len(offered) > 100, f"{plant} offered {len(offered)} readings"
        system.wait_until(
            f"{plant}: all {len(offered)} readings stored",
            lambda plant=plant, offered=offered: offered.keys() <= stored_until(system, plant, now).keys(),  # type: ignore[misc]
        )
        measured = {name for name, _ in offered}
        stored = {key: row for key, row in stored_until(system, plant, now).items() if key[0] in measured}
        # A plant that runs late offers readings of before `now` meanwhile; the ledger has them before anybody else.
        offered = offered_until(system, plant, ledger, now) if stored.keys() - offered.keys() else offered
        extra = stored.keys() - offered.keys()
        assert not extra, f"{plant}: {len(extra)} readings that were never offered, such as {min(extra)}"
        wrong = [key for key, content in stored.items() if not same(content, offered[key])]
        assert not wrong, f"{plant}: {len(wrong)} readings differ: {wrong[0]} {stored[wrong[0]]} {offered[wrong[0]]}"
        total += len(offered)
    return total


def offered_until(system: LiveSystem, plant: str, path: Path, before_us: int) -> Offered:
    with psycopg.connect(system.dsn) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM tag WHERE plant = %s", [plant])}
    ledger = read_ledger(path)
    chosen = ledger.times_us < before_us
    columns = (ledger.tags, ledger.times_us, ledger.values, ledger.statuses)
    return {
        (ledger.names[tag], int(ts)): (float(value), int(status) >> 16)
        for tag, ts, value, status in zip(*(column[chosen] for column in columns), strict=True)
        if ledger.names[tag] in known
    }


def stored_until(system: LiveSystem, plant: str, before_us: int) -> Offered:
    query = """
        SELECT t.name, (extract(epoch FROM r.ts) * 1000000)::bigint, r.value, r.quality::int & 65535
          FROM reading r JOIN tag t USING (tag_id)
         WHERE t.plant = %s AND r.ts < to_timestamp(%s::numeric / 1000000)
    """
    with psycopg.connect(system.dsn) as connection:
        rows = connection.execute(query, [plant, before_us]).fetchall()
        letters = connection.execute("SELECT reason FROM dead_letter").fetchall()
        losers = connection.execute("SELECT count(*) FROM reading_revision").fetchone()
    assert not letters, f"readings were refused: {letters[0]}"
    assert losers == (0,), "readings of one tag and time differed"
    found = {(name, int(ts)): (value, quality) for name, ts, value, quality in rows}
    assert len(found) == len(rows), f"{plant}: {len(rows) - len(found)} readings are doubled"
    return found


def same(stored: tuple[float, int], offered: tuple[float, int]) -> bool:
    """Equal value and quality; a Good value beyond the instrument's range may have become Uncertain."""
    value = stored[0] == offered[0] or (np.isnan(stored[0]) and np.isnan(offered[0]))
    return bool(value) and (stored[1] == offered[1] or (offered[1] == 0 and stored[1] == EXCEEDED))


def check_screen(system: LiveSystem) -> None:
    """The API shows nothing older than what the table has."""
    for plant in system.ledgers:
        stored = last_stored(system, plant)
        system.wait_until(
            f"{plant}: the screen shows what the table has",
            lambda plant=plant, stored=stored: not older(system, plant, stored),  # type: ignore[misc]
        )


def last_stored(system: LiveSystem, plant: str) -> dict[str, int]:
    """The time of each tag's newest stored reading, us."""
    query = """
        SELECT t.name, (extract(epoch FROM l.ts) * 1000000)::bigint
          FROM last_reading l JOIN tag t USING (tag_id) WHERE t.plant = %s
    """
    with psycopg.connect(system.dsn) as connection:
        return dict(connection.execute(query, [plant]).fetchall())


def older(system: LiveSystem, plant: str, stored: Mapping[str, int]) -> list[str]:
    """The tags whose live value is older than the stored one, or missing."""
    with system.client() as client:
        shown = {tag.name: tag.time_us or 0 for tag in client.state(plant).tags}
    return [name for name, ts in stored.items() if shown.get(name, 0) < ts]
