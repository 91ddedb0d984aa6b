"""Deny by default: a route that does not say who may use it cannot be built.

The check comes before the body is read, so that a stranger can neither make the service work nor learn what it holds.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from api import problems
from api.auth import Person, Role
from api.problems import Problem
from api.services import Services, services_of

_MARK: Final = "__permission__"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "testclient"})
_E = TypeVar("_E", bound=Callable[..., Any])


class Permission:
    """Who may use a route: `roles`; nobody needs a key where `public`; `ticket` lets the live stream's tickets in."""

    def __init__(
        self,
        roles: frozenset[Role] = frozenset(),
        *,
        public: bool = False,
        ticket: bool = False,
        loopback: bool = False,
    ) -> None:
        self.roles, self.public, self.ticket, self.loopback = roles, public, ticket, loopback


def _marked(permission: Permission) -> Callable[[_E], _E]:
    def mark(endpoint: _E) -> _E:
        setattr(endpoint, _MARK, permission)
        return endpoint

    return mark


def permits(roles: frozenset[Role], *, ticket: bool = False) -> Callable[[_E], _E]:
    """Mark an endpoint as usable by these roles."""
    return _marked(Permission(roles, ticket=ticket))


def public(*, loopback: bool = False) -> Callable[[_E], _E]:
    """Mark an endpoint as usable by anyone, or by anyone on this machine."""
    return _marked(Permission(public=True, loopback=loopback))


def permission_of(endpoint: Callable[..., Any]) -> Permission:
    """The endpoint's mark.

    Raises
    ------
    TypeError
        Where it has none: such a route is not built.
    """
    permission = getattr(endpoint, _MARK, None)
    if not isinstance(permission, Permission):
        raise TypeError(f"the endpoint {endpoint.__name__} does not say who may use it; add @permits(...) or @public()")
    return permission


class GuardedRoute(APIRoute):
    """A route that asks who is there before anything else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the check."""
        permission = permission_of(self.endpoint)
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            check(request, permission)
            return await handler(request)

        return guarded


def check(request: Request, permission: Permission) -> None:
    """Let the request pass, or raise the problem; `request.state.person` is who asks.

    Raises
    ------
    Problem
        401 without a known key, 403 for a wrong role, 429 where the rate is used up.
    """
    address = request.client.host if request.client is not None else ""
    if permission.loopback and address not in _LOOPBACK:
        raise Problem(problems.NOT_FOUND, "Nothing is at this path.")
    if permission.public:
        return
    services = services_of(request)
    person = _person(request, services, permission)
    if person is None:
        raise _refusal(services, address)
    wait_s = services.requests.take(person.name)
    if wait_s > 0:
        raise _too_many(f"The key {person.name!r} asks more often than it may.", wait_s)
    if person.role not in permission.roles:
        allowed = ", ".join(sorted(permission.roles))
        raise Problem(problems.NOT_ALLOWED, f"The role {person.role} may not do this; it takes one of: {allowed}.")
    request.state.person = person


def _refusal(services: Services, address: str) -> Problem:
    # Known keys never wait for this: behind one address are the dashboard and all commands of this machine.
    wait_s = services.refusals.take(address)
    if wait_s > 0:
        return _too_many("Too many requests without a known key came from this address.", wait_s)
    return Problem(
        problems.NO_KEY,
        "The request has no key that is known here.",
        headers={"WWW-Authenticate": 'Bearer realm="atlas"'},
    )


def _person(request: Request, services: Services, permission: Permission) -> Person | None:
    key = _presented_key(request)
    if key is not None:
        return services.keys.find(key)
    text = request.query_params.get("ticket") if permission.ticket else None
    if text is None:
        return None
    ticket = services.tickets.read(text)
    if ticket is None or not services.keys.holds(ticket.owner):
        return None
    if not ticket.opens(request.path_params.get("plant", "")):
        return None
    request.state.ticket = ticket
    return Person(ticket.owner, Role.VIEWER)


def _presented_key(request: Request) -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    return request.headers.get("X-API-Key") or None


def _too_many(detail: str, wait_s: float) -> Problem:
    return Problem(problems.TOO_MANY, detail, headers={"Retry-After": str(max(1, round(wait_s)))})
