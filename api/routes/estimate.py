"""What of a plant is estimated with its process model."""

from api import estimate_view, problems
from api.auth import VIEWERS
from api.estimate_schemas import PlantEstimate
from api.guard import permits
from api.routing import answers, guarded_router
from api.services import Using

router = guarded_router("values")


@router.get(
    "/v1/plants/{plant}/estimate",
    responses=answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY),
)
@permits(VIEWERS)
async def read_estimate(plant: str, services: Using) -> PlantEstimate:
    """Quantities that nobody measures, with their ranges, and whether the model explains the plant."""
    live = services.states.find(plant)
    if live is not None and live.known:
        return estimate_view.present(live)
    await services.plants.find(plant)
    return estimate_view.absent(plant, estimate_view.NOTHING_YET)
