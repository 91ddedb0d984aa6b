"""Units of work on the database behind the API's commands, with one error for "it is away"."""

from types import TracebackType
from typing import Self

from api.ports import DatabaseAwayError
from stream.store.database import DatabaseConfig, open_engine
from stream.store.faults import is_servers_fault
from stream.store.unit_of_work import SqlUnitOfWork, UnitOfWork


class StoreUnits:
    """Makes units of work; the engine connects when first needed, so that the API starts without a database."""

    def __init__(self, config: DatabaseConfig) -> None:
        self._engine = open_engine(config)

    def begin(self) -> UnitOfWork:
        """A unit of work to be entered; raises `DatabaseAwayError` where the database does not answer."""
        return _TellingUnitOfWork(self._engine)

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()


class _TellingUnitOfWork(SqlUnitOfWork):
    async def __aenter__(self) -> Self:
        try:
            return await super().__aenter__()
        except Exception as error:
            _tell_away(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if error is not None:
            _tell_away(error)


def _tell_away(error: BaseException) -> None:
    if is_servers_fault(error):
        raise DatabaseAwayError("the database does not answer", remedy="'atlas status' tells more") from error
