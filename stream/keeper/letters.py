"""Dead letters on their way out: published to `atlas.deadletter`, and released once their cause is mended."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson
from aiokafka import AIOKafkaProducer

from stream import topics
from stream.envelope import MalformedRecordError, ReadingBatch, decode, encode
from stream.historian.known_tables import RELEASED_SUFFIX
from stream.store.database import Connection
from stream.store.errors import UnreleasableLetterError

RELEASE_LOCK: Final = 0x41544C53_0005

_COLUMNS: Final = (
    'id, topic, partition, incarnation, "offset", n, plant, source, reason, readings, body, body_bytes, releasable,'
    " created_at"
)


@dataclass(frozen=True, slots=True)
class LetterSummary:
    """A dead letter without its body."""

    id: int
    created_at: datetime
    plant: str
    source: str
    readings: int
    reason: str
    releasable: bool
    released: bool

    @property
    def fate(self) -> str:
        """What can be, or has been, done with it, in a word."""
        return "released" if self.released else "releasable" if self.releasable else ""


async def newest_letters(conn: Connection, limit: int, plant: str | None = None) -> list[LetterSummary]:
    """The newest dead letters, of all plants or of one."""
    cursor = await conn.execute(
        "SELECT id, created_at, plant, source, readings, reason, releasable, released_at IS NOT NULL FROM dead_letter"
        " WHERE %(plant)s::text IS NULL OR plant = %(plant)s ORDER BY id DESC LIMIT %(limit)s",
        {"plant": plant, "limit": limit},
    )
    return [LetterSummary(*row) for row in await cursor.fetchall()]


async def publish_letters(conn: Connection, producer: AIOKafkaProducer, now: datetime, limit: int = 100) -> int:
    """Publish the oldest unpublished letters and mark them; returns how many. The caller holds the relay's lock.

    A crash between acknowledgement and mark publishes a letter again; its `id` tells.
    """
    query = f"SELECT {_COLUMNS} FROM dead_letter WHERE published_at IS NULL ORDER BY id LIMIT %s"  # noqa: S608  # constant
    rows = await (await conn.execute(query.encode(), [limit])).fetchall()
    for row in rows:
        await producer.send_and_wait(topics.DEADLETTER.name, _as_json(row), partition=0)
    await conn.execute("UPDATE dead_letter SET published_at = %s WHERE id = ANY(%s)", [now, [row[0] for row in rows]])
    return len(rows)


async def release_letters(
    conn: Connection, producer: AIOKafkaProducer, ids: list[int], now: datetime, epoch: Callable[[], int]
) -> int:
    """Send the batches of dead letters again, as corrections, and mark the letters; returns how many batches.

    Their source becomes "<source>/released" with an epoch of its own, so that no mark of the source can drop them. A
    crash before the mark leaves them to be released again; equal rows are then ignored (rule one-row).

    Parameters
    ----------
    epoch
        Draws a random epoch, 63 bits.

    Raises
    ------
    UnreleasableLetterError
        Where one of them holds no whole batch or was released before; then none is sent.
    """
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock(%s)", [RELEASE_LOCK])
        cursor = await conn.execute(
            "SELECT id, partition, body, releasable, released_at FROM dead_letter WHERE id = ANY(%s) ORDER BY id", [ids]
        )
        batches = [_batch_of(row) for row in await cursor.fetchall()]
        if len(batches) != len(set(ids)):
            raise UnreleasableLetterError(
                f"of the letters {ids} only {len(batches)} exist", remedy="name those that do"
            )
        epochs: dict[tuple[str, str], tuple[int, int]] = {}
        for partition, batch in batches:
            key = (batch.plant, batch.source)
            number, seq = epochs.get(key) or (epoch(), 0)
            epochs[key] = (number, seq + 1)
            source = batch.source.removesuffix(RELEASED_SUFFIX) + RELEASED_SUFFIX
            again = msgspec.structs.replace(batch, source=source, epoch=number, seq=seq, origin="correction")
            await producer.send_and_wait(topics.READINGS.name, encode(again), partition=partition)
        await conn.execute("UPDATE dead_letter SET released_at = %s WHERE id = ANY(%s)", [now, ids])
    return len(batches)


def _batch_of(row: tuple[Any, ...]) -> tuple[int, ReadingBatch]:
    letter, partition, body, releasable, released_at = row
    if not releasable or released_at is not None:
        why = "was released before" if released_at is not None else "holds no whole batch"
        raise UnreleasableLetterError(f"letter {letter} {why}", remedy="leave it out")
    try:
        batch = decode(bytes(body))
    except MalformedRecordError as error:
        raise UnreleasableLetterError(f"letter {letter} cannot be read: {error}", remedy="leave it out") from error
    if not isinstance(batch, ReadingBatch):
        raise UnreleasableLetterError(f"letter {letter} holds no batch", remedy="leave it out")
    return int(partition), batch


def _as_json(row: tuple[Any, ...]) -> bytes:
    names = (
        "id topic partition incarnation offset n plant source reason readings body body_bytes releasable created_at"
    ).split()
    content = dict(zip(names, row, strict=True))
    content["body"] = base64.b64encode(bytes(content["body"])).decode()
    return orjson.dumps(content)
