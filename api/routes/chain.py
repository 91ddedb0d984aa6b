"""The chain from plant to screen."""

from typing import Annotated

from fastapi import Query

from api import chain as links
from api.auth import VIEWERS
from api.guard import permits
from api.live_state import LivePlant
from api.ports import DatabaseAwayError
from api.problems import Problem
from api.readiness import answers_ping
from api.routing import answers, guarded_router
from api.schemas import Chain
from api.services import Services, Using

router = guarded_router("service")


@router.get("/v1/chain", responses=answers())
@permits(VIEWERS)
async def describe_chain(
    services: Using,
    plant: Annotated[str | None, Query(description="only this plant's", max_length=200)] = None,
) -> Chain:
    """Each link and whether it is well or what it waits for. Answers also where the database or Kafka is away."""
    around = links.Surroundings(
        kafka=services.feed.connected,
        caught_up=services.feed.caught_up.is_set(),
        database=await answers_ping(services.records),
        now_us=services.now_us(),
        stale_after_s=services.config.live.stale_after_s,
    )
    return links.describe(await _plants(services, plant), around)


async def _plants(services: Services, wanted: str | None) -> dict[str, LivePlant | None]:
    known: dict[str, LivePlant | None] = {live.plant: live for live in services.states}
    try:
        known = {stored.plant: known.get(stored.plant) for stored in await services.plants.list()}
    except (DatabaseAwayError, Problem):
        pass  # Then the plants are those of which values came.
    if wanted is None:
        return known
    return {wanted: known.get(wanted)}
