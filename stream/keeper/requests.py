"""What policies call for, from `atlas.requests` into rows of jobs.

A request is named by its output (rule named-outputs), and a job is made once by its identity; so the whole topic is
simply read again by every keeper that starts, and no position is kept.
"""

import logging
from datetime import UTC, datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream import topics
from stream.envelope import MalformedRecordError, TriggerCalled, decode_called
from stream.jobs.job import JobRequest, Priority
from stream.kafka import KafkaConfig, open_reader
from stream.store.database import Connection
from stream.store.job_rows import add_job

_log = logging.getLogger(__name__)

KINDS: Final = {"simulation": "what-if", "optimisation": "optimisation"}
"""Kind of job by what a trigger calls."""

TIMEOUT_S: Final = 900.0


def job_of(called: TriggerCalled) -> JobRequest | None:
    """The job that a request asks for; None where it calls for what this build does not know."""
    kind = KINDS.get(called.calls)
    if kind is None:
        return None
    content = {
        "changes": list(called.changes),
        "position": f"{called.incarnation}:{called.offset}",
        "by": f"policy {called.policy}",
        "at_us": called.scan_time,
        "reason": called.reason,
        "title": f"{called.trigger}: {'; '.join(called.changes) or 'no change'}",
    }
    return JobRequest(
        kind=kind,
        plant=called.plant,
        identity=f"request/{called.plant}/{called.incarnation}/{called.offset}/{called.n}",
        content=content | ({"horizon": called.horizon} if called.horizon else {}),
        priority=Priority.SCHEDULED,
        timeout_s=TIMEOUT_S,
    )


class RequestReader:
    """Reads the topic from its beginning, once; `take` makes jobs of what has come since the last time."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._kafka = kafka
        self._reader: AIOKafkaConsumer | None = None

    async def take(self, conn: Connection) -> int:
        """Make jobs of what has come in; returns how many records there were. The connection is in autocommit."""
        reader = self._reader = self._reader or await self._open()
        found = await reader.getmany(timeout_ms=0, max_records=100)
        records = [record for of_partition in found.values() for record in of_partition]
        try:
            async with conn.transaction():
                for record in records:
                    await self._add(conn, record.value or b"")
        except BaseException:
            await self.close()  # What was fetched and not stored is read again.
            raise
        return len(records)

    async def _add(self, conn: Connection, raw: bytes) -> None:
        try:
            called = decode_called(raw)
        except MalformedRecordError as error:
            _log.warning("a request is passed over: %s", error)
            return
        job = job_of(called)
        if job is None:
            _log.warning("a request for %r is passed over: this build does not know it", called.calls)
            return
        await add_job(conn, job, datetime.now(UTC))

    async def _open(self) -> AIOKafkaConsumer:
        reader = await open_reader(self._kafka, "atlas-keeper-requests")
        partitions = [TopicPartition(topics.REQUESTS.name, n) for n in range(topics.REQUESTS.partitions)]
        reader.assign(partitions)
        await reader.seek_to_beginning(*partitions)
        return reader

    async def close(self) -> None:
        """Let go of the broker."""
        if self._reader is not None:
            await self._reader.stop()
            self._reader = None
