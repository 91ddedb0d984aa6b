"""Rule bad-row-not-dead-sink: which errors are waited out, and which make the historian look for a row."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as EngineTimeout

from stream.store.faults import is_servers_fault


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("server closed the connection unexpectedly"),
        psycopg.InterfaceError("the connection is closed"),
        errors.ConnectionFailure(),
        errors.SerializationFailure(),
        errors.DeadlockDetected(),
        errors.DiskFull(),
        errors.OutOfMemory(),
        errors.AdminShutdown(),
        errors.QueryCanceled(),
        errors.IoError(),
        errors.LockNotAvailable(),
        errors.ReadOnlySqlTransaction(),
        errors.InsufficientPrivilege(),
        errors.UndefinedTable(),
        errors.IndexCorrupted(),
        PoolTimeout(),
        TimeoutError(),
        ConnectionResetError(),
        EngineTimeout(),
        DBAPIError("SELECT 1", {}, errors.AdminShutdown()),
    ],
)
def test_bad_row_not_dead_sink_faults_of_the_server_are_waited_out(error: Exception) -> None:
    assert is_servers_fault(error)


@pytest.mark.parametrize(
    "error",
    [
        errors.CheckViolation(),
        errors.UniqueViolation(),
        errors.NumericValueOutOfRange(),
        errors.DatetimeFieldOverflow(),
        errors.RaiseException(),
        errors.BadCopyFileFormat(),
        ValueError("ours"),
    ],
)
def test_bad_row_not_dead_sink_faults_of_a_row_are_not(error: Exception) -> None:
    assert not is_servers_fault(error)
