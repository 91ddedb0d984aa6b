"""Where to go on reading: positions checked against the log that is there now (rule log-may-vanish)."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream import topics
from stream.envelope import MalformedRecordError, ReadingBatch, decode, decode_derived
from stream.historian.intake import derived_fingerprint, fingerprint_of
from stream.historian.positions import Place, Position, begin_anew
from stream.store.database import Connection

_log = logging.getLogger(__name__)
_READ_S: Final = 20.0


async def resume(
    reader: AIOKafkaConsumer, conn: Connection, incarnation: str, positions: dict[Place, Position]
) -> None:
    """Seek every partition to its position; one that the log does not bear out begins anew, in `positions` too.

    A log that is the same but ends before the position, or holds another batch where the position names one, has lost
    records: everything in it is read again, and marks and the one-row rule sort out what is stored already.
    """
    places = {TopicPartition(*place): place for place in positions}
    reader.assign(list(places))
    reader.pause(*places)
    for partition, place in places.items():
        reader.seek(partition, positions[place].next_offset)
    begins = await reader.beginning_offsets(list(places))
    ends = await reader.end_offsets(list(places))
    suspects = await _contradicted(reader, places, positions, begins, ends)
    for partition, place in places.items():
        position = positions[place]
        if position.next_offset > ends[partition] or place in suspects:
            _log.warning(
                "the log does not hold what was read before %d; reading it from its start",
                position.next_offset,
                extra={"position": f"{place[0]}:{place[1]}"},
            )
            position = positions[place] = await begin_anew(conn, incarnation, place, position.next_offset)
        elif 0 < position.next_offset < begins[partition]:
            _log.error(
                "records %d to %d were dropped by the broker before they were stored; lengthen its retention",
                position.next_offset,
                begins[partition],
                extra={"position": f"{place[0]}:{place[1]}"},
            )
        reader.seek(partition, max(position.next_offset, begins[partition]))
    reader.resume(*places)


async def _contradicted(
    reader: AIOKafkaConsumer,
    places: Mapping[TopicPartition, Place],
    positions: Mapping[Place, Position],
    begins: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> set[Place]:
    """The places whose fingerprint is not that of the record that it names; what is no longer kept proves nothing."""
    wanted: dict[TopicPartition, tuple[int, str]] = {}
    for partition, place in places.items():
        fingerprint = positions[place].fingerprint
        offset = int(fingerprint.rpartition("@")[2]) if fingerprint else -1
        if begins[partition] <= offset < ends[partition]:
            wanted[partition] = (offset, fingerprint)
            reader.seek(partition, offset)
            reader.resume(partition)
    found: dict[TopicPartition, bool] = {}
    async with asyncio.timeout(_READ_S):
        while len(found) < len(wanted):
            for partition, records in (await reader.getmany(timeout_ms=500)).items():
                if partition not in found and records:
                    offset, fingerprint = wanted[partition]
                    first = records[0]
                    found[partition] = first.offset != offset or _fingerprint(first) == fingerprint
                reader.pause(partition)
    return {places[partition] for partition, matches in found.items() if not matches}


def _fingerprint(record: "object") -> str:
    topic, offset = getattr(record, "topic", ""), int(getattr(record, "offset", -1))
    value = getattr(record, "value", None) or b""
    try:
        if topic == topics.SCORES.name:
            return derived_fingerprint(decode_derived(value), offset)
        message = decode(value)
        return fingerprint_of(message, offset) if isinstance(message, ReadingBatch) else ""
    except MalformedRecordError:
        return ""
