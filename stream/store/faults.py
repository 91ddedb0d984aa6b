"""Faults of the server told from faults of what was written, by SQLSTATE (rule bad-row-not-dead-sink).

Faults of the server (its connection, resources, locks, shutdown, schema or permissions) would hit every row, so they
are waited out.
"""

from typing import Final

import psycopg
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as EngineTimeout

SERVER_CLASSES: Final = frozenset({"08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "F0"})
"""SQLSTATE classes that speak of the server. 08, 40, 53, 57 and 58 are the rule's; 25 is a server that became
read-only, 28 and 42 lost permissions or tables, 3D and 3F a lost database or schema, 55 a lock, F0 configuration."""

_DAMAGED: Final = frozenset({"XX001", "XX002"})


def is_servers_fault(error: BaseException) -> bool:
    """Whether waiting may help: an error of the server or the way to it, not of what was written."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None:
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return state[:2] in SERVER_CLASSES or state in _DAMAGED
    return isinstance(error, OSError | TimeoutError | PoolTimeout | EngineTimeout)
