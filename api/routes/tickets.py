"""Tickets for live streams."""

from fastapi import Request

from api import problems
from api.auth import VIEWERS, Person
from api.guard import permits
from api.routing import answers, guarded_router
from api.schemas import Ticket, TicketRequest
from api.services import Using

router = guarded_router("access")


@router.post("/v1/tickets", responses=answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY))
@permits(VIEWERS)
async def issue_ticket(request: Request, services: Using, body: TicketRequest | None = None) -> Ticket:
    """A proof that opens live streams for a minute, for a browser, which cannot send a key with an event stream."""
    plant = "" if body is None or body.plant is None else body.plant
    if plant and services.states.find(plant) is None:
        await services.plants.find(plant)
    person: Person = request.state.person
    lifetime_s = services.tickets.config.lifetime_s
    return Ticket(ticket=services.tickets.issue(person.name, plant), expires_in_s=lifetime_s)
