"""The OPC UA source: a session kept up, one subscription on it, back-fill behind it, silent tags looked after."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, NoReturn

from asyncua.ua import uaerrors

from connectors.backoff import Backoff
from connectors.errors import ConnectorError, FieldLostError, SourceOptionsError
from connectors.opcua.backfill import Backfill
from connectors.opcua.options import parse_options
from connectors.opcua.session import FieldSession
from connectors.opcua.silence import Silence
from connectors.opcua.subscription import FieldSubscription
from connectors.port import Report, Sink, SourceContext
from connectors.reached import Reached

KIND: Final = "opcua"
_LOOK_EVERY_S: Final = 5.0
_SAVE_EVERY_S: Final = 5.0
_logger = logging.getLogger(__name__)


def _wall_us() -> int:
    return time.time_ns() // 1000


class OpcUaSource:
    """Reports the tags of one OPC UA server; see `connectors.port.Source`.

    Parameters
    ----------
    clock
        Microseconds UTC.

    Raises
    ------
    SourceOptionsError
        Where the endpoint or the options cannot be used.
    """

    def __init__(self, context: SourceContext, *, clock: Callable[[], int] = _wall_us) -> None:
        if not context.endpoint.startswith("opc.tcp://"):
            raise SourceOptionsError(
                f"source {context.source}: endpoint '{context.endpoint}'; give one like opc.tcp://host:4840/path"
            )
        self._context = context
        self._options = parse_options(context.source, context.options)
        self._clock = clock
        self._reached = Reached((tag.tag_id for tag in context.tags), context.folder / "reached.json")
        self._silence = Silence(context.plant, context.tags, time.monotonic)

    async def run(self, sink: Sink, report: Report) -> NoReturn:
        """See `connectors.port.Source`; raises `connectors.errors.SpoolError` where the disk fails."""
        session = FieldSession(self._context.endpoint, self._options, self._context.folder / "pki")
        subscription = FieldSubscription(
            self._context, self._options, sink, self._reached, clock=self._clock, heard=self._silence.heard
        )
        backoff = Backoff(first=0.25, longest=15.0)
        # Whatever was reported while we were away is missing: at every start all history is looked at.
        self._reached.open_gap(tag.tag_id for tag in self._context.tags)
        subscription.gap.set()
        try:
            while True:
                trouble = await self._serve(session, subscription, report, backoff, sink)
                report(False, f"{self._context.endpoint}: {trouble}")
                _logger.warning("%s: %s", self._context.endpoint, trouble, extra={"plant": self._context.plant})
                await asyncio.sleep(backoff.next())
        finally:
            await subscription.close()
            self._reached.save()
            await session.close()

    async def _serve(
        self, session: FieldSession, subscription: FieldSubscription, report: Report, backoff: Backoff, sink: Sink
    ) -> str:
        """Serve until the line is lost; returns why. Errors that are not the field's are raised."""
        backfill = Backfill(self._context, self._options, sink, self._reached, subscription, self._clock)
        try:
            resumed = await session.resume()
            if not resumed:
                await session.open()
            await subscription.settle(session.services, resumed=resumed)
            backoff.reset()
            report(True, f"{self._context.endpoint}: connected, {len(self._context.tags)} tags")
            async with asyncio.TaskGroup() as group:
                group.create_task(session.watch())
                group.create_task(subscription.publish(session.services))
                group.create_task(backfill.run(session.services))
                group.create_task(self._look_after(session, subscription))
                group.create_task(self._keep_state())
        except BaseExceptionGroup as errors:
            return _trouble(errors, session)
        except _FIELD_ERRORS as error:
            return _explain(error, session)
        return "the session ended"

    async def _look_after(self, session: FieldSession, subscription: FieldSubscription) -> NoReturn:
        """Subscribe anew to silent tags, and to nodes that the server refused."""
        looked = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self._silence.publish()
            wanted = [handle for handle in self._silence.silent() if handle not in subscription.items.refused]
            if time.monotonic() - looked >= self._options.retry_nodes_s:
                looked = time.monotonic()
                wanted += list(subscription.items.refused)
            if wanted:
                await subscription.retry(session.services, wanted)

    async def _keep_state(self) -> NoReturn:
        while True:
            await asyncio.sleep(_SAVE_EVERY_S)
            await asyncio.to_thread(self._reached.save)


_FIELD_ERRORS: Final = (OSError, TimeoutError, FieldLostError, uaerrors.UaError)


def _trouble(errors: BaseExceptionGroup, session: FieldSession) -> str:
    """What a group of errors says of the line; raises those that are not the field's."""
    field, others = errors.split(_FIELD_ERRORS)
    if others is not None:
        raise others
    first: BaseException = errors if field is None else field
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return _explain(first, session)


def _explain(error: BaseException, session: FieldSession) -> str:
    """Words for what went wrong, and what it means for the session."""
    if isinstance(error, (uaerrors.BadSessionIdInvalid, uaerrors.BadSessionClosed, uaerrors.BadSessionNotActivated)):
        session.drop()
    if isinstance(error, ConnectorError):
        return str(error)
    if isinstance(error, (uaerrors.BadUserAccessDenied, uaerrors.BadIdentityTokenRejected)):
        return f"the server lets this user not in ({error}); check username and password_file, or user_certificate"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def make_source(context: SourceContext) -> OpcUaSource:
    """See `connectors.port.MakeSource`."""
    return OpcUaSource(context)
