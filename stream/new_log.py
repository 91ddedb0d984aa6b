"""Takes a plant's twin over into a new log: its newest snapshot, brought up to the table (rule log-may-vanish).

What it begins with becomes a snapshot at offset -1 of the new log, so that every rebuild begins there alike, whatever
the table holds by then (rule pure-twin).
"""

import logging
from typing import Protocol

from stream.recovery import SnapshotStore
from stream.scan import snapshot
from stream.scan.stored_state import StoredState, bring_up
from stream.tag_tables import TagTables
from twin.atlas.tags import TagTable

log = logging.getLogger(__name__)

BEFORE_ALL = -1
"""The offset of what a log begins with."""


class SnapshotKeeper(SnapshotStore, Protocol):
    """Where snapshots are read and saved, and what the table holds."""

    async def save_snapshot(self, plant: str, incarnation: str, offset: int, log_time: int, state: bytes) -> bool:
        """Save by compare-and-set on the offset; False where a newer one is there."""

    async def stored_state(self, plant: str) -> StoredState:
        """The newest stored readings and marks of a plant."""


async def take_over(plant: str, tables: TagTables, store: SnapshotKeeper) -> None:
    """Make the snapshot that the plant's twin begins this log with, where it was known in another one before.

    Raises
    ------
    SnapshotError
        Where the newest snapshot cannot be read, or needs a tag table that is not stored.
    """
    saved = await store.newest_snapshot(plant)
    if saved is None or saved.incarnation == tables.incarnation:
        return
    stored = await store.stored_state(plant)
    table = await _table(plant, snapshot.table_named_by(saved.state), tables)
    twin, _ = snapshot.restore(saved.state, table, tables.incarnation, tables.find)
    bring_up(twin, stored, await _table(plant, stored.tag_table, tables))
    state = snapshot.save(twin)
    if await store.save_snapshot(plant, tables.incarnation, BEFORE_ALL, twin.clock, state):
        log.info("taken over from log %s", saved.incarnation, extra={"plant": plant})


async def _table(plant: str, name: str, tables: TagTables) -> TagTable:
    table = await tables.resolve(name, plant, BEFORE_ALL)
    if table is None:
        raise snapshot.SnapshotError(f"the twin of {plant} needs tag table {name}, which is not stored")
    return table
