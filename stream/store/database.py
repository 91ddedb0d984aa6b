"""How the service reaches PostgreSQL: settings, pools, single connections, an engine, and what the server can do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from stream.store.errors import DatabaseUnreachableError

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """Where the database is and how long anything may take; the address may hold a password, so it is never printed."""

    dsn: str = field(repr=False)
    connect_timeout_s: int = 10
    statement_timeout_s: int = 60
    pool_size: int = 8
    application: str = "atlas"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a database can do; `timescale_version` and `licence` are empty on plain PostgreSQL."""

    postgres_version: str
    timescale_version: str = ""
    licence: str = ""

    @property
    def hypertables(self) -> bool:
        """Whether TimescaleDB is installed in this database, in either edition."""
        return bool(self.timescale_version)

    @property
    def columnstore(self) -> bool:
        """Whether the licence allows compressed columnar chunks; the Apache edition refuses them."""
        return self.hypertables and self.licence == "timescale"


CAPABILITIES_SQL = """
    SELECT current_setting('server_version'),
           coalesce((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), ''),
           coalesce(current_setting('timescaledb.license', true), '')
"""


def conninfo(config: DatabaseConfig) -> str:
    """The address with our time-outs, so that no call can hang on a dead server."""
    given = conninfo_to_dict(config.dsn)
    options = f"{given.get('options') or ''} -c statement_timeout={config.statement_timeout_s}s -c timezone=UTC"
    ours: dict[str, Any] = {
        "connect_timeout": config.connect_timeout_s,
        "application_name": config.application,
        "options": options.strip(),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    return make_conninfo(config.dsn, **ours)


async def connect(config: DatabaseConfig, *, autocommit: bool = False) -> Connection:
    """One connection of one's own, for a writer that holds transactions or locks.

    Raises
    ------
    DatabaseUnreachableError
        Where the server does not answer in time or turns us away.
    """
    try:
        return await AsyncConnection.connect(conninfo(config), autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise _unreachable(config, error) from error


async def open_pool(config: DatabaseConfig) -> Pool:
    """An open pool whose waits are bounded; close it with `await pool.close()`.

    Raises
    ------
    DatabaseUnreachableError
        Where no connection comes about in time.
    """
    pool: Pool = AsyncConnectionPool(
        conninfo(config),
        connection_class=AsyncConnection[TupleRow],
        min_size=1,
        max_size=config.pool_size,
        max_waiting=20 * config.pool_size,
        timeout=config.connect_timeout_s,
        check=AsyncConnectionPool.check_connection,
        open=False,
        name=config.application,
    )
    try:
        await pool.open(wait=True, timeout=config.connect_timeout_s)
    except PoolTimeout as error:
        await pool.close()
        raise _unreachable(config, error) from error
    return pool


def open_engine(config: DatabaseConfig) -> AsyncEngine:
    """A SQLAlchemy engine over the same driver and time-outs; dispose of it with `await engine.dispose()`."""
    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=lambda: AsyncConnection.connect(conninfo(config)),
        pool_size=config.pool_size,
        max_overflow=0,
        pool_timeout=config.connect_timeout_s,
        pool_pre_ping=True,
    )


async def capabilities(conn: Connection) -> Capabilities:
    """What the database behind the connection can do, asked of itself."""
    row = await (await conn.execute(CAPABILITIES_SQL)).fetchone()
    if row is None:
        raise DatabaseUnreachableError("the database did not say what it can do", remedy="see its log")
    return Capabilities(str(row[0]), str(row[1]), str(row[2]) if row[1] else "")


def describe(dsn: str) -> str:
    """The address without its password, for messages."""
    parts: Mapping[str, Any] = conninfo_to_dict(dsn)
    host, port, name = parts.get("host", "localhost"), parts.get("port", "5432"), parts.get("dbname", "postgres")
    return f"{name} at {host}:{port}"


def _unreachable(config: DatabaseConfig, error: Exception) -> DatabaseUnreachableError:
    return DatabaseUnreachableError(
        f"the database {describe(config.dsn)} does not answer within {config.connect_timeout_s} s: {error}",
        remedy="start it or mend its address; 'atlas doctor' tries it",
    )
