"""Monitored items of a plant's tags: made in bounded batches, each node judged by itself.

A node that the server refuses does not spoil the others: its tag gets a reading with the server's reason as quality,
and is tried again now and then.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from asyncua import ua
from asyncua.client.ua_session import UaSession
from asyncua.ua import uaerrors
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from connectors.opcua.options import OpcUaOptions
from twin.atlas.tags import Tag

_NO_FILTER: Final = frozenset(
    {
        StatusCodes.BadMonitoredItemFilterUnsupported,
        StatusCodes.BadMonitoredItemFilterInvalid,
        StatusCodes.BadFilterNotAllowed,
    }
)
_ITEMS_LIMIT: Final = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall
_HISTORY_LIMIT: Final = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData
_NAMESPACES: Final = ObjectIds.Server_NamespaceArray
_logger = logging.getLogger(__name__)


async def read_limits(services: UaSession, options: OpcUaOptions) -> tuple[int, int]:
    """How many items one call may create and how many nodes' history one may read: ours, or less where it says so."""
    wanted = (options.items_per_call, options.history_tags)
    nodes = [ua.NodeId(ua.Int32(_ITEMS_LIMIT)), ua.NodeId(ua.Int32(_HISTORY_LIMIT))]
    async with asyncio.timeout(options.timeout_s):
        answers = await services.read_attributes(nodes, AttributeIds.Value)
    found = [answer.Value.Value if answer.Value is not None else None for answer in answers]
    lowest = [
        min(ours, theirs) if isinstance(theirs, int) and theirs > 0 else ours
        for ours, theirs in zip(wanted, found, strict=True)
    ]
    return lowest[0], lowest[1]


async def read_namespaces(services: UaSession, timeout_s: float) -> list[str]:
    """The server's namespace addresses by index; empty where it does not tell."""
    async with asyncio.timeout(timeout_s):
        answers = await services.read_attributes([ua.NodeId(ua.Int32(_NAMESPACES))], AttributeIds.Value)
    value = answers[0].Value.Value if answers and answers[0].Value is not None else None
    return list(value) if isinstance(value, list) else []


def resolve(address: str, namespaces: Sequence[str]) -> ua.NodeId | None:
    """The node that a tag's address names (`ns=2;s=...` or `nsu=http://...;s=...`); None where it names none."""
    if address.startswith("nsu="):
        uri, _, rest = address[4:].partition(";")
        if uri not in namespaces:
            return None
        address = f"ns={namespaces.index(uri)};{rest}"
    try:
        return ua.NodeId.from_string(address)
    except (uaerrors.UaError, ValueError):
        return None


class Items:
    """The monitored items of one subscription; a tag's client handle is its number here, from 1."""

    def __init__(self, tags: Sequence[Tag], options: OpcUaOptions) -> None:
        self.tags = tuple(tags)
        self.refused: dict[int, int] = {}
        """Status codes of the tags that have no item, by handle."""
        self.per_call = options.items_per_call
        self._options = options
        self._server_ids: dict[int, int] = {}
        self._namespaces: list[str] = []
        self._filtered = True

    def tag_of(self, handle: int) -> Tag | None:
        """The tag of a client handle; None for one that was never given."""
        return self.tags[handle - 1] if 1 <= handle <= len(self.tags) else None

    def node_of(self, handle: int) -> ua.NodeId | None:
        """The node of a client handle."""
        return resolve(self.tags[handle - 1].address, self._namespaces)

    async def create_all(self, services: UaSession, subscription: int, namespaces: list[str]) -> None:
        """Make the items of a new subscription."""
        self._server_ids = {}
        self._namespaces = namespaces
        await self.create(services, subscription, range(1, len(self.tags) + 1))

    async def create(self, services: UaSession, subscription: int, handles: Iterable[int]) -> None:
        """Make the items of these handles; `refused` tells afterwards which could not be made, and why."""
        wanted = list(handles)
        for start in range(0, len(wanted), self.per_call):
            batch = wanted[start : start + self.per_call]
            codes = await self._create_batch(services, subscription, batch)
            if self._filtered and any(code in _NO_FILTER for code in codes.values()):
                _logger.warning("the server knows no filter by time; values that do not change are not reported")
                self._filtered = False
                again = [handle for handle, code in codes.items() if code in _NO_FILTER]
                codes |= await self._create_batch(services, subscription, again)
            self._note(codes)

    async def recreate(self, services: UaSession, subscription: int, handles: Iterable[int]) -> None:
        """Delete items and make them again."""
        wanted = list(handles)
        known = [self._server_ids.pop(handle) for handle in wanted if handle in self._server_ids]
        if known:
            parameters = ua.DeleteMonitoredItemsParameters()
            parameters.SubscriptionId = ua.UInt32(subscription)
            parameters.MonitoredItemIds = [ua.UInt32(item) for item in known]
            async with asyncio.timeout(self._options.timeout_s):
                await services.delete_monitored_items(parameters)
        await self.create(services, subscription, wanted)

    def _note(self, codes: dict[int, int]) -> None:
        for handle, code in codes.items():
            if code == 0:
                self.refused.pop(handle, None)
                continue
            if self.refused.get(handle) != code:
                tag = self.tags[handle - 1]
                _logger.warning(
                    "tag %s: the server refuses %s (%s); check its address", tag.name, tag.address, status_name(code)
                )
            self.refused[handle] = code

    async def _create_batch(self, services: UaSession, subscription: int, handles: list[int]) -> dict[int, int]:
        codes: dict[int, int] = {}
        requests: list[Any] = []
        for handle in handles:
            node = self.node_of(handle)
            if node is None:
                codes[handle] = StatusCodes.BadNodeIdInvalid
            else:
                requests.append(self._request(handle, node))
        if not requests:
            return codes
        parameters = ua.CreateMonitoredItemsParameters()
        parameters.SubscriptionId = ua.UInt32(subscription)
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        parameters.ItemsToCreate = requests
        async with asyncio.timeout(self._options.timeout_s):
            results = await services.create_monitored_items(parameters)
        for request, result in zip(requests, results, strict=True):
            handle = int(request.RequestedParameters.ClientHandle)
            good = result.StatusCode.is_good()
            codes[handle] = 0 if good else int(result.StatusCode.value)
            if good:
                self._server_ids[handle] = int(result.MonitoredItemId)
        return codes

    def _request(self, handle: int, node: ua.NodeId) -> ua.MonitoredItemCreateRequest:
        parameters = ua.MonitoringParameters()
        parameters.ClientHandle = ua.UInt32(handle)
        parameters.SamplingInterval = self._options.sampling_ms
        parameters.QueueSize = ua.UInt32(self._options.queue_size)
        parameters.DiscardOldest = True
        if self._filtered:
            parameters.Filter = ua.DataChangeFilter(
                Trigger=ua.DataChangeTrigger.StatusValueTimestamp, DeadbandType=ua.UInt32(0), DeadbandValue=0.0
            )
        item = ua.ReadValueId()
        item.NodeId = node
        item.AttributeId = AttributeIds.Value
        request = ua.MonitoredItemCreateRequest()
        request.ItemToMonitor = item
        request.MonitoringMode = ua.MonitoringMode.Reporting
        request.RequestedParameters = parameters
        return request


def status_name(code: int) -> str:
    """A status code's name in the standard, with its number."""
    return f"{ua.StatusCode(ua.UInt32(code)).name}, 0x{code:08X}"
