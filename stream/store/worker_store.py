"""What the worker needs of the database, bound to a pool: tag tables, refusals, snapshots, and the list of plants."""

import asyncio
import logging
import time
from typing import Final

import psycopg
from psycopg_pool import PoolTimeout

from stream import topics
from stream.scan.replay import Moment
from stream.scan.stored_state import StoredState
from stream.store.database import Pool
from stream.store.plants import plant_numbers
from stream.store.refusals import SqlTableStore
from stream.store.snapshots import StoredSnapshot, newest_snapshot, save_snapshot, snapshot_before
from stream.store.stored_state import stored_state

log = logging.getLogger(__name__)

_LOOK_AGAIN_S: Final = 5.0


class SqlWorkerStore(SqlTableStore):
    """See `stream.worker.WorkerStore` and `stream.as_of.PastStore`.

    The list of plants is asked for every few seconds and outlives an outage.
    """

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._by_partition: dict[int, list[str]] | None = None
        self._asked = 0.0
        self._turn = asyncio.Lock()

    async def newest_snapshot(self, plant: str) -> StoredSnapshot | None:
        """See `stream.store.snapshots`."""
        return await newest_snapshot(self._pool, plant)

    async def snapshot_before(self, plant: str, incarnation: str, moment: Moment) -> StoredSnapshot | None:
        """See `stream.store.snapshots`."""
        return await snapshot_before(self._pool, plant, incarnation, moment)

    async def save_snapshot(self, plant: str, incarnation: str, offset: int, log_time: int, state: bytes) -> bool:
        """See `stream.store.snapshots`."""
        return await save_snapshot(self._pool, plant, incarnation, offset, log_time, state)

    async def stored_state(self, plant: str) -> StoredState:
        """See `stream.store.stored_state`."""
        return await stored_state(self._pool, plant)

    async def plants_of(self, partition: int) -> list[str]:
        """Names of the plants that the partition orders; at most a few seconds old while the database answers.

        Raises
        ------
        psycopg.OperationalError, PoolTimeout
            Where the database does not answer and has not answered before.
        """
        # One asks and the others wait: a lane that began without its plants would begin their twins anew.
        async with self._turn:
            if self._by_partition is None or time.monotonic() - self._asked >= _LOOK_AGAIN_S:
                self._asked = time.monotonic()
                try:
                    self._by_partition = await self._ask()
                except (psycopg.OperationalError, PoolTimeout) as error:
                    if self._by_partition is None:
                        raise
                    log.warning("the list of plants is not renewed, the old one serves: %s", error)
            return self._by_partition.get(partition, [])

    async def _ask(self) -> dict[int, list[str]]:
        by_partition: dict[int, list[str]] = {}
        for plant, number in (await plant_numbers(self._pool)).items():
            by_partition.setdefault(topics.partition_of(number), []).append(plant)
        return by_partition
