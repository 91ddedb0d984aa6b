"""The queue that hands jobs to runners: procrastinate's, used inside transactions of our own.

A row of the queue stands for a job that is not over; it is written, taken, put back and removed in the transaction that
changes the job, so that the two never disagree. Procrastinate gives the order by priority, SKIP LOCKED, heartbeats and
the notification of new rows; what a job is, and who may write its result, the table `job` says.

Everything of procrastinate is imported when it is first needed: it takes half a second.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from stream.jobs.job import Priority
from stream.store.database import Connection

if TYPE_CHECKING:
    from procrastinate.jobs import Job
    from procrastinate.manager import JobManager

CHANNEL: Final = "procrastinate_any_queue_v1"
"""Notified of each new row, when its transaction commits."""

ASKED: Final = "asked"
SCHEDULED: Final = "scheduled"


def load() -> None:
    """Import procrastinate now, for a process in which somebody would have to wait for it later."""
    from procrastinate.manager import JobManager  # noqa: F401

    _connector()


def schema() -> str:
    """The SQL that makes procrastinate's tables and functions, of the version installed."""
    from procrastinate.schema import SchemaManager

    return SchemaManager.get_schema()


async def put(conn: Connection, job: int, priority: Priority) -> int:
    """Put a job into the queue; returns its number there."""
    from procrastinate.jobs import Job

    queue = ASKED if priority >= Priority.ASKED else SCHEDULED
    row = Job(queue=queue, priority=priority, lock=None, queueing_lock=None, task_name="job", task_kwargs={"job": job})
    put_row = await _manager(conn).defer_job_async(row)
    return _number(put_row.id)


async def take(conn: Connection, queues: Iterable[str], runner: int) -> tuple[int, int] | None:
    """The first row that may be taken now, as its number and its job's; it is the runner's from now on."""
    row = await _manager(conn).fetch_job(list(queues), runner)
    return None if row is None else _numbers(row)


async def put_back(conn: Connection, number: int, until: datetime) -> None:
    """Let a taken row be taken again, not before `until`."""
    await _manager(conn).retry_job_by_id_async(number, until)


async def remove(conn: Connection, number: int) -> None:
    """Take a row out of the queue, whoever holds it."""
    from procrastinate.jobs import Status

    await _manager(conn).finish_job_by_id_async(number, Status.ABORTED, delete_job=True)


async def abandoned(conn: Connection, silent_s: float) -> list[tuple[int, int]]:
    """Rows taken by runners that have been silent for longer than this, as their numbers and their jobs'."""
    rows = await _manager(conn).get_stalled_jobs(seconds_since_heartbeat=silent_s)
    return [_numbers(row) for row in rows]


async def held_by(conn: Connection, runner: int) -> list[tuple[int, int]]:
    """Rows that a runner has taken, as their numbers and their jobs'."""
    rows = await _manager(conn).list_jobs_async(status="doing", worker_id=runner)
    return [_numbers(row) for row in rows]


async def enlist(conn: Connection) -> int:
    """Make a runner known; returns its number."""
    return int(await _manager(conn).register_worker())


async def beat(conn: Connection, runner: int) -> None:
    """Say that a runner lives."""
    await _manager(conn).update_heartbeat(runner)


async def leave(conn: Connection, runner: int) -> None:
    """Say that a runner ends."""
    await _manager(conn).unregister_worker(runner)


async def forget_runners(conn: Connection, silent_s: float) -> None:
    """Forget the runners that have been silent for longer than this."""
    await _manager(conn).prune_stalled_workers(silent_s)


def _numbers(row: "Job") -> tuple[int, int]:
    return _number(row.id), _number(cast("int", row.task_kwargs["job"]))


def _number(value: int | None) -> int:
    if value is None:
        raise RuntimeError("the queue gave a row without a number")
    return value


def _manager(conn: Connection) -> "JobManager":
    from procrastinate.manager import JobManager

    return JobManager(_connector()(conn))


@cache
def _connector() -> Any:
    """The class of connectors whose queries go over one connection, within its transaction."""
    from procrastinate.connector import BaseAsyncConnector
    from procrastinate.exceptions import ConnectorException
    from procrastinate.psycopg_connector import PsycopgConnector

    class InTransaction(BaseAsyncConnector):
        def __init__(self, conn: Connection) -> None:
            self._conn = conn

        async def execute_query_async(self, query: Any, **arguments: Any) -> None:
            await self.execute_query_all_async(query, **arguments)

        async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
            return (await self.execute_query_all_async(query, **arguments))[0]

        async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
            try:
                inner = PsycopgConnector()
                rows: list[dict[str, Any]]
                rows = await inner.execute_query_all_async_with_connection(self._conn, query, **arguments)
                return rows
            except ConnectorException as error:
                # The driver's own error, which tells the server's faults from ours.
                raise error.__cause__ or error from None

    return InTransaction
