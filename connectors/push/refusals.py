"""What was pushed and cannot be forwarded, on its way to the historian, who alone makes it a letter (rule admit-once).

It travels like a batch: numbered by its offset in the inbox, spooled, sent, and trimmed once its letter is stored.
"""

import asyncio
from typing import Final, NamedTuple

from connectors.spool import Spool
from stream.envelope import RefusedRecord, encode
from stream.topics import INBOX
from twin.atlas.tag_definition import PUSH

MAX_BODY_BYTES: Final = 65_536
PLANT: Final = ""
"""What is refused is no plant's."""
PLANT_NUMBER: Final = 0
"""All of it goes through the partition of this number, where its own numbers keep it apart."""
_ENVELOPE_BYTES: Final = 3_000
_MAX_TEXT: Final = 1_000


class Place(NamedTuple):
    """Where a record lay in the inbox of a log, and the epoch that its offset is a number of."""

    incarnation: str
    partition: int
    offset: int
    epoch: int


class Refusals:
    """Keeps what is refused in a spool of its own."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._turn = asyncio.Lock()

    async def put(self, place: Place, *, claims: str, reason: str, readings: int, body: bytes) -> None:
        """Keep a refused record, or the refused part of one, at most once per place; waits for room.

        Parameters
        ----------
        claims
            The plant that it claims to be of, as far as that could be read.
        readings
            How many readings are refused; 0 where they cannot be counted.
        """
        kept = body[:MAX_BODY_BYTES]
        await self._spool.wait_for_room(len(kept) + _ENVELOPE_BYTES)
        async with self._turn:
            after = self._spool.last_seq(place.epoch)
            if place.offset <= after:
                return
            record = RefusedRecord(
                plant=PLANT,
                source=PUSH,
                epoch=place.epoch,
                seq=place.offset,
                after=after,
                topic=INBOX.name,
                partition=place.partition,
                offset=place.offset,
                incarnation=place.incarnation,
                claims=_plain(claims),
                reason=_plain(reason),
                readings=readings,
                body=kept,
                body_bytes=len(body),
            )
            await self._spool.append(place.epoch, place.offset, encode(record))


def _plain(text: str) -> str:
    """Text that can be encoded, whatever JSON's escapes have made of it."""
    return text[:_MAX_TEXT].encode("utf-8", "backslashreplace").decode()
