"""Schema migrations, run in-process: `upgrade(dsn)` brings any supported database up to date, once at a time."""

import importlib.resources
import logging
from typing import Any, Final

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from stream.store.database import DatabaseConfig, conninfo, describe
from stream.store.errors import DatabaseUnreachableError, MigrationError

_LOCK: Final = 0x41544C53_0001
"""Advisory lock under which only one process migrates."""

_log = logging.getLogger(__name__)


def upgrade(dsn: str, *, columnstore_after: str = "1 day", timeout_s: int = 300) -> None:
    """Bring the schema up to date; does nothing where it is. Several processes may call it at once.

    Where TimescaleDB is installed on the server and we may enable it, `reading` becomes a hypertable, with columnstore
    where the licence allows; elsewhere it stays a plain table (see `versions/v0001_spine.py`).

    Parameters
    ----------
    dsn
        The database's address.
    columnstore_after
        Age after which a chunk is compressed, as an interval of PostgreSQL.
    timeout_s
        How long one statement, and the wait for another process's migration, may take.

    Raises
    ------
    DatabaseUnreachableError
        Where the server does not answer.
    MigrationError
        Where a migration fails; nothing of it remains.
    """
    address = conninfo(DatabaseConfig(dsn, statement_timeout_s=timeout_s, application="atlas-migrate"))
    try:
        _enable_timescale(address)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachableError(
            f"the database {describe(dsn)} does not answer: {error}", remedy="start it or mend its address"
        ) from error
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(address), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
            command.upgrade(_alembic(connection, columnstore_after), "head")
            connection.commit()
    except DBAPIError as error:
        raise MigrationError(
            f"the schema of {describe(dsn)} cannot be brought up to date: {error.orig}",
            remedy="mend the cause and start again; nothing was changed",
        ) from error
    finally:
        engine.dispose()


def _alembic(connection: Any, columnstore_after: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files(__package__)))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["columnstore_after"] = columnstore_after
    return config


def _enable_timescale(address: str) -> None:
    """Create the extension where the server offers it; a server that refuses is used as plain PostgreSQL."""
    with psycopg.connect(address, autocommit=True) as connection:
        offered = connection.execute(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb' AND installed_version IS NULL"
            " AND position('timescaledb' IN current_setting('shared_preload_libraries')) > 0"
        ).fetchone()
        if offered is None:
            return
        try:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UniqueViolation) as error:
            _log.warning("TimescaleDB is installed on the server but was not enabled: %s", error)
