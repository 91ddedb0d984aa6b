"""Stored marks: the historian's word to the connectors, which trim their spools by it (rule stored-then-trimmed).

Said only of what is committed: changed marks about once a second, all of them at the start and every ten seconds, so
that a connector that starts later, or a log that began anew, hears them again.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NoReturn

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream.envelope import StoredMark, encode
from stream.historian.chunk import MarkKey
from stream.historian.metrics import MARKS_SENT
from stream.store.database import Connection
from stream.topics import STORED

MARK_LIFE: Final = timedelta(days=30)
"""How long a mark is kept after its last move; a spool as old as that is sent again and settled row by row."""

_log = logging.getLogger(__name__)
_CHANGED_EVERY_S: Final = 1.0
_ALL_EVERY_S: Final = 10.0


async def load_marks(conn: Connection, now: datetime) -> dict[MarkKey, int]:
    """All marks that moved within `MARK_LIFE`, the least recently moved first."""
    cursor = await conn.execute(
        "SELECT plant, source, epoch, seq FROM stored_mark WHERE stored_at >= %s ORDER BY stored_at, epoch",
        [now - MARK_LIFE],
    )
    return {(row[0], row[1], row[2]): row[3] for row in await cursor.fetchall()}


@dataclass
class StoredMarks:
    """The marks as committed, and their publisher; `now_us` is the clock, microseconds UTC."""

    producer: AIOKafkaProducer
    incarnation: str
    marks: dict[MarkKey, int]
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    _changed: set[MarkKey] = field(default_factory=set)

    def note(self, marks: Mapping[MarkKey, int]) -> None:
        """Take committed marks; they go out with the next round."""
        for key, seq in marks.items():
            if seq > self.marks.get(key, -1):
                self.marks[key] = seq
                self._changed.add(key)

    async def run(self) -> NoReturn:
        """Publish for ever; marks that Kafka does not acknowledge go out with the next round."""
        loop = asyncio.get_running_loop()
        all_at = loop.time()
        while True:
            if loop.time() >= all_at:
                self._changed.update(self.marks)
                all_at += _ALL_EVERY_S
            try:
                await self.publish()
            except KafkaError as error:
                # They are only said later: connectors keep their spools meanwhile, and the lanes watch the broker.
                _log.warning("stored marks are not published, trying again: %s", error)
            await asyncio.sleep(_CHANGED_EVERY_S)

    async def publish(self) -> int:
        """Publish what has changed since the last round, and return how many marks that were.

        Raises
        ------
        KafkaError
            Where the broker does not acknowledge; the marks wait for the next round.
        """
        changed, self._changed = self._changed, set()
        if not changed:
            return 0
        try:
            await self._send(changed)
        except BaseException:
            self._changed |= changed
            raise
        MARKS_SENT.inc(len(changed))
        return len(changed)

    async def _send(self, changed: set[MarkKey]) -> None:
        at = self.now_us()
        sent = [
            await self.producer.send(
                STORED.name,
                encode(
                    StoredMark(
                        plant=key[0],
                        source=key[1],
                        epoch=key[2],
                        seq=self.marks[key],
                        incarnation=self.incarnation,
                        at=at,
                    )
                ),
                partition=0,
            )
            for key in sorted(changed)
        ]
        await asyncio.gather(*sent)
