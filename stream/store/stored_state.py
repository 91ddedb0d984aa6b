"""The newest stored reading of each tag of a plant, the marks up to which its batches are stored, and its prices."""

from typing import Final

import numpy as np

from analytics.quality import from_stored
from stream.scan.stored_state import NO_PRICES, StoredState
from stream.store.database import Pool
from twin.atlas.prices import PriceBook

_LAST: Final = """
    SELECT l.tag_id, (extract(epoch FROM l.ts) * 1000000)::bigint, l.value, l.quality
      FROM last_reading l JOIN tag t USING (tag_id) WHERE t.plant = %s ORDER BY l.tag_id
"""
_TABLE: Final = "SELECT tag_table FROM plant WHERE plant = %s"
_PRICES: Final = "SELECT version, entries FROM price_book WHERE plant = %s ORDER BY version DESC LIMIT 1"
_MARKS: Final = "SELECT source, epoch, seq FROM stored_mark WHERE plant = %s ORDER BY stored_at, epoch"


async def stored_state(pool: Pool, plant: str) -> StoredState:
    """All as of one instant: marks without their readings would have these dropped as seen."""
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        table = await (await conn.execute(_TABLE, [plant])).fetchone()
        readings = await (await conn.execute(_LAST, [plant])).fetchall()
        marks = await (await conn.execute(_MARKS, [plant])).fetchall()
        prices = await (await conn.execute(_PRICES, [plant])).fetchone()
    return StoredState(
        "" if table is None else str(table[0]),
        np.array([row[0] for row in readings], dtype=np.int32),
        np.array([row[1] for row in readings], dtype=np.int64),
        np.array([row[2] for row in readings], dtype=np.float64),
        from_stored(np.array([row[3] for row in readings], dtype=np.int16)),
        tuple((str(row[0]), int(row[1]), int(row[2])) for row in marks),
        NO_PRICES if prices is None else PriceBook.of_content({"version": prices[0], "entries": prices[1]}),
    )
