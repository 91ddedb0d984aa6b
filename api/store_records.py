"""The database behind `api.ports.PlantRecords`: the store's reads over a pool, with one error for "it is away"."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from api.ports import DatabaseAwayError, Span
from api.schemas import Aggregate
from stream.store import history, plants
from stream.store.database import DatabaseConfig, Pool, open_pool
from stream.store.errors import DatabaseUnreachableError
from stream.store.faults import is_servers_fault
from stream.store.history import PastReading, Series
from stream.store.plants import StoredPlant
from twin.atlas.tags import TagTable


class StoreRecords:
    """See `api.ports.PlantRecords`; the pool is opened when first needed, so that the API starts without a database."""

    def __init__(self, config: DatabaseConfig, query_s: float) -> None:
        self._config = config
        self._query_s = query_s
        self._opening = asyncio.Lock()
        self._pool: Pool | None = None

    async def list_plants(self) -> Sequence[StoredPlant]:
        """All plants, by number."""
        async with self._asking() as pool:
            return await plants.list_plants(pool)

    async def read_tag_table(self, name: str) -> TagTable | None:
        """The tag table of that name."""
        async with self._asking() as pool:
            return await plants.read_tag_table(pool, name)

    async def read_history(
        self, tag_ids: Sequence[int], span: Span, aggregate: Aggregate, points: int, scan_period_us: int
    ) -> Sequence[Series]:
        """A series for each tag."""
        async with self._asking() as pool:
            return await history.read_history(
                pool, tag_ids, span.start, span.end, aggregate, points, scan_period_us=scan_period_us
            )

    async def read_state_at(self, tag_ids: Sequence[int], at_us: int) -> Sequence[PastReading]:
        """The reading that held at a time, of each tag that had one."""
        async with self._asking() as pool:
            return await history.read_state_at(pool, tag_ids, at_us)

    async def has_row(self, tag_id: int, time_us: int) -> bool:
        """Whether the reading of that tag and time is in the table."""
        async with self._asking() as pool:
            return await history.has_row(pool, tag_id, time_us)

    async def ping(self) -> None:
        """Return where the database answers."""
        async with self._asking() as pool, pool.connection():
            return  # The pool tries each connection before it hands it out.

    async def close(self) -> None:
        """Close the pool."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Pool]:
        try:
            async with asyncio.timeout(self._query_s):
                yield await self._open()
        except (psycopg.Error, PoolTimeout, TooManyRequests, DatabaseUnreachableError, OSError, TimeoutError) as error:
            away = isinstance(error, TooManyRequests | DatabaseUnreachableError) or is_servers_fault(error)
            if not away:
                raise
            raise DatabaseAwayError("the database does not answer", remedy="'atlas status' tells more") from error

    async def _open(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await open_pool(self._config)
            return self._pool
