"""A session with an OPC UA server that can outlive its TCP connection.

The client library's own reconnection is not used: it lost readings (see docs/adr/0019-own-opcua-session.md), and its
publish loop acknowledges what its callback dropped. Only its public steps are: socket, channel, session, services.
"""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final, NoReturn

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClient, UaClientState
from asyncua.client.ua_session import UaSession
from asyncua.ua import uaerrors
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from connectors.errors import FieldLostError
from connectors.opcua.options import OpcUaOptions
from connectors.opcua.security import secure

_STATE_NODE: Final = ua.NodeId(ua.Int32(ObjectIds.Server_ServerStatus_State))
_PROBE_EVERY_S: Final = 5.0
_RENEW_SHARE: Final = 0.75
_CLOSE_S: Final = 3.0
_logger = logging.getLogger(__name__)


class _Services(UaSession):
    """The library's services without its publish loop; `connectors.opcua.subscription` has the one that is used."""

    def ensure_publish_loop(self) -> None:
        """Do nothing: two loops would take each other's notifications."""


class FieldSession:
    """One session; `open` makes it, `resume` takes it up again on a new connection."""

    def __init__(self, endpoint: str, options: OpcUaOptions, folder: Path) -> None:
        self.endpoint = endpoint
        self._options = options
        self._folder = folder
        self._client: Client | None = None

    @property
    def services(self) -> UaSession:
        """The services of the open session.

        Raises
        ------
        FieldLostError
            Where there is no session.
        """
        if self._client is None:
            raise FieldLostError(f"no session with {self.endpoint}; it is opened again")
        return self._client.uaclient.session

    async def open(self) -> None:
        """Open a new session; raises what the library raises where that fails."""
        self.drop()
        client = Client(self.endpoint, timeout=self._options.timeout_s)
        client.session_timeout = round(self._options.session_timeout_s * 1000)
        uaclient: UaClient = client.uaclient
        uaclient.session = _Services(uaclient)
        async with asyncio.timeout(4 * self._options.timeout_s):
            await secure(client, self.endpoint, self._options, self._folder)
            await self._connect(client)
            try:
                await client.create_session()
                await self._activate(client)
            except BaseException:
                client.disconnect_socket()
                raise
        self._client = client

    async def resume(self) -> bool:
        """Take the session up on a new connection; False where the server has forgotten it."""
        client = self._client
        if client is None:
            return False
        client.disconnect_socket()
        async with asyncio.timeout(4 * self._options.timeout_s):
            await self._connect(client)
            client.uaclient.session.rebind_authentication_token()
            try:
                await self._activate(client)
            except uaerrors.UaStatusCodeError as error:
                _logger.info("%s does not resume the session (%s); a new one is opened", self.endpoint, error)
                self.drop()
                return False
            except BaseException:
                client.disconnect_socket()
                raise
        return True

    async def watch(self) -> NoReturn:
        """Keep the channel's keys fresh and look whether the server answers.

        Raises
        ------
        FieldLostError
            Once the connection is gone or the server does not answer.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_connection())
            group.create_task(self._probe())
            group.create_task(self._renew())
        raise FieldLostError(f"the connection with {self.endpoint} ended; it is opened again")

    async def close(self) -> None:
        """End the session in good order, as far as the server still answers."""
        client = self._client
        if client is None:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_S):
                await client.close_session()
                await client.close_secure_channel()
        self.drop()

    def drop(self) -> None:
        """Forget the session without telling the server."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect_socket()

    async def _connect(self, client: Client) -> None:
        await client.connect_socket()
        try:
            await client.send_hello()
            await client.open_secure_channel()
        except BaseException:
            client.disconnect_socket()
            raise

    async def _activate(self, client: Client) -> None:
        password = None
        username = self._options.username or None
        if username:
            path = Path(self._options.password_file)
            password = (await asyncio.to_thread(path.read_text)).strip()
        await client.activate_session(username=username, password=password, certificate=client.user_certificate)

    async def _watch_connection(self) -> None:
        client = self._client
        if client is None:
            raise FieldLostError(f"no session with {self.endpoint}; it is opened again")
        async with client.subscribe_state() as states:
            while client.state is UaClientState.CONNECTED:
                await states.next_change()
        raise FieldLostError(f"the connection with {self.endpoint} was cut; it is opened again")

    async def _probe(self) -> NoReturn:
        while True:
            await asyncio.sleep(_PROBE_EVERY_S)
            try:
                async with asyncio.timeout(self._options.timeout_s):
                    await self.services.read_attributes([_STATE_NODE], AttributeIds.Value)
            except TimeoutError as error:
                raise FieldLostError(
                    f"{self.endpoint} has not answered for {self._options.timeout_s:g} s; it is connected to again"
                ) from error

    async def _renew(self) -> NoReturn:
        while True:
            client = self._client
            if client is None:
                raise FieldLostError(f"no session with {self.endpoint}; it is opened again")
            await asyncio.sleep(client.secure_channel_timeout * _RENEW_SHARE / 1000)
            async with asyncio.timeout(self._options.timeout_s):
                await client.open_secure_channel(renew=True)
            client.uaclient.revolve_security_token()
