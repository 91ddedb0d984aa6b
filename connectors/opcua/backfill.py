"""Back-fill: what the server's history holds and the spool does not (rule back-fill).

The subscription exists before history is read. Each tag is read from its last known time less an overlap; values that
come twice are equal and stored once. History is read in slices of time for all tags together, in bounded batches, and
how far it got is noted after each, so that a restart goes on there.

Source: OPC UA Part 11, 6.4.3 (ReadRawModifiedDetails) and 6.3 (continuation points).
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua import uaerrors
from asyncua.ua.status_codes import StatusCodes
from prometheus_client import Counter, Gauge

from connectors.backoff import Backoff
from connectors.opcua.convert import Converted, to_time, to_us
from connectors.opcua.nodes import read_limits, status_name
from connectors.opcua.options import OpcUaOptions
from connectors.opcua.subscription import FieldSubscription
from connectors.port import Sink, SourceContext
from connectors.reached import Reached
from twin.atlas.tags import Tag

BACKFILLED = Counter("atlas_backfilled_readings_total", "Readings taken from history", ["plant", "source"])
GAPS = Counter("atlas_gaps_total", "Gaps of a tag, by what became of them", ["plant", "source", "outcome"])
PROGRESS = Gauge("atlas_backfill_ratio", "How far back-fill is, 0 to 1", ["plant", "source"])

_HOUR_US: Final = 3_600_000_000
_MOST_SLICES: Final = 48
_NO_HISTORY: Final = frozenset(
    {
        StatusCodes.BadHistoryOperationUnsupported,
        StatusCodes.BadHistoryOperationInvalid,
        StatusCodes.BadServiceUnsupported,
        StatusCodes.BadNotImplemented,
        StatusCodes.BadNotSupported,
        StatusCodes.BadNotReadable,
        StatusCodes.BadUserAccessDenied,
        StatusCodes.BadNodeIdUnknown,
        StatusCodes.BadNodeIdInvalid,
    }
)
_ASK_AGAIN: Final = frozenset({StatusCodes.BadContinuationPointInvalid, StatusCodes.BadNoContinuationPoints})
_logger = logging.getLogger(__name__)


@dataclass
class _Page:
    """A call to make: these handles from `start`, each with the server's continuation point or none."""

    start: int
    points: dict[int, bytes | None]


@dataclass
class _Work:
    """One filling: the gaps by tag, where each handle starts (us), and what came of it."""

    gaps: dict[int, int]
    starts: dict[int, int]
    end: int
    values: int = 0

    def __post_init__(self) -> None:
        self.found: set[int] = set()
        self.without: dict[int, int] = {}

    def judge(self, tags: Sequence[Tag]) -> None:
        """Count the tags of which nothing was found as without history: servers answer Good for those they don't keep.

        Whatever is kept has a value there, because the last one that is known lies in the time that was asked for.
        """
        for handle in self.starts:
            tag_id = tags[handle - 1].tag_id
            if tag_id not in self.found:
                self.without.setdefault(tag_id, StatusCodes.GoodNoData)


class Backfill:
    """Fills the gaps of one source; see `connectors.opcua.source` for its place."""

    def __init__(
        self,
        context: SourceContext,
        options: OpcUaOptions,
        sink: Sink,
        reached: Reached,
        subscription: FieldSubscription,
        clock: Callable[[], int],
    ) -> None:
        self._context = context
        self._options = options
        self._sink = sink
        self._reached = reached
        self._subscription = subscription
        self._clock = clock
        self._tags_per_call = options.history_tags

    async def run(self, services: UaSession) -> NoReturn:
        """Fill gaps whenever there are some."""
        self._subscription.items.per_call, self._tags_per_call = await read_limits(services, self._options)
        backoff = Backoff(first=2.0, longest=60.0)
        while True:
            await self._subscription.gap.wait()
            self._subscription.gap.clear()
            try:
                await self._fill(services)
            except (uaerrors.UaStatusCodeError, TimeoutError) as error:
                delay = backoff.next()
                self._log(logging.WARNING, "history cannot be read (%s); again in %.0f s", error, delay)
                await asyncio.sleep(delay)
                self._subscription.gap.set()
            else:
                backoff.reset()

    async def _fill(self, services: UaSession) -> None:
        work = self._plan()
        if work.starts:
            begin = min(work.starts.values())
            step = max(_HOUR_US, -(-(work.end - begin) // _MOST_SLICES))
            for slice_start in range(begin, work.end, step):
                await self._fill_slice(services, work, slice_start, min(slice_start + step, work.end))
                done = (min(slice_start + step, work.end) - begin) / (work.end - begin)
                PROGRESS.labels(self._context.plant, self._context.source).set(done)
                self._log(logging.INFO, "history read to %.0f %%, %d values so far", 100 * done, work.values)
            work.judge(self._subscription.items.tags)
            self._subscription.history_kept = len(work.without) < len(work.starts)
        self._close(work)

    def _plan(self) -> _Work:
        now = self._clock()
        earliest = max(self._context.history_from_us, now - round(self._options.history_hours * _HOUR_US))
        gaps = self._reached.gaps()
        starts: dict[int, int] = {}
        for handle, tag in enumerate(self._subscription.items.tags, start=1):
            if tag.tag_id not in gaps or handle in self._subscription.items.refused:
                continue
            known = self._reached.complete(tag.tag_id)
            if known is None:
                start = earliest
            else:
                start = max(known - round(self._options.overlap_s * 1e6), self._context.history_from_us)
            starts[handle] = start
        # The server's clock may be ahead of ours: what it has until now is wanted, whatever it calls now.
        latest_start = max(starts.values(), default=0)
        return _Work(gaps, starts, max(now, latest_start) + _HOUR_US)

    def _close(self, work: _Work) -> None:
        labels = (self._context.plant, self._context.source)
        for tag_id, gap in work.gaps.items():
            if self._reached.close_gap(tag_id, gap):
                GAPS.labels(*labels, "not filled" if tag_id in work.without else "filled").inc()
        self._reached.save()
        if work.without:
            reasons = sorted({status_name(code) for code in work.without.values()})
            self._log(
                logging.WARNING,
                "%d of %d tags have nothing in the server's history (%s): what they reported meanwhile is missing",
                len(work.without),
                len(work.gaps),
                "; ".join(reasons),
            )

    async def _fill_slice(self, services: UaSession, work: _Work, start: int, end: int) -> None:
        tags = self._subscription.items.tags
        handles = [h for h, first in work.starts.items() if first < end and tags[h - 1].tag_id not in work.without]
        for at in range(0, len(handles), self._tags_per_call):
            some = handles[at : at + self._tags_per_call]
            first = max(start, min(work.starts[handle] for handle in some))
            pages = deque([_Page(first, dict.fromkeys(some))])
            while pages:
                page = pages.popleft()
                results = await self._read(services, page, end)
                pages.extend(await self._take(work, page, results))

    async def _read(self, services: UaSession, page: _Page, end: int) -> list[ua.HistoryReadResult]:
        details = ua.ReadRawModifiedDetails()
        details.IsReadModified = False
        details.StartTime = to_time(page.start)
        details.EndTime = to_time(end)
        details.NumValuesPerNode = ua.UInt32(self._options.history_values)
        details.ReturnBounds = False
        parameters = ua.HistoryReadParameters()
        parameters.HistoryReadDetails = details
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        parameters.ReleaseContinuationPoints = False
        for handle, point in page.points.items():
            node = ua.HistoryReadValueId()
            node.NodeId = self._subscription.items.node_of(handle) or ua.NodeId()
            node.ContinuationPoint = point
            parameters.NodesToRead.append(node)
        try:
            async with asyncio.timeout(3 * self._options.timeout_s):
                return await services.history_read(parameters)
        except uaerrors.UaStatusCodeError as error:
            if error.code in _NO_HISTORY:
                return [ua.HistoryReadResult(StatusCode=ua.StatusCode(ua.UInt32(error.code))) for _ in page.points]
            if error.code == StatusCodes.BadTooManyOperations and self._tags_per_call > 1:
                self._tags_per_call = max(1, self._tags_per_call // 2)
            raise

    async def _take(self, work: _Work, page: _Page, results: list[ua.HistoryReadResult]) -> list[_Page]:
        """Keep what one call brought; the calls that must follow it."""
        converted = Converted()
        through: dict[int, int] = {}
        more = _Page(page.start, {})
        again: list[_Page] = []
        for handle, result in zip(page.points, results, strict=True):
            tag_id = self._subscription.items.tags[handle - 1].tag_id
            code = int(result.StatusCode.value)
            if code in _ASK_AGAIN:
                again.append(_Page(max(page.start, self._reached.complete(tag_id) or 0), {handle: None}))
                continue
            if code & 0x8000_0000:
                self._refused(work, tag_id, code)
                continue
            values = _values_of(result)
            times = self._add(converted, tag_id, values, work.starts[handle])
            if times:
                through[tag_id] = max(times)
            if result.ContinuationPoint:
                more.points[handle] = result.ContinuationPoint
            elif len(values) >= self._options.history_values and times:
                # Full, and no way to go on: some servers cut without saying so. Ask on from the last value.
                again.append(_Page(max(times) if max(times) > page.start else page.start + 1, {handle: None}))
        readings = converted.readings("backfill")
        if len(readings):
            await self._sink.put(readings, wait=True)
            work.values += len(readings)
            BACKFILLED.labels(self._context.plant, self._context.source).inc(len(readings))
        for tag_id, time in through.items():
            work.found.add(tag_id)
            self._reached.filled(tag_id, time)
        return [*([more] if more.points else []), *again]

    def _add(self, converted: Converted, tag_id: int, values: list[ua.DataValue], start: int) -> list[int]:
        now = self._clock()
        times: list[int] = []
        for value in values:
            time = to_us(value.SourceTimestamp)
            if time is None:
                time = to_us(value.ServerTimestamp)
            if time is not None and time >= start:
                converted.add(tag_id, value, now)
                times.append(time)
        return times

    def _refused(self, work: _Work, tag_id: int, code: int) -> None:
        if code not in _NO_HISTORY:
            ua.StatusCode(ua.UInt32(code)).check()
        work.without[tag_id] = code

    def _log(self, level: int, text: str, *arguments: object) -> None:
        _logger.log(level, text, *arguments, extra={"plant": self._context.plant})


def _values_of(result: ua.HistoryReadResult) -> list[ua.DataValue]:
    values = getattr(result.HistoryData, "DataValues", None)
    return list(values) if values else []
