"""Tag tables that readers ask for, and the batches refused for want of one (rule tag-tables).

Worker and historian both ask here, and storing a table and refusing a batch for its want exclude one another by one
advisory lock, so both processes decide alike: once the table is stored, no further batch can be refused for it.
"""

from stream.store.database import Connection, Pool
from stream.store.plants import table_lock
from twin.atlas.tags import TagTable


async def find_table(pool: Pool, name: str) -> tuple[TagTable | None, frozenset[tuple[str, int]]]:
    """The tag table, or None where none of that name is stored, and the (incarnation, offset) of batches refused.

    Where the table is there, the set is final.
    """
    async with pool.connection() as conn, conn.transaction():
        await _lock(conn, name)
        found = await (await conn.execute("SELECT content FROM tag_table WHERE name = %s", [name])).fetchone()
        cursor = await conn.execute('SELECT incarnation, "offset" FROM tag_table_refusal WHERE tag_table = %s', [name])
        refused = frozenset((str(incarnation), int(offset)) for incarnation, offset in await cursor.fetchall())
    return (None if found is None else TagTable.decode(bytes(found[0]), name)), refused


async def refuse_table(pool: Pool, name: str, plant: str, incarnation: str, offset: int) -> bool:
    """Refuse the batch at `offset` for want of its tag table.

    Returns
    -------
    Whether it is refused, now or before; False where the table has been stored meanwhile and the batch may be read.
    """
    async with pool.connection() as conn, conn.transaction():
        await _lock(conn, name)
        before = await conn.execute(
            'SELECT 1 FROM tag_table_refusal WHERE tag_table = %s AND incarnation = %s AND "offset" = %s',
            [name, incarnation, offset],
        )
        if await before.fetchone() is not None:
            return True
        if await (await conn.execute("SELECT 1 FROM tag_table WHERE name = %s", [name])).fetchone() is not None:
            return False
        await conn.execute(
            'INSERT INTO tag_table_refusal (tag_table, plant, incarnation, "offset") VALUES (%s, %s, %s, %s)',
            [name, plant, incarnation, offset],
        )
    return True


class SqlTableStore:
    """The functions of this module bound to a pool, in the form of `stream.tag_tables.TableStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find_table(self, name: str) -> tuple[TagTable | None, frozenset[tuple[str, int]]]:
        """See the function of this name."""
        return await find_table(self._pool, name)

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        """See the function of this name."""
        return await refuse_table(self._pool, name, plant, incarnation, offset)


async def _lock(conn: Connection, name: str) -> None:
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [table_lock(name)])
