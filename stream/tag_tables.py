"""Tag tables as worker and historian find them: kept once known, waited for where unknown, and refused alike by both.

An unknown table stops its partition for at most `PATIENCE_S`; then its batches are refused, and the refusal is a row,
so that the other reader and every replay decide the same (rule tag-tables).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final, Protocol

from twin.atlas.tags import TagTable

PATIENCE_S: Final = 30.0
MOST_WANTED: Final = 512
"""Names of unknown tables that are remembered as waited for; the oldest falls out."""
_ASK_AGAIN_S: Final = 1.0

Refusals = frozenset[tuple[str, int]]
"""(incarnation, offset) of the batches that were refused for want of a table."""


class TableStore(Protocol):
    """Where tag tables and refusals are kept."""

    async def find_table(self, name: str) -> tuple[TagTable | None, Refusals]:
        """The table of that name, if stored, and what was refused before it was."""

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        """Refuse a batch unless the table has been stored meanwhile; whether it is refused."""


@dataclass
class TagTables:
    """The tables known to this process; `patience_s` is how long an unknown one is waited for."""

    store: TableStore
    incarnation: str
    patience_s: float = PATIENCE_S
    _known: dict[str, tuple[TagTable, Refusals]] = field(default_factory=dict)
    _wanted: dict[str, float] = field(default_factory=dict)

    def find(self, name: str, offset: int) -> TagTable | None:
        """The table for the record at `offset`, which `resolve` has dealt with; None where it was refused."""
        entry = self._known.get(name)
        if entry is None or (self.incarnation, offset) in entry[1]:
            return None
        return entry[0]

    async def resolve(self, name: str, plant: str, offset: int) -> TagTable | None:
        """The table for the record at `offset`; waits for an unknown one, then refuses the record and returns None."""
        if name in self._known:
            return self.find(name, offset)
        if not name or "\x00" in name:  # No table can be called so, and a database cannot even be asked.
            return None
        while True:
            table, refusals = await self.store.find_table(name)
            if table is not None:
                self._known[name] = (table, refusals)
                self._wanted.pop(name, None)
                return self.find(name, offset)
            if (self.incarnation, offset) in refusals:
                return None
            if self._patience(name) > 0:
                await asyncio.sleep(min(_ASK_AGAIN_S, self.patience_s))
            elif await self.store.refuse_table(name, plant, self.incarnation, offset):
                return None

    def _patience(self, name: str) -> float:
        """Seconds for which the table is still waited for: counted once for a name, not anew for every batch."""
        now = asyncio.get_running_loop().time()
        since = self._wanted.setdefault(name, now)
        while len(self._wanted) > MOST_WANTED:
            del self._wanted[next(iter(self._wanted))]
        return since + self.patience_s - now
