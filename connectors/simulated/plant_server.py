"""The OPC UA server of one simulated plant: publishes scans, serves history, takes writes and commands."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from asyncua import ua
from asyncua.common.methods import uamethod
from asyncua.common.node import Node
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AddressSpace, AttributeService
from asyncua.server.server import Server
from asyncua.server.subscription_service import SubscriptionService
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from connectors.simulated import address_space
from connectors.simulated.config import SimulatedPlantConfig
from connectors.simulated.ledger import Records
from connectors.simulated.ledger_history import LedgerHistory
from connectors.simulated.nodes import browse_name, node_id, status_code
from connectors.simulated.plant import CommandError
from connectors.simulated.readings import data_value
from connectors.simulated.recorder import RecordedPlant
from twin.matrix.process import WriteRefusedError, WrongModeError

_LOGGER = logging.getLogger(__name__)
_NUMBERS = (int, float)


class _PlantWrites(AttributeService):
    """Clients' writes go to the plant, which shows their effect at the next scan; the rest stays asyncua's."""

    def __init__(self, space: AddressSpace, plant: RecordedPlant) -> None:
        super().__init__(space)
        self._plant = plant
        settings = {signal.name for signal in plant.plant.signals if signal.kind != "measured"}
        self._settings = {node_id(name): name for name in settings}

    async def write(self, params: ua.WriteParameters, user: User | None = None) -> list[ua.StatusCode]:
        asked = user if user is not None else User(role=UserRole.Admin)
        results: list[ua.StatusCode] = []
        for value in params.NodesToWrite:
            name = self._settings.get(value.NodeId)
            if name is None or value.AttributeId != AttributeIds.Value:
                one = ua.WriteParameters()
                one.NodesToWrite = [value]
                results += await super().write(one, asked)
            else:
                results.append(status_code(self._write(name, value.Value.Value)))
        return results

    def _write(self, name: str, variant: ua.Variant | None) -> int:
        number = None if variant is None else variant.Value
        if isinstance(number, bool) or not isinstance(number, _NUMBERS):
            return int(StatusCodes.BadTypeMismatch)
        try:
            self._plant.plant.write(name, float(number))
        except WriteRefusedError as refused:
            _LOGGER.info("write refused: %s", refused, extra={"plant": self._plant.plant.kind.name})
            wrong_mode = isinstance(refused, WrongModeError)
            return int(StatusCodes.BadInvalidState if wrong_mode else StatusCodes.BadOutOfRange)
        self._plant.touch()
        return int(StatusCodes.Good)


class _Subscriptions(SubscriptionService):
    """Answers Republish as OPC UA asks: asyncua says "empty" where it must say that there is no such message."""

    def republish(self, params: ua.RepublishParameters) -> ua.NotificationMessage:
        subscription = self.subscriptions.get(params.SubscriptionId)
        if subscription is None:
            raise ServiceError(StatusCodes.BadSubscriptionIdInvalid)
        kept = subscription._not_acknowledged_results.get(params.RetransmitSequenceNumber)  # noqa: SLF001
        if kept is None:
            raise ServiceError(StatusCodes.BadMessageNotAvailable)
        # A message stays until it is acknowledged: a reply that is lost on the way can be asked for again.
        message: ua.NotificationMessage = kept.NotificationMessage
        return message


class PlantServer:
    """One plant's server; it shows what it is given and hands writes and commands to the plant."""

    def __init__(self, config: SimulatedPlantConfig, plant: RecordedPlant) -> None:
        self._config = config
        self._plant = plant
        self._server = Server()
        self._space: AddressSpace = self._server.iserver.aspace
        self._nodes: list[ua.NodeId] = []

    async def start(self) -> None:
        """Build the nodes, show each signal's newest reading and listen.

        Raises
        ------
        OSError
            Where the port is taken.
        """
        for noisy in ("asyncua", "asyncua.server", "asyncua.common"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        server, inner, plant = self._server, self._server.iserver, self._plant.plant
        inner.history_manager = LedgerHistory(self._plant.ledger, plant.signals)
        inner.subscription_service = inner.isession.subscription_service = _Subscriptions(inner.aspace, iserver=inner)
        await server.init()
        server.set_endpoint(self._config.endpoint)
        server.set_server_name(f"Simulated plant: {plant.kind.title}")
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        server.set_identity_tokens([ua.AnonymousIdentityToken])
        folder, nodes = await address_space.build(server, plant.kind.name, plant.signals)
        self._nodes = [nodes[name] for name in plant.names]
        await self._add_commands(folder)
        await self._show_newest()
        inner.attribute_service = _PlantWrites(inner.aspace, self._plant)
        await server.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._server.stop()

    async def publish(self, records: Records) -> None:
        """Show one scan's readings, all of one time."""
        if not len(records):
            return
        moment = datetime.fromtimestamp(int(records["time_us"][0]) // 1_000_000, UTC)
        signals, nodes, write = self._plant.plant.signals, self._nodes, self._space.write_attribute_value
        for tag, value, status in zip(
            records["tag"].tolist(), records["value"].tolist(), records["status"].tolist(), strict=True
        ):
            result = await write(nodes[tag], AttributeIds.Value, data_value(signals[tag], value, status, moment))
            if not result.is_good():
                raise RuntimeError(f"{signals[tag].name} could not be shown: {result}; this is a fault of the server")

    async def show_newest(self) -> None:
        """Show each signal's newest reading of the ledger, as after an interval that is offered as history only."""
        await self._show_newest()

    async def _show_newest(self) -> None:
        signals = self._plant.plant.signals
        for tag, (time_us, value, status) in self._plant.ledger.newest().items():
            moment = datetime.fromtimestamp(time_us // 1_000_000, UTC)
            shown = data_value(signals[tag], value, status, moment)
            await self._space.write_attribute_value(self._nodes[tag], AttributeIds.Value, shown)

    async def _add_commands(self, folder: Node) -> None:
        """Methods under `Commands`: ForceQuality(signal, status), SwitchDisturbance(words, on), Restart()."""
        commands = await folder.add_folder(node_id("Commands"), browse_name("Commands"))
        text, number, flag = ua.VariantType.String, ua.VariantType.UInt32, ua.VariantType.Boolean

        @uamethod
        async def force(parent: ua.NodeId, name: str, status: int) -> ua.StatusCode:
            return self._command(lambda: self._plant.plant.force(name, status))

        @uamethod
        async def switch(parent: ua.NodeId, words: str, on: bool) -> ua.StatusCode:
            return self._command(lambda: self._plant.plant.switch(words, on))

        @uamethod
        async def restart(parent: ua.NodeId) -> ua.StatusCode:
            return self._command(self._plant.plant.restart)

        for name, method, arguments in (
            ("ForceQuality", force, [text, number]),
            ("SwitchDisturbance", switch, [text, flag]),
            ("Restart", restart, []),
        ):
            identity = node_id(f"Commands.{name}")
            await commands.add_method(identity, browse_name(name), method, arguments, [])

    def _command(self, command: Callable[[], None]) -> ua.StatusCode:
        try:
            command()
        except CommandError as error:
            _LOGGER.warning("%s", error, extra={"plant": self._config.plant})
            return status_code(StatusCodes.BadInvalidArgument)
        self._plant.touch()
        return status_code(StatusCodes.Good)
