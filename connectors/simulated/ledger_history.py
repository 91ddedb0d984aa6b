"""HistoryRead answered from the ledger: nothing is kept in memory, and history is what was offered, by construction."""

import logging
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.server.history import HistoryManager
from asyncua.ua.status_codes import StatusCodes

from connectors.simulated.ledger import Ledger, Records
from connectors.simulated.nodes import node_id, status_code
from connectors.simulated.readings import data_value
from twin.matrix.signal import Signal

_LOGGER = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSET_BEFORE = datetime(1602, 1, 1, tzinfo=UTC)
"""OPC UA writes "no time" as 1601-01-01."""
_END_OF_TIME_US = 1 << 62
_POINT = struct.Struct("<q")
Found = tuple[list[ua.DataValue], bytes | None]


class LedgerHistory(HistoryManager):
    """Takes the place of asyncua's history manager: raw reads, forward and backward, page by page.

    A page holds at most `page` values, which bounds how long one read holds the event loop. A continuation point is
    the time of the next value, so that the server keeps nothing between pages.
    """

    def __init__(self, ledger: Ledger, signals: tuple[Signal, ...], page: int = 2000) -> None:
        # The base class would only make a store in memory, which nothing here uses.
        self._ledger = ledger
        self._signals = {node_id(signal.name): (at, signal) for at, signal in enumerate(signals)}
        self._page = page

    async def init(self) -> None:
        """Asked for by asyncua; there is nothing to do."""

    async def stop(self) -> None:
        """Asked for by asyncua; the ledger is closed by its owner."""

    async def read_history(self, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        """One result per node, errors in each result's status."""
        if params.ReleaseContinuationPoints:
            return [ua.HistoryReadResult() for _ in params.NodesToRead]
        return [self._read(params.HistoryReadDetails, node) for node in params.NodesToRead]

    def update_history(self, params: ua.HistoryUpdateParameters) -> list[ua.HistoryUpdateResult]:
        """Refuse: history is not rewritten."""
        refused = status_code(StatusCodes.BadNotWritable)
        return [ua.HistoryUpdateResult(StatusCode=refused) for _ in params.HistoryUpdateDetails]

    def _read(self, details: Any, node: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        known = self._signals.get(node.NodeId)
        if known is None:
            return _refused(StatusCodes.BadHistoryOperationUnsupported)
        if not isinstance(details, ua.ReadRawModifiedDetails) or details.IsReadModified:
            return _refused(StatusCodes.BadHistoryOperationUnsupported)
        try:
            values, point = self._page_of(known, details, node.ContinuationPoint)
        except struct.error:
            return _refused(StatusCodes.BadContinuationPointInvalid)
        except ValueError:
            return _refused(StatusCodes.BadHistoryOperationInvalid)
        except OSError:
            _LOGGER.exception("history of %s cannot be read", known[1].name)
            return _refused(StatusCodes.BadUnexpectedError)
        if not values:
            empty = ua.HistoryReadResult(StatusCode=status_code(StatusCodes.GoodNoData))
            empty.HistoryData = ua.HistoryData()
            return empty
        return ua.HistoryReadResult(ContinuationPoint=point, HistoryData=ua.HistoryData(DataValues=values))

    def _page_of(self, known: tuple[int, Signal], details: ua.ReadRawModifiedDetails, point: bytes | None) -> Found:
        """One page: two of start, end and number of values bound it, as OPC UA Part 11, 6.4.3 says."""
        tag, signal = known
        start, end, wanted = _us(details.StartTime), _us(details.EndTime), details.NumValuesPerNode
        if ((start is None or end is None) and not wanted) or (start is None and end is None):
            raise ValueError("two of start, end and number of values are needed")
        backward = start is None or (end is not None and end < start)
        bounds = [moment for moment in (start, end) if moment is not None]
        # With one bound and a number of values, the other end is open: backward from an end, forward from a start.
        low = 0 if start is None else min(bounds)
        high = _END_OF_TIME_US if end is None else max(bounds)
        most = min(wanted or self._page, self._page)
        if point:
            (next_us,) = _POINT.unpack(point)
            low, high = (low, min(high, next_us)) if backward else (max(low, next_us), high)
        read = self._ledger.between_backward if backward else self._ledger.between
        records = read(tag, low, high, most + 1)
        more = _POINT.pack(int(records["time_us"][most])) if len(records) > most else None
        return _data_values(signal, records[:most]), more


def _data_values(signal: Signal, records: Records) -> list[ua.DataValue]:
    return [
        data_value(signal, value, status, _EPOCH + timedelta(microseconds=time_us))
        for time_us, value, status in zip(
            records["time_us"].tolist(), records["value"].tolist(), records["status"].tolist(), strict=True
        )
    ]


def _us(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if aware < _UNSET_BEFORE:
        return None
    return (aware - _EPOCH) // timedelta(microseconds=1)


def _refused(code: int) -> ua.HistoryReadResult:
    result = ua.HistoryReadResult(StatusCode=status_code(code))
    result.HistoryData = ua.HistoryData()
    return result
