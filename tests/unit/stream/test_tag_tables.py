"""Rule tag-tables as the worker keeps it: wait for an unknown table once, then refuse alike with the historian."""

import asyncio
from dataclasses import dataclass, field

import pytest

from stream import tag_tables
from stream.tag_tables import Refusals, TagTables
from twin.atlas.tags import TagTable, TagTableContent

TABLE = TagTable.of(TagTableContent(plant="mill", number=1, revision=1))


@dataclass
class ScriptedStore:
    """Has the table once it was asked `after` times; `refused` are the rows that both readers share."""

    after: int = 10**9
    refused: set[tuple[str, int]] = field(default_factory=set)
    asked: int = 0

    async def find_table(self, name: str) -> tuple[TagTable | None, Refusals]:
        self.asked += 1
        return (TABLE if self.asked > self.after else None), frozenset(self.refused)

    async def refuse_table(self, name: str, plant: str, incarnation: str, offset: int) -> bool:
        if self.asked >= self.after:
            return False
        self.refused.add((incarnation, offset))
        return True


@pytest.fixture(autouse=True)
def _ask_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_tables, "_ASK_AGAIN_S", 0.005)


async def test_tag_tables_a_known_table_is_asked_for_once() -> None:
    store = ScriptedStore(after=0)
    tables = TagTables(store, "log-1", patience_s=5)
    for offset in range(5):
        assert await tables.resolve("t", "mill", offset) is TABLE
        assert tables.find("t", offset) is TABLE
    assert store.asked == 1


async def test_tag_tables_an_unknown_table_is_waited_for() -> None:
    tables = TagTables(ScriptedStore(after=3), "log-1", patience_s=5)
    assert await tables.resolve("t", "mill", 0) is TABLE


async def test_tag_tables_an_unknown_table_stops_its_partition_once_and_not_at_every_batch() -> None:
    store = ScriptedStore()
    tables = TagTables(store, "log-1", patience_s=0.05)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert await tables.resolve("t", "mill", 0) is None
    assert loop.time() - begun >= 0.05
    asked = store.asked
    for offset in range(1, 50):
        assert await tables.resolve("t", "mill", offset) is None
        assert tables.find("t", offset) is None
    assert store.asked == asked + 49
    assert store.refused == {("log-1", offset) for offset in range(50)}


async def test_tag_tables_a_table_that_comes_later_serves_all_but_what_was_refused() -> None:
    store = ScriptedStore()
    tables = TagTables(store, "log-1", patience_s=0.02)
    assert await tables.resolve("t", "mill", 3) is None
    store.after = 0
    assert await tables.resolve("t", "mill", 4) is TABLE
    assert await tables.resolve("t", "mill", 3) is None
    assert tables.find("t", 3) is None


async def test_tag_tables_what_the_historian_refused_the_worker_refuses_without_waiting() -> None:
    store = ScriptedStore(refused={("log-1", 7)})
    tables = TagTables(store, "log-1", patience_s=60)
    async with asyncio.timeout(5):
        assert await tables.resolve("t", "mill", 7) is None


async def test_tag_tables_one_stored_at_the_last_moment_is_used() -> None:
    store = ScriptedStore(after=1)
    assert await TagTables(store, "log-1", patience_s=0).resolve("t", "mill", 0) is TABLE
    assert store.refused == set()


@pytest.mark.parametrize("name", ["", "a\x00b"])
async def test_a_name_that_no_table_can_bear_is_not_asked_for(name: str) -> None:
    store = ScriptedStore()
    assert await TagTables(store, "log-1", patience_s=60).resolve(name, "mill", 0) is None
    assert store.asked == 0


async def test_names_that_are_waited_for_are_bounded() -> None:
    tables = TagTables(ScriptedStore(), "log-1", patience_s=0)
    for number in range(2 * tag_tables.MOST_WANTED):
        await tables.resolve(f"t{number}", "mill", number)
    assert len(tables._wanted) == tag_tables.MOST_WANTED
