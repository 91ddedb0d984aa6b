"""Who a key belongs to."""

from fastapi import Request

from api.auth import EVERYONE, Person
from api.guard import permits
from api.routing import answers, guarded_router
from api.schemas import Caller

router = guarded_router("access")


@router.get("/v1/whoami", responses=answers())
@permits(EVERYONE)
async def tell_caller(request: Request) -> Caller:
    """The name and role of the key that came with the request."""
    person: Person = request.state.person
    return Caller(name=person.name, role=person.role)
