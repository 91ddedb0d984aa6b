"""Units of work: repositories that share one transaction, which is undone unless `commit` was called."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy.ext.asyncio import AsyncConnection as SqlConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from stream.store.jobs import InMemoryJobRepository, JobRepository, SqlJobRepository
from stream.store.outbox import InMemoryOutboxRepository, OutboxRepository, SqlOutboxRepository
from stream.store.plants import InMemoryPlantRepository, PlantRepository, SqlPlantRepository
from stream.store.portfolios import InMemoryPortfolioRepository, PortfolioRepository, SqlPortfolioRepository
from stream.store.price_books import InMemoryPriceBookRepository, PriceBookRepository, SqlPriceBookRepository


class UnitOfWork(Protocol):
    """`async with unit: ...; await unit.commit()`; leaving without commit undoes everything."""

    @property
    def plants(self) -> PlantRepository:
        """The plants, as this unit sees and changes them."""

    @property
    def portfolios(self) -> PortfolioRepository:
        """The portfolios, likewise."""

    @property
    def prices(self) -> PriceBookRepository:
        """The plants' price books, likewise."""

    @property
    def jobs(self) -> JobRepository:
        """The jobs, likewise."""

    @property
    def outbox(self) -> OutboxRepository:
        """The events that go out if this unit commits."""

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what was not committed."""

    async def commit(self) -> None:
        """Make all changes last, together."""


class SqlUnitOfWork:
    """`UnitOfWork` over one transaction of a SQLAlchemy engine."""

    plants: PlantRepository
    portfolios: PortfolioRepository
    prices: PriceBookRepository
    jobs: JobRepository
    outbox: OutboxRepository

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: SqlConnection | None = None

    async def __aenter__(self) -> Self:
        """Take a connection and begin."""
        self._connection = await self._engine.connect()
        self.plants = SqlPlantRepository(self._connection)
        self.portfolios = SqlPortfolioRepository(self._connection)
        self.prices = SqlPriceBookRepository(self._connection)
        self.jobs = SqlJobRepository(self._connection)
        self.outbox = SqlOutboxRepository(self._connection)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo what was not committed and give the connection back."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def commit(self) -> None:
        """Make all changes last, together."""
        if self._connection is None:
            raise RuntimeError("commit outside of 'async with unit'; commit before leaving it")
        await self._connection.commit()


class InMemoryUnitOfWork:
    """`UnitOfWork` over dictionaries, for tests of handlers; what was committed outlives the unit."""

    def __init__(self) -> None:
        self._committed = self._working = _Memory()

    @property
    def plants(self) -> InMemoryPlantRepository:
        """The plants, as this unit sees and changes them."""
        return self._working.plants

    @property
    def portfolios(self) -> InMemoryPortfolioRepository:
        """The portfolios, likewise."""
        return self._working.portfolios

    @property
    def prices(self) -> InMemoryPriceBookRepository:
        """The plants' price books, likewise."""
        return self._working.prices

    @property
    def jobs(self) -> InMemoryJobRepository:
        """The jobs, likewise."""
        return self._working.jobs

    @property
    def outbox(self) -> InMemoryOutboxRepository:
        """The events that go out if this unit commits."""
        return self._working.outbox

    async def __aenter__(self) -> Self:
        """Begin on a copy."""
        self._working = self._committed.copy()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what was not committed."""
        self._working = self._committed

    async def commit(self) -> None:
        """Keep the copy."""
        self._committed = self._working


@dataclass(frozen=True, slots=True)
class _Memory:
    plants: InMemoryPlantRepository = field(default_factory=InMemoryPlantRepository)
    portfolios: InMemoryPortfolioRepository = field(default_factory=InMemoryPortfolioRepository)
    prices: InMemoryPriceBookRepository = field(default_factory=InMemoryPriceBookRepository)
    jobs: InMemoryJobRepository = field(default_factory=InMemoryJobRepository)
    outbox: InMemoryOutboxRepository = field(default_factory=InMemoryOutboxRepository)

    def copy(self) -> "_Memory":
        return _Memory(
            self.plants.copy(), self.portfolios.copy(), self.prices.copy(), self.jobs.copy(), self.outbox.copy()
        )
