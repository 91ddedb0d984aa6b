"""Stored price books, versioned apart from the plant they belong to: the port, in SQLAlchemy and in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection as SqlConnection

from stream.store.revisions import Revision
from stream.store.tables import PRICE_BOOK
from twin.atlas.tags import PlantId

Entries = list[dict[str, Any]]
"""Prices as JSON, in the form of a plant file's section `prices`."""


@dataclass(frozen=True, slots=True)
class StoredPriceBook:
    """One version of a plant's prices; versions count from 1."""

    plant: PlantId
    version: int
    entries: Entries


class PriceBookRepository(Protocol):
    """Price books within one unit of work; whoever saves one holds the plant (`PlantRepository.claim`)."""

    async def save(self, book: StoredPriceBook, at: datetime, by: str) -> None:
        """Store a version, which is in force from now on."""

    async def find(self, plant: str, version: int | None = None) -> StoredPriceBook | None:
        """One version, or the newest; None where there is no such."""

    async def versions(self, plant: str) -> Sequence[Revision]:
        """Every version's number, time and name of who stored it, oldest first."""


_OF: Final = PRICE_BOOK.c


class SqlPriceBookRepository:
    """`PriceBookRepository` over the unit of work's SQLAlchemy connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def save(self, book: StoredPriceBook, at: datetime, by: str) -> None:
        """See `PriceBookRepository`."""
        row = {"plant": book.plant, "version": book.version, "entries": book.entries}
        await self._connection.execute(insert(PRICE_BOOK).values(row | {"created_at": at, "by": by}))

    async def find(self, plant: str, version: int | None = None) -> StoredPriceBook | None:
        """See `PriceBookRepository`."""
        query = select(_OF.plant, _OF.version, _OF.entries).where(_OF.plant == plant)
        if version is not None:
            query = query.where(_OF.version == version)
        row = (await self._connection.execute(query.order_by(_OF.version.desc()).limit(1))).one_or_none()
        return None if row is None else StoredPriceBook(*row)

    async def versions(self, plant: str) -> Sequence[Revision]:
        """See `PriceBookRepository`."""
        query = select(_OF.version, _OF.created_at, _OF.by).where(_OF.plant == plant)
        rows = (await self._connection.execute(query.order_by(_OF.version))).all()
        return [Revision(*row) for row in rows]


class InMemoryPriceBookRepository:
    """`PriceBookRepository` in a dictionary, for tests; passes the same contract suite."""

    def __init__(self) -> None:
        self.books: dict[str, tuple[tuple[StoredPriceBook, Revision], ...]] = {}

    async def save(self, book: StoredPriceBook, at: datetime, by: str) -> None:
        """See `PriceBookRepository`."""
        self.books[book.plant] = (*self.books.get(book.plant, ()), (book, Revision(book.version, at, by)))

    async def find(self, plant: str, version: int | None = None) -> StoredPriceBook | None:
        """See `PriceBookRepository`."""
        books = [book for book, _ in self.books.get(plant, ()) if version in (None, book.version)]
        return books[-1] if books else None

    async def versions(self, plant: str) -> Sequence[Revision]:
        """See `PriceBookRepository`."""
        return [revision for _, revision in self.books.get(plant, ())]

    def copy(self) -> "InMemoryPriceBookRepository":
        """A copy to be changed and thrown away or kept."""
        twin = InMemoryPriceBookRepository()
        twin.books = dict(self.books)
        return twin
