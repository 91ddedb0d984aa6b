"""The subscription of one plant's tags: whole notifications become batches, in order, none skipped unseen.

A notification is acknowledged only after the sink has it on disk. Messages are numbered by the server; a number that
is missing is asked for again, and what cannot be had again opens a gap for back-fill.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn

import numpy as np
from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua import uaerrors
from prometheus_client import Counter

from connectors.opcua.convert import Converted, convert
from connectors.opcua.nodes import Items, read_namespaces
from connectors.opcua.options import OpcUaOptions
from connectors.opcua.restore import SubscriptionGoneError, republish, sequence_after, still_ours
from connectors.port import Readings, Sink, SourceContext
from connectors.reached import Reached

OVERFLOWS = Counter("atlas_opcua_overflows_total", "Values behind which the server's queue lost some", ["plant"])
NOT_NUMBERS = Counter("atlas_opcua_refused_values_total", "Values that are no number", ["plant", "reason"])
NOTIFICATIONS = Counter("atlas_opcua_notifications_total", "Notifications taken", ["plant", "how"])
LOST = Counter("atlas_opcua_lost_notifications_total", "Notifications the server could not send again", ["plant"])

_CODE: Final = 0xFFFF_0000
_logger = logging.getLogger(__name__)


class FieldSubscription:
    """One subscription on one session.

    Parameters
    ----------
    clock
        Microseconds UTC.
    heard
        Told the client handles that a notification reported on.
    """

    def __init__(
        self,
        context: SourceContext,
        options: OpcUaOptions,
        sink: Sink,
        reached: Reached,
        *,
        clock: Callable[[], int],
        heard: Callable[[Iterable[int]], None],
    ) -> None:
        self.items = Items(context.tags, options)
        self.gap = asyncio.Event()
        """Set when back-fill has something to do."""
        self.history_kept = True
        """Whether the server keeps what is not fetched; then capture waits for room instead of refusing readings."""
        self._plant = context.plant
        self._options = options
        self._sink = sink
        self._reached = reached
        self._clock = clock
        self._heard = heard
        self._id: int | None = None
        self._last = 0
        self._acks: list[int] = []
        self._requests = options.requests_waiting
        self._turn = asyncio.Lock()
        self._taking: asyncio.Task[None] | None = None
        self._said: set[tuple[int, str]] = set()

    async def settle(self, services: UaSession, *, resumed: bool) -> bool:
        """Take the subscription up where it was, or make a new one; True where nothing can have been missed."""
        if self._taking is not None:
            await asyncio.wait({self._taking})
            if not self._taking.cancelled():
                self._taking.exception()  # It was seen by whoever waited for it; only the number counts here.
        if self._id is not None:
            try:
                if await still_ours(services, self._id, resumed=resumed, timeout_s=self._options.timeout_s):
                    await self._catch_up(services)
                    return True
            except SubscriptionGoneError as error:
                _logger.info("%s", error, extra={"plant": self._plant})
        await self._create(services)
        return False

    async def publish(self, services: UaSession) -> NoReturn:
        """Fetch notifications for ever.

        Raises
        ------
        SubscriptionGoneError
            Where the server ended the subscription, or says nothing any more.
        """
        silence_s = 2.5 * self._options.keepalive_count * self._options.publishing_ms / 1000 + self._options.timeout_s
        waiting: deque[asyncio.Task[ua.PublishResponse]] = deque()
        try:
            while True:
                while len(waiting) < self._requests:
                    waiting.append(asyncio.create_task(services.publish(self._acknowledgements())))
                try:
                    async with asyncio.timeout(silence_s):
                        response = await waiting[0]
                except TimeoutError as error:
                    self._forget()
                    raise SubscriptionGoneError(
                        f"nothing was published for {silence_s:g} s; subscribing anew"
                    ) from error
                except uaerrors.UaError as error:
                    self._judge(error)
                    continue
                finally:
                    if waiting[0].done():
                        waiting.popleft()
                self._taking = asyncio.create_task(self._take(services, response.Parameters))
                # A notification that has begun to go to disk is finished, whatever happens to the line: cut in the
                # middle, it would be asked for again and kept twice.
                await asyncio.shield(self._taking)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def retry(self, services: UaSession, handles: Iterable[int]) -> None:
        """Make the items of these handles again; tags that report from now on may have missed something before."""
        if self._id is None:
            return
        wanted = list(handles)
        await self.items.recreate(services, self._id, wanted)
        made = [handle for handle in wanted if handle not in self.items.refused]
        self._open_gap(self.items.tags[handle - 1].tag_id for handle in made)
        await self._report_refused(set(wanted))

    async def close(self) -> None:
        """Wait until what has begun to go to disk is there."""
        if self._taking is not None:
            await asyncio.wait({self._taking}, timeout=self._options.timeout_s)

    def _judge(self, error: uaerrors.UaError) -> None:
        """Go on after a publish request that failed, or raise what ends the subscription or the session."""
        if isinstance(error, uaerrors.BadTooManyPublishRequests):
            self._requests = max(1, self._requests - 1)
        elif isinstance(error, uaerrors.UaStructParsingError):
            _logger.warning("a notification cannot be read; it is asked for again", extra={"plant": self._plant})
        elif isinstance(error, (uaerrors.BadNoSubscription, uaerrors.BadSubscriptionIdInvalid)):
            self._forget()
            raise SubscriptionGoneError("the server ended the subscription; subscribing anew") from error
        elif not isinstance(error, uaerrors.BadTimeout):
            raise error

    def _forget(self) -> None:
        self._id = None

    async def _create(self, services: UaSession) -> None:
        options = self._options
        parameters = ua.CreateSubscriptionParameters()
        parameters.RequestedPublishingInterval = options.publishing_ms
        parameters.RequestedLifetimeCount = ua.UInt32(options.lifetime_count)
        parameters.RequestedMaxKeepAliveCount = ua.UInt32(options.keepalive_count)
        parameters.MaxNotificationsPerPublish = ua.UInt32(0)
        parameters.PublishingEnabled = True
        self._forget()
        async with asyncio.timeout(options.timeout_s):
            result = await services.create_subscription(parameters, callback=_unused)
        namespaces = await read_namespaces(services, options.timeout_s)
        async with self._turn:
            self._last, self._acks = 0, []
            await self.items.create_all(services, int(result.SubscriptionId), namespaces)
            self._id = int(result.SubscriptionId)
        self._open_gap(tag.tag_id for tag in self.items.tags)
        self._heard(range(1, len(self.items.tags) + 1))
        await self._report_refused(set(self.items.refused))

    async def _take(self, services: UaSession, result: ua.PublishResult) -> None:
        async with self._turn:
            message = result.NotificationMessage
            sequence = int(message.SequenceNumber)
            if self._id is None or int(result.SubscriptionId) != self._id:
                return
            if sequence > sequence_after(self._last):
                await self._fetch(services, sequence)
            if not message.NotificationData:
                return  # A keep-alive; its number is that of the message to come.
            if sequence < sequence_after(self._last) and self._last - sequence < 2**31:
                self._acks.append(sequence)  # Fetched again already.
                return
            await self._keep(message, "live")

    async def _catch_up(self, services: UaSession) -> None:
        """Fetch what was sent into the cut connection."""
        if self._id is None:
            return
        async with self._turn:
            fetched = 0
            while True:
                message = await republish(services, self._id, sequence_after(self._last), self._options.timeout_s)
                if message is None:
                    break
                await self._keep(message, "again")
                fetched += 1
        _logger.info("subscription taken up again, %d notifications fetched", fetched, extra={"plant": self._plant})

    async def _fetch(self, services: UaSession, until: int) -> None:
        """Fetch the messages between the last one kept and `until`; what cannot be had opens a gap."""
        lost = 0
        while self._id is not None and sequence_after(self._last) < until:
            sequence = sequence_after(self._last)
            message = await republish(services, self._id, sequence, self._options.timeout_s)
            if message is None:
                lost += 1
                self._last = sequence
            else:
                await self._keep(message, "again")
        if lost:
            LOST.labels(self._plant).inc(lost)
            _logger.warning("%d notifications were lost; history is read", lost, extra={"plant": self._plant})
            self._open_gap(tag.tag_id for tag in self.items.tags)

    async def _keep(self, message: ua.NotificationMessage, how: str) -> None:
        reported: list[tuple[int, ua.DataValue]] = []
        heard: list[int] = []
        ended: ua.StatusCode | None = None
        for part in message.NotificationData:
            if isinstance(part, ua.DataChangeNotification):
                for item in part.MonitoredItems:
                    tag = self.items.tag_of(int(item.ClientHandle))
                    if tag is not None:
                        reported.append((tag.tag_id, item.Value))
                        heard.append(int(item.ClientHandle))
            elif isinstance(part, ua.StatusChangeNotification):
                ended = part.Status
        converted = convert(reported, self._clock())
        readings = converted.readings("live")
        if len(readings) and await self._sink.put(readings, wait=self.history_kept):
            self._reached.live(readings)
        self._last = int(message.SequenceNumber)
        self._acks.append(self._last)
        self._heard(heard)
        NOTIFICATIONS.labels(self._plant, how).inc()
        self._count(converted)
        if ended is not None and not ended.is_good():
            self._forget()
            raise SubscriptionGoneError(f"the server ended the subscription ({ended.name}); subscribing anew")

    def _count(self, converted: Converted) -> None:
        if converted.overflowed:
            OVERFLOWS.labels(self._plant).inc(len(converted.overflowed))
            self._open_gap(converted.overflowed)
        for (tag_id, reason), times in converted.refused.items():
            NOT_NUMBERS.labels(self._plant, reason).inc(times)
            if (tag_id, reason) not in self._said:
                self._said.add((tag_id, reason))
                _logger.warning(
                    "tag %s reports %s; only numbers are kept: give the address of a number",
                    next(tag.name for tag in self.items.tags if tag.tag_id == tag_id),
                    "an array" if reason == "array" else f"values of type {reason}",
                    extra={"plant": self._plant},
                )

    async def _report_refused(self, handles: set[int]) -> None:
        """A tag without item has a reading all the same: bad, with the server's reason."""
        refused = {h: code for h, code in self.items.refused.items() if h in handles}
        if not refused:
            return
        now = self._clock()
        readings = Readings(
            np.array([self.items.tags[handle - 1].tag_id for handle in refused], dtype=np.int32),
            np.full(len(refused), now, dtype=np.int64),
            np.full(len(refused), np.nan),
            np.array([code & _CODE for code in refused.values()], dtype=np.uint32),
        )
        await self._sink.put(readings, wait=False)

    def _open_gap(self, tag_ids: Iterable[int]) -> None:
        self._reached.open_gap(tag_ids)
        self.gap.set()

    def _acknowledgements(self) -> list[ua.SubscriptionAcknowledgement]:
        acks, self._acks = self._acks, []
        return [
            ua.SubscriptionAcknowledgement(SubscriptionId=ua.UInt32(self._id or 0), SequenceNumber=ua.UInt32(sequence))
            for sequence in acks
        ]


def _unused(result: Any) -> None:
    """Stand in for the library's callback, whose publish loop never runs."""
