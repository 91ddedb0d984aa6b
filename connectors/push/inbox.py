"""The push connector: what anybody produces into `atlas.inbox` becomes numbered batches in the plants' spools.

A record's offset is its batches' number, so that forwarding it again, after a crash at any moment, is dropped by spool
or readers (rule one-partition). One reader reads all partitions; each is forwarded in order by a task of its own, with
nothing fetched of it meanwhile, so that one that waits holds up no other and nothing piles up.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from prometheus_client import Counter

from connectors.backoff import Backoff
from connectors.errors import MalformedPushError
from connectors.port import Report
from connectors.push.log import InboxLog, InboxReader, InboxRecord
from connectors.push.plants import PushedPlant, PushedPlants
from connectors.push.position import InboxPosition
from connectors.push.record import FORM, PushedRecord, RefusedReading, SortedReadings, parse, sort_readings
from connectors.push.refusals import Place, Refusals

RECORDS = Counter("atlas_inbox_records_total", "Records of the inbox that were forwarded or refused")
REFUSED = Counter("atlas_inbox_refused_total", "Records of the inbox that were refused, wholly or in part")
MISSED = Counter("atlas_inbox_missed_total", "Records of the inbox that the broker dropped before they were read")

_SAVE_EVERY_S: Final = 1.0
_logger = logging.getLogger(__name__)


class PushConnector:
    """Forwards the inbox of all plants.

    Parameters
    ----------
    position_file
        Keeps where to go on.
    clock
        Microseconds UTC; tells back-fill from what is live.
    report
        Learns whether the inbox can be read, and in words why not.
    """

    def __init__(
        self,
        log: InboxLog,
        plants: PushedPlants,
        refusals: Refusals,
        position_file: Path,
        clock: Callable[[], int],
        report: Report,
    ) -> None:
        self._log = log
        self._plants = plants
        self._refusals = refusals
        self._position_file = position_file
        self._clock = clock
        self._report = report

    async def run(self) -> NoReturn:
        """Forward until cancelled; trouble with Kafka or the disk is waited out, for the inbox keeps what it has."""
        backoff = Backoff(first=0.5, longest=10.0)
        while True:
            await self._plants.any_known()
            try:
                await self._forward_log(backoff.reset)
            except Exception as error:
                cause = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
                delay = backoff.next()
                _logger.warning("inbox: %s: %s; again in %.1f s", type(cause).__name__, cause, delay)
                self._report(False, f"the inbox cannot be forwarded ({type(cause).__name__}: {cause})")
                await asyncio.sleep(delay)

    async def _forward_log(self, begun: Callable[[], None]) -> NoReturn:
        """Forward the inbox of one log until it vanishes."""
        incarnation = await self._log.learn()
        reader = await self._log.open_inbox()
        try:
            position = InboxPosition(self._position_file, incarnation)
            await _seek(reader, position)
            self._report(True, "reading the inbox")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._log.watch(incarnation))
                group.create_task(_keep_saved(position))
                while True:
                    for partition, records in (await reader.fetch()).items():
                        reader.pause(partition)
                        group.create_task(self._forward(reader, position, partition, records))
                    begun()
        finally:
            await reader.stop()

    async def _forward(
        self, reader: InboxReader, position: InboxPosition, partition: int, records: Sequence[InboxRecord]
    ) -> None:
        fetched_at = asyncio.get_running_loop().time()
        for record in records:
            place = Place(position.incarnation, partition, record.offset, position.epoch(partition))
            await self._take(place, record.value, fetched_at)
            position.advance(partition, record.offset + 1)
            RECORDS.inc()
        reader.resume(partition)

    async def _take(self, place: Place, body: bytes, fetched_at: float) -> None:
        claims = ""
        try:
            pushed = parse(body)
            claims = pushed.plant
            plant, found = await self._sorted(pushed, fetched_at)
        except MalformedPushError as error:
            REFUSED.inc()
            await self._refusals.put(place, claims=claims, reason=str(error), readings=0, body=body)
            return
        for source, readings in found.taken.items():
            await plant.sinks[source].put(readings, wait=True, number=(place.epoch, place.offset))
        if found.refused:
            REFUSED.inc()
            await self._refuse_part(place, pushed, found.refused)

    async def _sorted(self, pushed: PushedRecord, fetched_at: float) -> tuple[PushedPlant, SortedReadings]:
        """The record's plant and readings; the API is asked again before anything in it is called unknown."""
        plant = self._plants.find(pushed.plant)
        found = None if plant is None else sort_readings(pushed, plant.table, plant.sinks, self._clock())
        if plant is None or found is None or found.unknown_tag:
            await self._plants.asked_since(fetched_at)
            plant = self._plants.find(pushed.plant)
            if plant is None:
                raise MalformedPushError(f"there is no plant {pushed.plant[:60]!r}; GET /v1/plants lists them")
            found = sort_readings(pushed, plant.table, plant.sinks, self._clock())
        return plant, found

    async def _refuse_part(self, place: Place, pushed: PushedRecord, refused: list[RefusedReading]) -> None:
        """Refuse some readings of a record, in the form of one that can be mended and sent again."""
        others = len(refused) - 1
        reason = refused[0].reason + (f" (and {others} more readings of this record)" if others else "")
        kept: dict[str, Any] = {"v": FORM, "plant": pushed.plant, "readings": [one.reading for one in refused]}
        if pushed.origin is not None:
            kept |= {"origin": pushed.origin, "version": pushed.version}
        try:
            body = json.dumps(kept).encode()
        except RecursionError:  # It was read at a shallower depth of calls than this.
            body = b""
        await self._refusals.put(place, claims=pushed.plant, reason=reason, readings=len(refused), body=body)


async def _seek(reader: InboxReader, position: InboxPosition) -> None:
    """Seek each partition to its position, as far as the inbox bears it out (rule log-may-vanish)."""
    bounds = await reader.bounds()
    if any(end < position.next(partition) for partition, (_, end) in bounds.items()):
        _logger.warning("the inbox ends before what was read of it: it was made anew, and is read from its beginning")
        position.begin_anew()
    for partition, (begin, _) in bounds.items():
        missed = begin - position.next(partition) if position.next(partition) else 0
        if missed > 0:
            MISSED.inc(missed)
            _logger.error("the broker dropped %d records of inbox %d unread; lengthen its retention", missed, partition)
        reader.seek(partition, max(begin, position.next(partition)))


async def _keep_saved(position: InboxPosition) -> NoReturn:
    """Save the position about once a second; what a crash leaves unsaved is forwarded again, and dropped."""
    while True:
        await asyncio.sleep(_SAVE_EVERY_S)
        await asyncio.to_thread(position.save)
