"""The process graphic."""

from starlette.responses import Response

from api import problems
from api.auth import VIEWERS
from api.guard import permits
from api.routing import answers, guarded_router
from api.services import Using

router = guarded_router("plants")


@router.get(
    "/v1/plants/{plant}/graphic.svg",
    response_class=Response,
    responses={
        200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}},
        **answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY),
    },
)
@permits(VIEWERS)
async def draw_plant(plant: str, services: Using) -> Response:
    """The plant drawn from its file; each shown tag is a group with `data-tag`, to be filled with live values."""
    stored = await services.plants.find(plant)
    file = await services.plants.file_of(stored)
    return Response(file.graphic, media_type="image/svg+xml")
