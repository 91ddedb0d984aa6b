"""The way of a tag's newest reading."""

from api import problems
from api import trace as way
from api.auth import VIEWERS
from api.guard import permits
from api.live_state import LivePlant
from api.ports import DatabaseAwayError
from api.problems import Problem
from api.routing import answers, guarded_router
from api.schemas import Trace
from api.services import Services, Using

router = guarded_router("values")


@router.get(
    "/v1/plants/{plant}/trace/{tag}",
    responses=answers(problems.UNKNOWN_PLANT, problems.UNKNOWN_TAG, problems.NOT_READY, problems.DATABASE_AWAY),
)
@permits(VIEWERS)
async def trace_tag(plant: str, tag: str, services: Using) -> Trace:
    """Where the tag's newest reading has been, and when: sensor, connector, Kafka, twin, row."""
    stored = await services.plants.find(plant)
    live = services.states.find(plant)
    table = live.table if live is not None else None
    if live is None or table is None:
        raise Problem(problems.NOT_READY, f"No value of plant {plant!r} has come yet.", headers={"Retry-After": "5"})
    position = table.positions.get(tag)
    if position is None:
        raise Problem(problems.UNKNOWN_TAG, f"Plant {plant!r} has no tag {tag[:100]!r}.")
    sighting = _sighting(live, position, tag)
    logged = None
    if sighting.offset is not None and not sighting.derived:
        found = await services.log.read_batch(stored.number, sighting.offset)
        logged = found if way.carries(found, sighting) else None
    return way.describe(live, position, sighting, logged, await _stored(services, sighting))


def _sighting(live: LivePlant, position: int, tag: str) -> way.Sighting:
    try:
        return way.sight(live, position)
    except LookupError:
        raise Problem(problems.NOT_READY, f"No value of {tag} has come yet.", headers={"Retry-After": "5"}) from None


async def _stored(services: Services, sighting: way.Sighting) -> bool | None:
    try:
        return await services.records.has_row(sighting.tag_id, sighting.time_us)
    except DatabaseAwayError:
        return None
