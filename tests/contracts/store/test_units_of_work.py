"""What every unit of work promises: the one in memory and the one in the database alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

from stream.jobs.job import JobRequest, Priority
from stream.store.database import DatabaseConfig, open_engine
from stream.store.migrations import upgrade
from stream.store.outbox import OutboxEvent
from stream.store.plants import StoredPlant
from stream.store.portfolios import StoredPortfolio
from stream.store.price_books import StoredPriceBook
from stream.store.revisions import Revision
from stream.store.tables import METADATA
from stream.store.unit_of_work import InMemoryUnitOfWork, SqlUnitOfWork, UnitOfWork
from twin.atlas.tags import PlantId, Tag, TagTable, TagTableContent

AT = datetime(2026, 11, 24, tzinfo=UTC)
BOILER, KILN = PlantId("boiler"), PlantId("kiln")


@pytest.fixture(params=["memory", "sql"])
async def unit(request: pytest.FixtureRequest) -> AsyncIterator[UnitOfWork]:
    if request.param == "memory":
        yield InMemoryUnitOfWork()
        return
    dsn: str = request.getfixturevalue("database_dsn")
    upgrade(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        names = ", ".join(f'"{name}"' for name in METADATA.tables)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())
    engine = open_engine(DatabaseConfig(dsn))
    yield SqlUnitOfWork(engine)
    await engine.dispose()


def table_of(plant: PlantId, number: int, revision: int, ids: dict[tuple[str, str], int]) -> TagTable:
    tags = tuple(
        Tag(tag_id=tag_id, name=name, description="", unit=unit, low=0, high=1) for (name, unit), tag_id in ids.items()
    )
    return TagTable.of(TagTableContent(plant=plant, number=number, revision=revision, tags=tags))


async def store(unit: UnitOfWork, plant: PlantId, revision: int, *, commit: bool = True, by: str = "") -> StoredPlant:
    async with unit:
        _, number = await unit.plants.claim(plant)
        ids = await unit.plants.number_tags(plant, [("TI-1", "degC")])
        table = table_of(plant, number, revision, ids)
        stored = StoredPlant(plant, number, plant.title(), revision, f"text {revision}", table.name)
        await unit.plants.save(stored, table, AT, by)
        await unit.outbox.add(
            OutboxEvent(f"{plant}-{revision}", f"plant/{plant}", revision, "PlantRevised", {"n": 1}, AT)
        )
        if commit:
            await unit.commit()
    return stored


async def test_what_is_committed_is_found_again(unit: UnitOfWork) -> None:
    stored = await store(unit, BOILER, 1)
    async with unit:
        assert await unit.plants.claim(BOILER) == (stored, stored.number)
        assert await unit.plants.list() == [stored]


async def test_what_is_not_committed_is_undone(unit: UnitOfWork) -> None:
    await store(unit, BOILER, 1, commit=False)
    async with unit:
        assert await unit.plants.claim(BOILER) == (None, 0)
        assert await unit.plants.list() == []


async def test_an_error_inside_undoes_everything(unit: UnitOfWork) -> None:
    async def fail_halfway() -> None:
        async with unit:
            await unit.plants.number_tags(BOILER, [("TI-1", "degC")])
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail_halfway()
    async with unit:
        assert await unit.plants.list() == []


async def test_each_plant_gets_the_next_number_and_keeps_it(unit: UnitOfWork) -> None:
    first, second = await store(unit, BOILER, 1), await store(unit, KILN, 1)
    again = await store(unit, BOILER, 2)
    assert (first.number, second.number, again.number) == (0, 1, 0)
    async with unit:
        assert [(plant.plant, plant.revision) for plant in await unit.plants.list()] == [(BOILER, 2), (KILN, 1)]


async def test_tag_tables_a_number_is_never_reused_and_changes_with_the_unit(unit: UnitOfWork) -> None:
    async with unit:
        first = await unit.plants.number_tags(BOILER, [("TI-1", "degC"), ("TI-2", "degC")])
        await unit.commit()
    async with unit:
        second = await unit.plants.number_tags(BOILER, [("TI-2", "degC"), ("TI-1", "K"), ("TI-2", "degC")])
        other = await unit.plants.number_tags(KILN, [("TI-1", "degC")])
        await unit.commit()
    assert second["TI-2", "degC"] == first["TI-2", "degC"]
    assert len({*first.values(), second["TI-1", "K"], other["TI-1", "degC"]}) == 4
    async with unit:
        assert await unit.plants.number_tags(BOILER, [("TI-1", "degC")]) == {("TI-1", "degC"): first["TI-1", "degC"]}


async def test_every_revision_of_a_plant_can_be_read_with_who_stored_it(unit: UnitOfWork) -> None:
    for revision, by in ((1, "anna"), (2, "ben")):
        await store(unit, BOILER, revision, by=by)
    await store(unit, KILN, 1, by="carl")
    async with unit:
        assert await unit.plants.revisions(BOILER) == [Revision(1, AT, "anna"), Revision(2, AT, "ben")]
        assert [await unit.plants.definition(BOILER, n) for n in (1, 2, 3)] == ["text 1", "text 2", None]
        found = await unit.plants.find(BOILER)
        assert found is not None
        assert (found.revision, found.definition, found.number) == (2, "text 2", 0)
        assert (await unit.plants.find("mill"), await unit.plants.revisions("mill")) == (None, [])


async def test_portfolios_have_revisions_of_their_own(unit: UnitOfWork) -> None:
    east, west = StoredPortfolio("east", "East", 1, "east 1"), StoredPortfolio("west", "West", 1, "west 1")
    later = StoredPortfolio("east", "Far East", 2, "east 2")
    for stored, by in ((west, "anna"), (east, "ben"), (later, "anna")):
        async with unit:
            before = await unit.portfolios.claim(stored.portfolio)
            assert (0 if before is None else before.revision) == stored.revision - 1
            await unit.portfolios.save(stored, AT, by)
            await unit.commit()
    async with unit:
        assert await unit.portfolios.list() == [later, west]
        assert await unit.portfolios.find("east") == later
        assert await unit.portfolios.revisions("east") == [Revision(1, AT, "ben"), Revision(2, AT, "anna")]
        assert [await unit.portfolios.definition("east", n) for n in (1, 2, 3)] == ["east 1", "east 2", None]
        assert (await unit.portfolios.find("north"), await unit.portfolios.revisions("north")) == (None, [])


async def test_price_books_are_versions_beside_the_plants_revisions(unit: UnitOfWork) -> None:
    await store(unit, BOILER, 1)
    books = [StoredPriceBook(BOILER, n, [{"item": "steam", "price": f"{n} EUR/t"}]) for n in (1, 2)]
    for book in books:
        async with unit:
            await unit.prices.save(book, AT, "anna")
            await unit.commit()
    async with unit:
        await unit.prices.save(StoredPriceBook(BOILER, 3, []), AT, "undone")
    async with unit:
        assert await unit.prices.find(BOILER) == books[1]
        assert [await unit.prices.find(BOILER, n) for n in (1, 2, 3)] == [*books, None]
        assert await unit.prices.versions(BOILER) == [Revision(1, AT, "anna"), Revision(2, AT, "anna")]
        assert (await unit.prices.find(KILN), await unit.prices.versions(KILN)) == (None, [])


async def test_portfolios_and_prices_are_undone_together_with_plants(unit: UnitOfWork) -> None:
    async with unit:
        await unit.portfolios.save(StoredPortfolio("east", "East", 1, "text"), AT, "anna")
    async with unit:
        assert await unit.portfolios.list() == []


def question(identity: str, plant: str = "boiler", priority: Priority = Priority.ASKED) -> JobRequest:
    return JobRequest(
        kind="what-if", plant=plant, identity=identity, content={"to": [85, None]}, priority=priority, timeout_s=9
    )


async def test_jobs_are_rows_made_once_per_identity_with_the_units_other_changes(unit: UnitOfWork) -> None:
    async with unit:
        first = await unit.jobs.add(question("a"), AT)
        again = await unit.jobs.add(question("a", plant="kiln"), AT)
        other = await unit.jobs.add(question("b", plant="kiln", priority=Priority.SCHEDULED), AT)
        await unit.commit()
    assert (first == again, first == other) == (True, False)
    async with unit:
        found = await unit.jobs.find(first)
        assert found is not None
        assert (found.request, found.state, found.seq, found.asked_at) == (question("a"), "waiting", 1, AT)
        assert await unit.jobs.find_by_identity("b") == await unit.jobs.find(other)
        assert await unit.jobs.find(999) is None
        assert await unit.jobs.find_by_identity("c") is None
        assert [job.id for job in await unit.jobs.list()] == [other, first]
        assert [job.id for job in await unit.jobs.list(plant="kiln")] == [other]
        assert [job.id for job in await unit.jobs.list(kind="what-if", state="waiting", limit=1)] == [other]
        assert await unit.jobs.list(state="done") == []


async def test_a_job_that_is_not_committed_was_never_asked_for(unit: UnitOfWork) -> None:
    async with unit:
        await unit.jobs.add(question("a"), AT)
    async with unit:
        assert await unit.jobs.list() == []


async def test_a_cancelled_job_says_by_whom_and_stays_so(unit: UnitOfWork) -> None:
    async with unit:
        job = await unit.jobs.add(question("a"), AT)
        cancelled = await unit.jobs.cancel(job, AT, "anna")
        assert cancelled == await unit.jobs.cancel(job, AT, "ben")
        assert await unit.jobs.cancel(999, AT, "anna") is None
        await unit.commit()
    async with unit:
        found = await unit.jobs.find(job)
        assert found is not None
        assert (found.state, found.message, found.ended_at, found.over) == ("cancelled", "cancelled by anna", AT, True)
        told = await unit.jobs.progress(job)
        assert [(each.seq, each.state, each.message) for each in told] == [
            (1, "waiting", "waiting for its turn"), (2, "cancelled", "cancelled by anna"),
        ]  # fmt: skip
        assert list(await unit.jobs.progress(job, after=1)) == list(told[1:])
