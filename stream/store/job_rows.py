"""The rows of jobs and of what happened to them, and who may change them (rule jobs-are-rows).

Every change of a job goes through one statement that names the states, and for a runner the attempt, from which it may
be made. It numbers the change, writes it as progress and notifies whoever listens, all in the caller's transaction. So
a runner whose job was cancelled, or went to another attempt, finds that nothing is changed by it any more.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from psycopg import sql
from psycopg.types.json import Jsonb

from stream.jobs import queue
from stream.jobs.job import JobFailure, JobRecord, JobRequest, JobState, Json, Priority, Progress
from stream.store.database import Connection

CHANNEL: Final = "atlas_job"
"""Notified of each change with the job's number and its state, when the transaction commits."""

FORGET_RUNNERS_S: Final = 86_400.0
"""Far beyond the silence after which a runner's jobs are taken over: one that only stood still may come back."""

_TAKE_OVER_LOCK: Final = 0x41544C53_0006

_WAITING: Final = "waiting for its turn"
_UNFINISHED: Final[tuple[JobState, ...]] = ("waiting", "running")

_COLUMNS: Final = (
    "kind, plant, identity, content, priority, timeout_s, retries,"
    " id, state, done, message, attempt, seq, asked_at, started_at, ended_at"
)

_CHANGE: Final = f"""
    WITH changed AS (
        UPDATE job SET
            state = %(state)s,
            done = coalesce(%(done)s, done),
            message = coalesce(%(message)s, message),
            attempt = attempt + %(begins)s,
            seq = seq + 1,
            started_at = CASE WHEN %(begins)s = 1 THEN coalesce(started_at, %(at)s) ELSE started_at END,
            ended_at = CASE WHEN %(state)s IN ('waiting', 'running') THEN NULL ELSE %(at)s::timestamptz END,
            result = %(result)s::jsonb,
            failure = %(failure)s::jsonb
        WHERE id = %(job)s AND state = ANY(%(states)s) AND attempt = coalesce(%(attempt)s, attempt)
            AND queue_row = coalesce(%(queue_row)s, queue_row)
        RETURNING {_COLUMNS}, queue_row
    ), told AS (
        INSERT INTO job_progress (job, seq, at, state, done, message, partial)
        SELECT id, seq, %(at)s, state, done, message, %(partial)s::jsonb FROM changed
    )
    SELECT {_COLUMNS}, queue_row, pg_notify('{CHANNEL}', id || ' ' || state) FROM changed
"""  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class Lease:
    """That a runner's attempt holds a job; it ends when the job is over, or goes to another attempt."""

    job: int
    attempt: int
    queue_row: int


async def add_job(conn: Connection, request: JobRequest, at: datetime) -> int:
    """Make a job of a request, or find the one that was made of its identity; returns the job's number."""
    columns = asdict(request) | {"content": Jsonb(request.content), "priority": int(request.priority)}
    cursor = await conn.execute(
        "INSERT INTO job (identity, kind, plant, content, priority, timeout_s, retries,"
        " state, done, message, attempt, seq, asked_at)"
        " VALUES (%(identity)s, %(kind)s, %(plant)s, %(content)s, %(priority)s, %(timeout_s)s, %(retries)s,"
        " 'waiting', 0, '', 0, 0, %(at)s)"
        " ON CONFLICT (identity) DO NOTHING RETURNING id",
        columns | {"at": at},
    )
    row = await cursor.fetchone()
    if row is None:
        cursor = await conn.execute("SELECT id FROM job WHERE identity = %s", [request.identity])
        row = await cursor.fetchone()
        if row is None:
            raise RuntimeError(f"job {request.identity!r} vanished while it was asked for")
        return int(row[0])
    job = int(row[0])
    queue_row = await queue.put(conn, job, request.priority)
    await conn.execute("UPDATE job SET queue_row = %s WHERE id = %s", [queue_row, job])
    await _change(conn, job, "waiting", at, ("waiting",), message=_WAITING)
    return job


async def cancel_job(conn: Connection, job: int, at: datetime, by: str) -> bool:
    """End a job for good, whether it waits or runs; False where it was over, or there is no such."""
    changed = await _change(conn, job, "cancelled", at, _UNFINISHED, message=f"cancelled by {by}")
    return changed is not None and await _leave_queue(conn, changed)


async def take_job(
    conn: Connection, queues: Iterable[str], runner: int, at: datetime
) -> tuple[Lease, JobRecord] | None:
    """Begin an attempt at the first waiting job, for a runner of this number; None where none may be taken."""
    while True:
        async with conn.transaction():
            taken = await queue.take(conn, queues, runner)
            if taken is None:
                return None
            number, job = taken
            changed = await _change(
                conn, job, "running", at, ("waiting",), done=0.0, message="begun", begins=1, queue_row=number
            )
            if changed is not None:
                record = _record(changed)
                return Lease(job, record.attempt, number), record
            # A row that stands for no job, such as one of a database restored from parts.
            await queue.remove(conn, number)


async def report_job(
    conn: Connection, lease: Lease, at: datetime, done: float, message: str = "", partial: bytes | None = None
) -> bool:
    """Write progress, with a partial answer as JSON; False where the attempt no longer holds the job."""
    own = await _change(
        conn, lease.job, "running", at, ("running",), lease.attempt, done=done, message=message or None, partial=partial
    )
    return own is not None


async def holds_job(conn: Connection, lease: Lease) -> bool:
    """Whether the attempt still holds the job."""
    cursor = await conn.execute(
        "SELECT 1 FROM job WHERE id = %s AND attempt = %s AND state = 'running'", [lease.job, lease.attempt]
    )
    return await cursor.fetchone() is not None


async def finish_job(conn: Connection, lease: Lease, at: datetime, result: bytes) -> bool:
    """Write the job's result, JSON; False where the attempt no longer holds the job."""
    async with conn.transaction():
        changed = await _change(
            conn, lease.job, "done", at, ("running",), lease.attempt, done=1.0, message="done", result=result
        )
        return changed is not None and await _leave_queue(conn, changed)


async def fail_job(conn: Connection, lease: Lease, at: datetime, failure: JobFailure) -> bool:
    """Write why the job failed; False where the attempt no longer holds the job."""
    async with conn.transaction():
        changed = await _fail(conn, lease.job, lease.attempt, at, failure)
        return changed is not None and await _leave_queue(conn, changed)


async def postpone_job(conn: Connection, lease: Lease, at: datetime, until: datetime, message: str) -> bool:
    """Let the job wait for another attempt, until then at least; False where the attempt no longer holds it."""
    async with conn.transaction():
        changed = await _change(conn, lease.job, "waiting", at, ("running",), lease.attempt, done=0.0, message=message)
        if changed is None:
            return False
        await queue.put_back(conn, lease.queue_row, until)
        return True


async def take_over_jobs(conn: Connection, at: datetime, silent_s: float) -> int:
    """Let the jobs of runners that have been silent for this long wait again, or fail where no retry is left.

    Returns how many there were. One runner does it at a time; the others find nothing to do.
    """
    async with conn.transaction():
        claimed = await (await conn.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TAKE_OVER_LOCK])).fetchone()
        if not claimed or not claimed[0]:
            return 0
        found = await queue.abandoned(conn, silent_s)
        for number, job in found:
            await _take_over(conn, number, job, at)
        await queue.forget_runners(conn, FORGET_RUNNERS_S)
        return len(found)


async def strays_of(conn: Connection, runner: int, known: Collection[int]) -> list[tuple[int, int]]:
    """Rows of the queue, with their jobs, that a runner holds and does not know of.

    Such come about when the commit that gave it one was made, and the answer to it lost.
    """
    return [(number, job) for number, job in await queue.held_by(conn, runner) if number not in known]


async def give_back(conn: Connection, strays: Iterable[tuple[int, int]], at: datetime) -> None:
    """Let the jobs of these rows wait again, or fail where no retry is left."""
    async with conn.transaction():
        for number, job in strays:
            await _take_over(conn, number, job, at)


async def listen(conn: Connection, *channels: str) -> None:
    """Have the connection, which is in autocommit, notified on these channels."""
    for channel in channels:
        await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))


async def _take_over(conn: Connection, number: int, job: int, at: datetime) -> None:
    cursor = await conn.execute("SELECT attempt, retries FROM job WHERE id = %s AND queue_row = %s", [job, number])
    row = await cursor.fetchone()
    if row is None or row[0] > row[1]:
        if row is not None:
            times = "once" if row[0] == 1 else f"{row[0]} times"
            failure = JobFailure(
                "RunnerLostError", f"the process that ran the job ended {times}", "see the runner's log"
            )
            await _fail(conn, job, row[0], at, failure)
        await queue.remove(conn, number)
        return
    message = "the process that ran it ended; another takes it over"
    await _change(conn, job, "waiting", at, ("running",), row[0], done=0.0, message=message)
    await queue.put_back(conn, number, at)


async def find_job(conn: Connection, *, number: int | None = None, identity: str | None = None) -> JobRecord | None:
    """The job of this number or this identity, with its result or failure."""
    query = f"SELECT {_COLUMNS}, result, failure FROM job WHERE id = %s OR identity = %s"  # noqa: S608  # constant
    row = await (await conn.execute(query.encode(), [number, identity])).fetchone()
    return None if row is None else _record(row, result=row[-2], failure=row[-1])


async def list_jobs(
    conn: Connection, *, plant: str | None, kind: str | None, state: JobState | None, limit: int
) -> list[JobRecord]:
    """The newest jobs, newest first, without their results."""
    query = (
        f"SELECT {_COLUMNS}, failure FROM job WHERE plant = coalesce(%s, plant) AND kind = coalesce(%s, kind)"  # noqa: S608
        " AND state = coalesce(%s, state) ORDER BY id DESC LIMIT %s"
    )
    cursor = await conn.execute(query.encode(), [plant, kind, state, limit])
    return [_record(row, failure=row[-1]) for row in await cursor.fetchall()]


async def job_progress(conn: Connection, job: int, after: int = 0) -> list[Progress]:
    """What happened to a job after this number, in order."""
    cursor = await conn.execute(
        "SELECT job, seq, at, state, done, message, partial FROM job_progress WHERE job = %s AND seq > %s ORDER BY seq",
        [job, after],
    )
    return [Progress(*row) for row in await cursor.fetchall()]


async def _fail(conn: Connection, job: int, attempt: int, at: datetime, failure: JobFailure) -> tuple[Any, ...] | None:
    content = orjson.dumps(asdict(failure))
    return await _change(conn, job, "failed", at, ("running",), attempt, message=failure.message, failure=content)


async def _leave_queue(conn: Connection, changed: Sequence[Any]) -> bool:
    await queue.remove(conn, changed[-2])
    return True


async def _change(
    conn: Connection,
    job: int,
    state: JobState,
    at: datetime,
    states: Sequence[JobState],
    attempt: int | None = None,
    *,
    done: float | None = None,
    message: str | None = None,
    begins: int = 0,
    queue_row: int | None = None,
    partial: bytes | None = None,
    result: bytes | None = None,
    failure: bytes | None = None,
) -> tuple[Any, ...] | None:
    """Change a job that is in one of the states, in this attempt; its columns then, or None where it is not."""
    texts = {name: value.decode() if value else None for name, value in
             (("partial", partial), ("result", result), ("failure", failure))}  # fmt: skip
    cursor = await conn.execute(
        _CHANGE.encode(),
        texts
        | {"job": job, "state": state, "at": at, "states": list(states), "attempt": attempt}
        | {"done": done, "message": message, "begins": begins, "queue_row": queue_row},
    )
    return await cursor.fetchone()


def _record(row: Sequence[Any], *, result: Json = None, failure: Any = None) -> JobRecord:
    kind, plant, identity, content, priority, timeout_s, retries, *own = row[:16]
    request = JobRequest(
        kind=kind,
        plant=plant,
        identity=identity,
        content=content,
        priority=Priority(priority),
        timeout_s=timeout_s,
        retries=retries,
    )
    number, state, done, message, attempt, seq, asked_at, started_at, ended_at = own
    return JobRecord(
        number,
        request,
        state,
        done,
        message,
        attempt,
        seq,
        asked_at,
        started_at,
        ended_at,
        result,
        None if failure is None else JobFailure(**failure),
    )
