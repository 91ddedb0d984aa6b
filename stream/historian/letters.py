"""Dead letters: what could not become a row, why, and its bytes, at most 64 kB each.

Only the historian writes them, in the transaction of the batch that they came with. What is a readable batch is kept as
one or more smaller batches that each fit a letter whole, so that it can be released once its cause is mended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from stream.envelope import ReadingBatch, encode
from stream.store.database import Connection

MAX_BODY_BYTES: Final = 65_536
_READING_BYTES: Final = 24
_MAX_TEXT: Final = 200
_MAX_REASON: Final = 1_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record lay, and whose it was where that could be read; `incarnation` where it lay in another log."""

    topic: str
    partition: int
    offset: int
    plant: str = ""
    source: str = ""
    incarnation: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One letter; `n` tells apart those of one record, `body_bytes` is the size before it was cut."""

    origin: Origin
    n: int
    reason: str
    readings: int
    body: bytes
    body_bytes: int
    releasable: bool


def unreadable(origin: Origin, reason: str, body: bytes) -> DeadLetter:
    """A letter for bytes that are no batch; they are kept up to the limit, to be looked at."""
    return DeadLetter(origin, 0, reason, 0, body[:MAX_BODY_BYTES], len(body), releasable=False)


def of_batch(origin: Origin, reason: str, batch: ReadingBatch, first: int = 0) -> list[DeadLetter]:
    """Letters for a whole batch, as many as it takes."""
    return of_readings(origin, reason, batch, np.arange(len(batch)), first)


def of_readings(
    origin: Origin, reason: str, batch: ReadingBatch, index: NDArray[np.intp], first: int = 0
) -> list[DeadLetter]:
    """Letters for some readings of a batch, each a batch of its own under the same number.

    Parameters
    ----------
    index
        Which readings; shape (m,).
    first
        The number `n` of the first letter.
    """
    letters = []
    for n, part in enumerate(_parts(batch, index), start=first):
        body = encode(part)
        letters.append(DeadLetter(origin, n, reason, len(part), body, len(body), releasable=True))
    return letters


def _parts(batch: ReadingBatch, index: NDArray[np.intp]) -> Iterator[ReadingBatch]:
    head = len(encode(msgspec.structs.replace(batch, tag_ids=b"", times=b"", values=b"", quality=b"")))
    size = max(1, (MAX_BODY_BYTES - head - 64) // _READING_BYTES)
    arrays = batch.arrays()
    for start in range(0, max(1, len(index)), size):
        chosen = index[start : start + size]
        tag_ids, times, values, quality = (array[chosen].tobytes() for array in arrays)
        yield msgspec.structs.replace(batch, tag_ids=tag_ids, times=times, values=values, quality=quality)


async def insert_letters(conn: Connection, incarnation: str, letters: list[DeadLetter], at: datetime) -> None:
    """Write letters within the caller's transaction; one that is there already stays as it is."""
    if not letters:
        return
    async with conn.cursor() as cursor:
        await cursor.executemany(
            'INSERT INTO dead_letter (topic, partition, incarnation, "offset", n, plant, source, reason, readings,'
            " body, body_bytes, releasable, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (
                    letter.origin.topic,
                    letter.origin.partition,
                    letter.origin.incarnation or incarnation,
                    letter.origin.offset,
                    letter.n,
                    printable(letter.origin.plant),
                    printable(letter.origin.source),
                    printable(letter.reason, _MAX_REASON),
                    letter.readings,
                    letter.body,
                    letter.body_bytes,
                    letter.releasable,
                    at,
                )
                for letter in letters
            ],
        )


def printable(text: str, limit: int = _MAX_TEXT) -> str:
    """Text that a table can hold, whatever a malformed record said: without NUL, and not longer than `limit`."""
    return text.replace("\x00", "\\0")[:limit]
