"""The push connector between an inbox in memory and spools on disk: killed and wiped, nothing is lost or doubled."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.outlet import Outlet
from connectors.push.inbox import PushConnector
from connectors.push.memory import InMemoryInbox
from connectors.push.plants import PushedPlant, PushedPlants
from connectors.push.position import InboxPosition
from connectors.push.refusals import Refusals
from connectors.spool import Spool, open_spool
from stream.envelope import ReadingBatch, RefusedRecord, decode
from stream.scan.marks import Marks, Verdict
from twin.atlas.tags import Tag, TagTable, TagTableContent

NOW = 1_795_478_400_000_000


def table(plant: str, *names: str) -> TagTable:
    tags = tuple(
        Tag(tag_id=n, name=name, description="d", unit="degC", low=0, high=100) for n, name in enumerate(names, start=1)
    )
    return TagTable.of(TagTableContent(plant=plant, number=3, revision=len(tags), tags=tags))


MILL = table("mill", "TI-1", "TI-2")


def record(value: float, plant: str = "mill", tag: str = "TI-1", **more: Any) -> bytes:
    readings = [{"tag": tag, "time_us": NOW + int(value), "value": value}, *more.pop("others", [])]
    return json.dumps({"v": 1, "plant": plant, "readings": readings} | more).encode()


class Site:
    """What outlives a connector: the inbox, the disk, and what the API would say of the plants."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inbox = folder, InMemoryInbox()
        self.known: dict[str, TagTable] = {"mill": MILL}
        self.asked = 0
        self.said: list[tuple[bool, str]] = []

    @asynccontextmanager
    async def connector(self, patience_s: float = 30.0) -> AsyncIterator["Running"]:
        async with Running(self, PushedPlants(patience_s)) as running:
            yield running


class Running:
    """A connector that runs on a site; leaving it is as good as a kill, but for the files' locks."""

    def __init__(self, site: Site, plants: PushedPlants) -> None:
        self.site, self.plants = site, plants
        self.spools: dict[str, Spool] = {}

    async def __aenter__(self) -> "Running":
        self.spools[""] = await open_spool(self.site.folder / "refused", limit_bytes=10_000_000)
        for plant, known in self.site.known.items():
            await self.take_up(plant, known)
        connector = PushConnector(
            self.site.inbox, self.plants, Refusals(self.spools[""]), self.site.folder / "position.json",
            lambda: NOW, lambda ok, why: self.site.said.append((ok, why)),
        )  # fmt: skip
        self.tasks = [asyncio.create_task(connector.run()), asyncio.create_task(self.answer())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for spool in self.spools.values():
            await spool.close()

    async def take_up(self, plant: str, known: TagTable) -> None:
        if plant not in self.spools:
            self.spools[plant] = await open_spool(self.site.folder / plant, limit_bytes=10_000_000, segment_bytes=500)
        outlet = Outlet(
            plant=plant, source="push", tag_table=known.name, spool=self.spools[plant], epoch=1, clock=lambda: NOW
        )
        self.plants.add(plant, PushedPlant(known, {"push": outlet}))

    async def answer(self) -> None:
        while True:
            await self.plants.wanted.wait()
            self.plants.wanted.clear()
            asked_at = asyncio.get_running_loop().time()
            self.site.asked += 1
            for plant, known in self.site.known.items():
                await self.take_up(plant, known)
            self.plants.answered(asked_at)
            await asyncio.sleep(0.02)

    def kept(self, plant: str) -> list[Any]:
        spool, found = self.spools[plant], []
        spool.rewind()
        while (batch := spool.peek()) is not None:
            found.append(decode(batch.payload))
            spool.advance(batch)
        return found

    def values(self, plant: str = "mill") -> list[float]:
        return [value for batch in self.kept(plant) for value in batch.arrays()[2].tolist()]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


async def test_one_partition_batches_bear_the_inbox_offset_and_name_the_one_before(site: Site) -> None:
    site.known["kiln"] = table("kiln", "TI-1")
    for n in range(6):
        site.inbox.produce(3, record(float(n), plant="kiln" if n % 3 else "mill"))
    site.inbox.produce(5, record(50.0))
    async with site.connector() as running:
        await until(lambda: len(running.kept("mill")) == 3 and len(running.kept("kiln")) == 4)
        batches = [*running.kept("mill"), *running.kept("kiln")]
    marks = {"mill": Marks(), "kiln": Marks()}
    for batch in batches:
        assert marks[batch.plant].judge("push", batch.epoch, batch.seq, batch.after) is Verdict.NEXT
        marks[batch.plant].advance("push", batch.epoch, batch.seq)
    assert [batch.seq for batch in batches if batch.plant == "kiln"] == [1, 2, 4, 5]
    assert sorted(batch.seq for batch in batches if batch.plant == "mill") == [0, 0, 3]
    # The same number in two partitions is two batches: each partition counts in an epoch of its own.
    assert len({(batch.epoch, batch.seq) for batch in batches if batch.plant == "mill"}) == 3


async def test_stored_then_trimmed_whatever_a_kill_leaves_of_the_position_each_record_is_kept_once(site: Site) -> None:
    for n in range(40):
        site.inbox.produce(3, record(float(n)))
    async with site.connector() as running:
        await until(lambda: len(running.values()) == 40)
        epoch = running.kept("mill")[0].epoch
    (site.folder / "position.json").unlink(missing_ok=True)
    site.inbox.produce(3, record(40.0))
    async with site.connector() as running:
        await until(lambda: len(running.values()) >= 41)
        assert running.values() == [float(n) for n in range(41)]
        running.spools["mill"].trim(epoch, 40)
    (site.folder / "position.json").unlink(missing_ok=True)
    site.inbox.produce(3, record(41.0))
    async with site.connector() as running:
        await until(lambda: 41.0 in running.values())
        again = running.kept("mill")
    # What was stored and trimmed comes again under its old numbers, by which every reader drops it.
    assert {batch.epoch for batch in again} == {epoch}
    assert all(batch.arrays()[2].tolist() == [float(batch.seq)] for batch in again)


async def test_log_may_vanish_a_new_inbox_is_read_from_its_start_under_other_numbers(site: Site) -> None:
    site.inbox.produce(3, record(0.0))
    site.inbox.produce(3, record(1.0))
    async with site.connector() as running:
        await until(lambda: len(running.values()) == 2)
        site.inbox.wipe("another")
        site.inbox.produce(3, record(2.0))
        await until(lambda: len(running.values()) == 3)
    site.inbox.wipe("another")  # Only the inbox was made anew: the log's name cannot tell, its end does.
    site.inbox.produce(3, record(3.0))
    position = InboxPosition(site.folder / "position.json", "another")
    position.advance(3, 5)
    position.save()
    async with site.connector() as running:
        await until(lambda: len(running.values()) == 4)
        batches = running.kept("mill")
    assert [batch.arrays()[2].tolist() for batch in batches] == [[0.0], [1.0], [2.0], [3.0]]
    assert len({batch.epoch for batch in batches}) == 3


async def test_admit_once_what_cannot_be_forwarded_is_kept_for_the_historian_beside_its_good_neighbours(
    site: Site,
) -> None:
    site.inbox.produce(9, b"\x00 no JSON")
    site.inbox.produce(9, record(1.0, others=[{"tag": "TI-2", "time_us": NOW, "value": "hot"}, 5]))
    site.inbox.produce(9, record(2.0, plant="nowhere"))
    site.inbox.produce(9, b'{"v": 1, "plant": "mill", "readings": "' + b"x" * 200_000 + b'"}')
    site.inbox.produce(9, record(3.0))
    async with site.connector() as running:
        await until(lambda: running.values() == [1.0, 3.0] and len(running.kept("")) == 4)
        refused: list[RefusedRecord] = running.kept("")
    assert [one.offset for one in refused] == [0, 1, 2, 3]
    assert {(one.topic, one.partition, one.plant) for one in refused} == {("atlas.inbox", 9, "")}
    words = ["not JSON", "TI-2: value is 'hot'", "no plant 'nowhere'", "readings is 'xxxx"]
    assert all(word in one.reason for word, one in zip(words, refused, strict=True))
    assert [one.claims for one in refused] == ["", "mill", "nowhere", ""]
    assert json.loads(refused[1].body)["readings"] == [{"tag": "TI-2", "time_us": NOW, "value": "hot"}, 5]
    assert (refused[1].readings, "1 more readings" in refused[1].reason) == (2, True)
    assert (len(refused[3].body), refused[3].body_bytes > 200_000) == (65_536, True)


async def test_tag_tables_a_plant_or_tag_that_is_not_known_yet_is_asked_for_before_it_is_refused(site: Site) -> None:
    async with site.connector() as running:
        site.inbox.produce(3, record(1.0))
        await until(lambda: running.values() == [1.0])
        assert site.asked == 0
        site.known |= {"mill": table("mill", "TI-1", "TI-2", "TI-3"), "kiln": table("kiln", "TI-1")}
        site.inbox.produce(3, record(2.0, tag="TI-3"))
        site.inbox.produce(4, record(3.0, plant="kiln"))
        await until(lambda: running.values() == [1.0, 2.0] and running.values("kiln") == [3.0])
        assert running.kept("mill")[1].tag_table == site.known["mill"].name
        assert running.kept("") == []


async def test_tag_tables_an_unknown_plant_holds_up_its_partition_only_and_not_for_ever(site: Site) -> None:
    async with site.connector(patience_s=0.5) as running:
        running.tasks[1].cancel()  # The API does not answer any more.
        site.inbox.produce(3, record(1.0, plant="nowhere"))
        site.inbox.produce(3, record(2.0))
        site.inbox.produce(4, record(3.0))
        await until(lambda: bool(running.values()))
        assert (running.values(), running.kept("")) == ([3.0], [])
        await until(lambda: running.values() == [3.0, 2.0])
        assert len(running.kept("")) == 1


async def test_log_may_vanish_a_new_inbox_that_is_longer_than_the_old_is_read_from_its_start_too(site: Site) -> None:
    site.inbox.produce(3, record(0.0))
    async with site.connector() as running:
        await until(lambda: running.values() == [0.0])
        site.inbox.wipe("another")
        for value in (1.0, 2.0, 3.0):
            site.inbox.produce(3, record(value))
        await until(lambda: set(running.values()) == {0.0, 1.0, 2.0, 3.0})


async def test_stored_then_trimmed_what_was_refused_before_a_kill_is_not_kept_twice(site: Site) -> None:
    site.inbox.produce(3, b"no JSON")
    async with site.connector() as running:
        await until(lambda: len(running.kept("")) == 1)
    (site.folder / "position.json").unlink(missing_ok=True)
    site.inbox.produce(3, record(1.0))
    async with site.connector() as running:
        await until(lambda: running.values() == [1.0])
        assert len(running.kept("")) == 1


async def test_trouble_is_told_and_waited_out(site: Site) -> None:
    site.inbox.away = True
    async with site.connector() as running:
        await until(lambda: any(not ok for ok, _ in site.said))
        site.inbox.away = False
        site.inbox.produce(3, record(1.0))
        await until(lambda: running.values() == [1.0])
    assert "nobody answers" in site.said[0][1]
    assert site.said[-1][0]


async def test_kept_batches_are_of_the_right_kind(site: Site) -> None:
    site.inbox.produce(3, record(1.0, origin="correction", version=4))
    async with site.connector() as running:
        await until(lambda: len(running.kept("mill")) == 1)
        (batch,) = running.kept("mill")
    assert isinstance(batch, ReadingBatch)
    assert (batch.origin, batch.version, batch.received, batch.source) == ("correction", 4, NOW, "push")
