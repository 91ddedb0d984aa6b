"""Whether the service is alive, and whether it can do its work."""

from starlette.responses import Response

from api import problems
from api.guard import public
from api.json_response import JsonResponse
from api.problems import Problem
from api.readiness import answers_ping
from api.routing import guarded_router
from api.schemas import Readiness
from api.services import Using

router = guarded_router("service")


@router.get("/health/live", openapi_extra={"security": []})
@public()
async def tell_alive() -> dict[str, bool]:
    """Answers while the process runs."""
    return {"live": True}


@router.get(
    "/health/ready",
    response_model=Readiness,
    openapi_extra={"security": []},
    responses={503: {"description": "Something is missing; the problem names it", "model": None}},
)
@public()
async def tell_ready(services: Using) -> Response:
    """Whether database and Kafka answer and the live state is complete."""
    conditions = {
        "database": await answers_ping(services.records),
        "Kafka": services.feed.connected,
        "live state": services.feed.caught_up.is_set(),
    }
    missing = [name for name, well in conditions.items() if not well]
    if missing:
        raise Problem(problems.NOT_READY, f"Missing: {', '.join(missing)}.", headers={"Retry-After": "2"})
    return JsonResponse({"ready": True, "conditions": conditions})
