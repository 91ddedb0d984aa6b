"""Tag tables as the historian finds them: never waiting inside, so that only the partition in question pauses."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stream.historian.rows import OWN_RANK
from stream.tag_tables import PATIENCE_S, Refusals, TableStore
from twin.atlas.tags import TagTable

MAX_TABLES: Final = 512
_ASK_AGAIN_S: Final = 1.0
RELEASED_SUFFIX: Final = "/released"
"""What the source of a released batch ends in; its readings keep the rank of the source before it."""


class Missing(Enum):
    """Why there is no table: it may still come, or the batch is refused for want of it (rule tag-tables)."""

    WAIT = "wait"
    REFUSED = "refused"


@dataclass
class KnownTables:
    """Tables by name, the least recently used falling out; `patience_s` is how long an unknown one is waited for."""

    store: TableStore
    incarnation: str
    patience_s: float = PATIENCE_S
    monotonic: Callable[[], float] = time.monotonic
    _known: "OrderedDict[str, tuple[TagTable, Refusals]]" = field(default_factory=OrderedDict)
    _ranks: dict[tuple[str, str], NDArray[np.int16]] = field(default_factory=dict)
    _wanted: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def find(self, name: str, plant: str, offset: int) -> TagTable | Missing:
        """The table for the batch of `plant` at `offset`; asks the store at most once a second for an unknown one."""
        if not name or "\x00" in name:  # No table can be called so, and a database cannot even be asked.
            return Missing.REFUSED
        entry = self._known.get(name)
        if entry is None:
            entry = await self._ask(name)
        if entry is not None:
            self._known.move_to_end(name)
            table, refusals = entry
            return Missing.REFUSED if (self.incarnation, offset) in refusals else table
        since, _ = self._wanted[name]
        if self.monotonic() - since < self.patience_s:
            return Missing.WAIT
        if await self.store.refuse_table(name, plant, self.incarnation, offset):
            return Missing.REFUSED
        self._wanted.pop(name)
        return Missing.WAIT

    def ranks(self, table: TagTable, source: str) -> NDArray[np.int16]:
        """The source's rank for each tag of the table: 1 where it is the tag's own, else 0; shape (tags,)."""
        source = source.removesuffix(RELEASED_SUFFIX)
        ranks = self._ranks.get((table.name, source))
        if ranks is None:
            if len(self._ranks) >= MAX_TABLES:
                self._ranks.clear()
            own = [tag.source in ("", source) for tag in table.tags]
            ranks = self._ranks[table.name, source] = np.where(own, OWN_RANK, 0).astype(np.int16)
        return ranks

    async def _ask(self, name: str) -> tuple[TagTable, Refusals] | None:
        now = self.monotonic()
        since, asked = self._wanted.get(name, (now, -_ASK_AGAIN_S))
        if now - asked < _ASK_AGAIN_S and name in self._wanted:
            return None
        table, refusals = await self.store.find_table(name)
        if table is None:
            while len(self._wanted) >= MAX_TABLES:
                del self._wanted[next(iter(self._wanted))]
            self._wanted[name] = (since, now)
            return None
        self._wanted.pop(name, None)
        while len(self._known) >= MAX_TABLES:
            self._known.popitem(last=False)
        self._known[name] = (table, refusals)
        return self._known[name]
