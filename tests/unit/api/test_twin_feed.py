"""From records of the twin's topic to live states."""

import asyncio
from typing import Any

from api.config import LiveConfig
from api.live_state import LiveStates
from api.ports import DatabaseAwayError
from api.twin_feed import _MOST_WAITING, TwinFeed
from stream.envelope import encode
from stream.kafka import KafkaConfig
from twin.atlas.tags import TagTable

LOG = "0f343b0931126a20"


class Tables:
    def __init__(self) -> None:
        self.known: dict[str, TagTable] = {}
        self.away = False
        self.asked = 0

    async def read_tag_table(self, name: str) -> TagTable | None:
        self.asked += 1
        if self.away:
            raise DatabaseAwayError("away")
        return self.known.get(name)


def feed_of(tables: Tables) -> tuple[TwinFeed, LiveStates]:
    states = LiveStates(LiveConfig())
    states.start_log(LOG)
    return TwinFeed(KafkaConfig("127.0.0.1:1"), states, tables, jitter=lambda: 0.0), states


async def test_table_is_asked_for_once(change: Any, table_of: Any) -> None:
    tables, table = Tables(), table_of()
    tables.known[table.name] = table
    feed, states = feed_of(tables)
    for offset in range(5):
        await feed.take(encode(change(table, {"TIC-101.PV": float(offset)}, offset=offset)), 77)
    assert tables.asked == 1
    live = states.open("reactor")
    assert live.values[table.position("TIC-101.PV")] == 4.0
    assert live.written[table.position("TIC-101.PV")] == 77


async def test_changes_wait_for_their_table_and_none_is_lost(change: Any, table_of: Any) -> None:
    tables, table = Tables(), table_of()
    tables.away = True
    feed, states = feed_of(tables)
    await feed.take(encode(change(table, {"TIC-101.PV": 1.0}, offset=1)))
    await feed.take(encode(change(table, {"KI-901": 2.0}, offset=2)))
    assert states.find("reactor") is None
    assert list(feed.tables_awaited) == [table.name]
    tables.away, tables.known[table.name] = False, table
    async with asyncio.timeout(5):
        while feed.tables_awaited:
            await asyncio.sleep(0.01)
    await feed.take(encode(change(table, {"FIC-101.PV": 3.0}, offset=3)))
    assert len(states.open("reactor").seen()) == 3


async def test_what_waits_is_bounded(change: Any, table_of: Any) -> None:
    tables, table = Tables(), table_of()
    feed, _ = feed_of(tables)
    raw = encode(change(table, {"TIC-101.PV": 1.0}, offset=1))
    for _ in range(_MOST_WAITING + 50):
        await feed.take(raw)
    assert len(feed._waiting[table.name]) == _MOST_WAITING
    await feed._stop_asking()


async def test_one_plants_unknown_table_holds_up_no_other(change: Any, table_of: Any) -> None:
    tables, known, unknown = Tables(), table_of(1), table_of(2)
    tables.known[known.name] = known
    feed, states = feed_of(tables)
    await feed.take(encode(change(unknown, {"TIC-101.PV": 1.0}, offset=1)))
    async with asyncio.timeout(1):
        await feed.take(encode(change(known, {"TIC-101.PV": 1.0}, offset=1)))
    assert states.open("reactor").known
    await feed._stop_asking()


async def test_nonsense_is_counted_and_harms_nothing(change: Any, table_of: Any) -> None:
    tables, table = Tables(), table_of()
    tables.known[table.name] = table
    feed, states = feed_of(tables)
    good = encode(change(table, {"TIC-101.PV": 1.0}, offset=1))
    for raw in (b"", b"\xff" * 50, good[:-3], good[:10], encode(change(table, {"KI-901": 1.0}, offset=1))[:-1]):
        await feed.take(raw)
    assert states.find("reactor") is None
    await feed.take(good)
    assert states.open("reactor").known


async def test_feed_goes_on_trying_while_kafka_is_away() -> None:
    feed, _ = feed_of(Tables())
    task = asyncio.create_task(feed.run())
    await asyncio.sleep(0.3)
    assert not task.done()
    assert not feed.connected
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
