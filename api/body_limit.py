"""How large a request may be: told by its header or counted while it comes, so that no request fills the memory."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.problems import Problem


class BodyLimit:
    """Lets nobody read a body of more than `most` bytes; the reader gets the problem in its place."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "0")
        too_large = told.isascii() and told.isdigit() and (len(told) > 15 or int(told) > self._most)
        read = 0

        async def receive_some() -> Message:
            nonlocal read
            if too_large:
                raise self._problem()
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise self._problem()
            return message

        await self._app(scope, receive_some, send)

    def _problem(self) -> Problem:
        return Problem(problems.TOO_LARGE, f"The request's body is larger than {self._most} bytes.")
