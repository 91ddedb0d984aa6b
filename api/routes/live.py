"""A plant's live values as server-sent events, taken up where they were broken off."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import StreamingResponse

from api import problems, sse
from api.auth import VIEWERS
from api.guard import permits
from api.problems import Problem
from api.routing import answers, guarded_router
from api.services import Services, Using
from api.tickets import Ticket

router = guarded_router("values")
_EXAMPLE = """id: 0f343b0931126a20:1041
event: reset
data: {"id":"0f343b0931126a20:1041","log_time":1795478400000000,"tags":{"TIC-101.PV":[84.9,1795478399500000,0,0,0]}}

id: 0f343b0931126a20:1043
event: change
data: {"log_time":1795478401000000,"tags":{"TIC-101.PV":[85.0,1795478400500000,0,0,0]}}
"""


@router.get(
    "/v1/plants/{plant}/live",
    response_class=StreamingResponse,
    responses={
        200: {"content": {sse.MEDIA_TYPE: {"example": _EXAMPLE}}},
        **answers(problems.UNKNOWN_PLANT, problems.NOT_READY),
    },
)
@permits(VIEWERS, ticket=True)
async def follow_plant(
    plant: str,
    request: Request,
    services: Using,
    last_event_id: Annotated[str | None, Header(max_length=200, description="id of the last event seen")] = None,
    last_id: Annotated[
        str | None,
        Query(alias="last_event_id", max_length=200, description="the same, for those that cannot set headers"),
    ] = None,
    ticket: Annotated[str | None, Query(max_length=1000, description="from POST /v1/tickets, instead of a key")] = None,
) -> StreamingResponse:
    """Events `reset` (all tags) and `change` (those that changed): name to [value, time_us, quality, limit, stale].

    `limit` goes from -2 (low low) to 2 (high high). An unknown or expired id gets one `reset`. Streams opened with a
    ticket also get events `ticket` with a fresh one, for opening the stream again.
    """
    if services.states.find(plant) is None:
        await services.plants.find(plant)
    if services.states.subscribers >= services.config.limits.streams:
        raise Problem(problems.NOT_READY, "As many live streams are open as may be.", headers={"Retry-After": "5"})
    await _caught_up(services)
    opened: Ticket | None = getattr(request.state, "ticket", None)
    body = sse.stream_plant(
        services.states.open(plant),
        last_event_id or last_id,
        services.config.live.heartbeat_s,
        None if opened is None else _renewal(services, opened),
    )
    return StreamingResponse(body, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)


async def _caught_up(services: Services) -> None:
    """Wait a little while the service reads what happened before it started, so that streams can be taken up."""
    try:
        async with asyncio.timeout(services.config.live.first_state_wait_s):
            await services.feed.caught_up.wait()
    except TimeoutError:
        return


def _renewal(services: Services, opened: Ticket) -> Callable[[], bytes]:
    """Gives the frame of a fresh ticket when one is due, and nothing once the key is gone."""
    pause_us = round(services.tickets.config.renew_s * 1e6)
    due_us = services.now_us() + pause_us

    def renewed() -> bytes:
        nonlocal due_us
        if services.now_us() < due_us:
            return b""
        due_us = services.now_us() + pause_us
        fresh = services.tickets.renew(opened) if services.keys.holds(opened.owner) else None
        if fresh is None:
            return b""
        return sse.encode_event("ticket", {"ticket": fresh, "expires_in_s": services.tickets.config.lifetime_s})

    return renewed
