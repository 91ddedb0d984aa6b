"""Stored portfolios: the port that handlers write through, in SQLAlchemy and in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection as SqlConnection

from stream.store.revisions import Revision
from stream.store.tables import PORTFOLIO, PORTFOLIO_REVISION

PORTFOLIO_LOCK: Final = 0x41544C53_0006
"""Advisory lock under which portfolios are stored, one at a time."""


@dataclass(frozen=True, slots=True)
class StoredPortfolio:
    """A portfolio as it stands: its newest revision and the text of its definition."""

    portfolio: str
    name: str
    revision: int
    definition: str


class PortfolioRepository(Protocol):
    """Portfolios within one unit of work."""

    async def claim(self, portfolio: str) -> StoredPortfolio | None:
        """The portfolio as stored, held against other writers; None where there is none."""

    async def save(self, stored: StoredPortfolio, at: datetime, by: str) -> None:
        """Store a revision and put it in force."""

    async def find(self, portfolio: str) -> StoredPortfolio | None:
        """The portfolio as stored; None where there is none."""

    async def list(self) -> list[StoredPortfolio]:
        """All portfolios, by their id."""

    async def revisions(self, portfolio: str) -> Sequence[Revision]:
        """Every revision's number, time and name of who stored it, oldest first."""

    async def definition(self, portfolio: str, revision: int) -> str | None:
        """The text of one revision; None where there is no such."""


_STORED: Final = select(
    PORTFOLIO.c.portfolio, PORTFOLIO.c.name, PORTFOLIO.c.revision, PORTFOLIO_REVISION.c.definition
).join(
    PORTFOLIO_REVISION,
    (PORTFOLIO_REVISION.c.portfolio == PORTFOLIO.c.portfolio) & (PORTFOLIO_REVISION.c.revision == PORTFOLIO.c.revision),
)
_OF: Final = PORTFOLIO_REVISION.c


class SqlPortfolioRepository:
    """`PortfolioRepository` over the unit of work's SQLAlchemy connection."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def claim(self, portfolio: str) -> StoredPortfolio | None:
        """See `PortfolioRepository`; holds an advisory lock until the transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(PORTFOLIO_LOCK)))
        return await self.find(portfolio)

    async def save(self, stored: StoredPortfolio, at: datetime, by: str) -> None:
        """See `PortfolioRepository`."""
        head = {"name": stored.name, "revision": stored.revision}
        upsert = insert(PORTFOLIO).values(portfolio=stored.portfolio, **head)
        await self._connection.execute(upsert.on_conflict_do_update(index_elements=["portfolio"], set_=head))
        await self._connection.execute(
            insert(PORTFOLIO_REVISION).values(
                portfolio=stored.portfolio,
                revision=stored.revision,
                definition=stored.definition,
                created_at=at,
                by=by,
            )
        )

    async def find(self, portfolio: str) -> StoredPortfolio | None:
        """See `PortfolioRepository`."""
        row = (await self._connection.execute(_STORED.where(PORTFOLIO.c.portfolio == portfolio))).one_or_none()
        return None if row is None else StoredPortfolio(*row)

    async def list(self) -> list[StoredPortfolio]:
        """See `PortfolioRepository`."""
        rows = (await self._connection.execute(_STORED.order_by(PORTFOLIO.c.portfolio))).all()
        return [StoredPortfolio(*row) for row in rows]

    async def revisions(self, portfolio: str) -> Sequence[Revision]:
        """See `PortfolioRepository`."""
        query = select(_OF.revision, _OF.created_at, _OF.by).where(_OF.portfolio == portfolio)
        rows = (await self._connection.execute(query.order_by(_OF.revision))).all()
        return [Revision(*row) for row in rows]

    async def definition(self, portfolio: str, revision: int) -> str | None:
        """See `PortfolioRepository`."""
        query = select(_OF.definition).where(_OF.portfolio == portfolio, _OF.revision == revision)
        found: str | None = await self._connection.scalar(query)
        return found


class InMemoryPortfolioRepository:
    """`PortfolioRepository` in a dictionary, for tests; passes the same contract suite."""

    def __init__(self) -> None:
        self.stored: dict[str, tuple[tuple[StoredPortfolio, Revision], ...]] = {}

    async def claim(self, portfolio: str) -> StoredPortfolio | None:
        """See `PortfolioRepository`."""
        return await self.find(portfolio)

    async def save(self, stored: StoredPortfolio, at: datetime, by: str) -> None:
        """See `PortfolioRepository`."""
        before = self.stored.get(stored.portfolio, ())
        self.stored[stored.portfolio] = (*before, (stored, Revision(stored.revision, at, by)))

    async def find(self, portfolio: str) -> StoredPortfolio | None:
        """See `PortfolioRepository`."""
        found = self.stored.get(portfolio)
        return None if found is None else found[-1][0]

    async def list(self) -> list[StoredPortfolio]:
        """See `PortfolioRepository`."""
        return [self.stored[portfolio][-1][0] for portfolio in sorted(self.stored)]

    async def revisions(self, portfolio: str) -> Sequence[Revision]:
        """See `PortfolioRepository`."""
        return [revision for _, revision in self.stored.get(portfolio, ())]

    async def definition(self, portfolio: str, revision: int) -> str | None:
        """See `PortfolioRepository`."""
        texts = (each.definition for each, _ in self.stored.get(portfolio, ()) if each.revision == revision)
        return next(texts, None)

    def copy(self) -> "InMemoryPortfolioRepository":
        """A copy to be changed and thrown away or kept."""
        twin = InMemoryPortfolioRepository()
        twin.stored = dict(self.stored)
        return twin
