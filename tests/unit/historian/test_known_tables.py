"""Rule tag-tables: an unknown table is waited for, asked for seldom, then refused, and refused alike ever after."""

from __future__ import annotations

from dataclasses import dataclass, field

from stream.historian.known_tables import KnownTables, Missing
from twin.atlas.tags import Tag, TagTable, TagTableContent

TABLE = TagTable.of(
    TagTableContent(
        plant="boiler",
        number=5,
        revision=1,
        tags=tuple(
            Tag(tag_id=n, name=f"T{n}", description="", unit="", low=0, high=1, source=source)
            for n, source in enumerate(("opcua", "push", ""))
        ),
    )
)


@dataclass
class ScriptedStore:
    stored: bool = False
    refused: set[tuple[str, int]] = field(default_factory=set)
    asked: int = 0

    async def find_table(self, name: str) -> tuple[TagTable | None, frozenset[tuple[str, int]]]:
        self.asked += 1
        return (TABLE if self.stored else None), frozenset(self.refused)

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        if self.stored:
            return False
        self.refused.add((incarnation, offset))
        return True


@dataclass
class ManualClock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


async def test_tag_tables_an_unknown_table_is_waited_for_and_then_refused_at_once() -> None:
    store, clock = ScriptedStore(), ManualClock()
    tables = KnownTables(store, "log-a", 30.0, clock)
    for _ in range(290):
        assert await tables.find("t", "boiler", 7) is Missing.WAIT
        clock.now += 0.1
    assert store.asked <= 30
    clock.now += 2
    assert await tables.find("t", "boiler", 7) is Missing.REFUSED
    assert await tables.find("t", "boiler", 8) is Missing.REFUSED
    assert store.refused == {("log-a", 7), ("log-a", 8)}


async def test_tag_tables_a_table_that_comes_serves_all_but_what_was_refused() -> None:
    store, clock = ScriptedStore(refused={("log-a", 3), ("log-b", 4)}), ManualClock()
    tables = KnownTables(store, "log-a", 30.0, clock)
    assert await tables.find("t", "boiler", 4) is Missing.WAIT
    store.stored = True
    clock.now += 1.5
    assert await tables.find("t", "boiler", 4) is TABLE
    assert await tables.find("t", "boiler", 3) is Missing.REFUSED


async def test_tag_tables_one_stored_at_the_last_moment_is_used() -> None:
    store, clock = ScriptedStore(), ManualClock()
    tables = KnownTables(store, "log-a", 30.0, clock)
    assert await tables.find("t", "boiler", 4) is Missing.WAIT
    clock.now += 30.5
    await tables.find("t", "boiler", 3)
    store.stored = True
    assert await tables.find("t", "boiler", 4) is Missing.WAIT
    clock.now += 1.5
    assert await tables.find("t", "boiler", 4) is TABLE


def test_one_row_a_tags_own_source_ranks_above_others_released_or_not() -> None:
    tables = KnownTables(ScriptedStore(), "log-a")
    assert tables.ranks(TABLE, "opcua").tolist() == [1, 0, 1]
    assert tables.ranks(TABLE, "opcua/released").tolist() == [1, 0, 1]
    assert tables.ranks(TABLE, "push").tolist() == [0, 1, 1]
