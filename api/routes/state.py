"""A plant's values, now or as the table has them for a past time."""

from typing import Annotated

from fastapi import Query

from api import problems, state_view
from api.auth import VIEWERS
from api.guard import permits
from api.json_response import JsonResponse
from api.query_time import read_query_time
from api.routing import answers, guarded_router
from api.schemas import PlantState
from api.services import Services, Using

router = guarded_router("values")


@router.get(
    "/v1/plants/{plant}/state",
    response_model=PlantState,
    responses=answers(problems.UNKNOWN_PLANT, problems.INVALID, problems.DATABASE_AWAY),
)
@permits(VIEWERS)
async def read_state(
    plant: str,
    services: Using,
    at: Annotated[
        str | None, Query(description="ISO 8601 with offset", examples=["2026-11-24T01:00:00+01:00"], max_length=64)
    ] = None,
) -> JsonResponse:
    """Every tag's value with time, quality, age and limit; `id` is where `/live` goes on from."""
    if at is not None:
        return JsonResponse(await _past(plant, services, read_query_time("at", at)))
    live = services.states.find(plant)
    if live is not None and live.known:
        return JsonResponse(state_view.present(live, services.now_us()))
    await services.plants.find(plant)
    return JsonResponse(state_view.empty(plant))


async def _past(plant: str, services: Services, at_us: int) -> dict[str, object]:
    stored = await services.plants.find(plant)
    table = await services.plants.table_of(stored)
    tag_ids = [tag.tag_id for tag in table.tags]
    return state_view.past(plant, table, await services.records.read_state_at(tag_ids, at_us), at_us)
