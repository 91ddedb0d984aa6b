"""How large a request may be: told by its header or counted while it comes, so that no request fills the memory."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.problems import Problem

_DEFINITIONS: Final = ("/definition", "/validate")
"""Ends of the paths that take a plant file."""


class BodyLimit:
    """Lets nobody read a body of more than `most` bytes, of a plant file `definition`; the reader gets the problem."""

    def __init__(self, app: ASGIApp, most: int, definition: int) -> None:
        self._app = app
        self._most = most
        self._definition = definition

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "0")
        most = self._definition if scope["path"].endswith(_DEFINITIONS) else self._most
        too_large = told.isascii() and told.isdigit() and (len(told) > 15 or int(told) > most)
        read = 0

        async def receive_some() -> Message:
            nonlocal read
            if too_large:
                raise _problem(most)
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise _problem(most)
            return message

        await self._app(scope, receive_some, send)


def _problem(most: int) -> Problem:
    return Problem(problems.TOO_LARGE, f"The request's body is larger than {most} bytes.")
