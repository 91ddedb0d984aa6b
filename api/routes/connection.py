"""What a connector needs of a plant."""

from typing import Any

import msgspec
from starlette.responses import Response

from api import problems
from api.auth import ENGINEERS, Role
from api.guard import permits
from api.routing import answers, guarded_router
from api.services import Using
from connectors.connection import Connection

router = guarded_router("plants")
_SCHEMA: dict[str, Any] = {"type": "object", "required": ["plant", "number", "tag_table", "sources"]}


@router.get(
    "/v1/plants/{plant}/connection",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": _SCHEMA}}},
        **answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY),
    },
)
@permits(ENGINEERS | {Role.INGEST})
async def describe_connection(plant: str, services: Using) -> Response:
    """The plant's number, its tag table and where its sources are; connectors keep a copy of it."""
    stored = await services.plants.find(plant)
    table = await services.plants.table_of(stored)
    file = await services.plants.file_of(stored)
    connection = Connection(plant=stored.plant, number=stored.number, tag_table=table.content, sources=file.sources)
    return Response(msgspec.json.encode(connection), media_type="application/json")
