"""Plant files: read, stored, patched and checked."""

import asyncio
from typing import Annotated, Any

from fastapi import Body, Path, Request
from starlette.responses import Response

from api import audit, problems, yaml_text
from api.auth import ENGINEERS
from api.guard import permits
from api.json_response import JsonResponse
from api.preconditions import CHANGES, ETAG, READS, WRITTEN, demand_current
from api.problems import Problem
from api.routing import answers, guarded_router
from api.schemas import PlantSummary, Stored
from api.services import Services, Using
from stream.handlers.store_plant import PlantRevised, StorePlant, store_plant
from stream.store.plants import StoredPlant
from twin.atlas.definition import parse
from twin.atlas.patch import patch

router = guarded_router("definitions")
PlantName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9\-]*$", max_length=60, examples=["williams-otto"])]
_WRITES = (
    problems.BAD_REQUEST,
    problems.STALE,
    problems.TOO_LARGE,
    problems.FAULTY_DEFINITION,
    problems.NO_PRECONDITION,
    problems.DATABASE_AWAY,
)
_PATCH = Body(
    media_type="application/json-patch+json",
    description="JSON Patch (RFC 6902) on the file read as a tree",
    examples=[[{"op": "replace", "path": "/tags/0/limits/high", "value": 92.5}]],
)


@router.get(
    "/v1/plants/{plant}/definition",
    response_class=Response,
    responses={**yaml_text.ANSWERS, **answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY)},
    openapi_extra=READS,
)
@permits(ENGINEERS)
async def read_definition(plant: PlantName, request: Request, services: Using) -> Response:
    """The plant file in force, as it was stored; its `ETag` is what a change of it must name."""
    stored = _known(await _find(plant, services), plant)
    return yaml_text.answer(request, stored.revision, stored.definition)


@router.put(
    "/v1/plants/{plant}/definition",
    response_model=Stored,
    responses={**WRITTEN, **answers(*_WRITES)},
    openapi_extra=yaml_text.BODY | CHANGES,
)
@permits(ENGINEERS)
async def store_definition(plant: PlantName, request: Request, services: Using) -> JsonResponse:
    """Put a plant file in force: a new plant with `If-None-Match: *`, a new revision with `If-Match`.

    Whatever runs takes it up without a restart. A text that says nothing new makes no revision.
    """
    before = await _find(plant, services)
    demand_current(request, None if before is None else yaml_text.tag_of(before.revision, before.definition))
    return await _store(plant, await yaml_text.read_body(request), before, request, services)


@router.patch(
    "/v1/plants/{plant}/definition",
    response_model=Stored,
    responses={200: {"headers": ETAG}, **answers(*_WRITES, problems.UNKNOWN_PLANT, problems.MISFIT)},
    openapi_extra=CHANGES,
)
@permits(ENGINEERS)
async def patch_definition(
    plant: PlantName, request: Request, services: Using, operations: Annotated[list[dict[str, Any]], _PATCH]
) -> JsonResponse:
    """Change parts of the plant file in force and store that as a new revision; all operations are done, or none.

    What is not named stays as it was written, with its comments. `If-Match` is demanded.
    """
    before = _known(await _find(plant, services), plant)
    demand_current(request, yaml_text.tag_of(before.revision, before.definition))
    text = await asyncio.to_thread(patch, before.definition, operations)
    return await _store(plant, text, before, request, services)


@router.post(
    "/v1/plants/validate",
    responses=answers(problems.BAD_REQUEST, problems.TOO_LARGE, problems.FAULTY_DEFINITION),
    openapi_extra=yaml_text.BODY,
)
@permits(ENGINEERS)
async def validate_definition(request: Request) -> PlantSummary:
    """Check a plant file without storing it: what it describes, or 422 with every fault, its place and remedy."""
    found = await asyncio.to_thread(parse, await yaml_text.read_body(request))
    return PlantSummary(
        plant=found.id,
        name=found.name,
        sources=len(found.sources),
        equipment=len(found.equipment),
        streams=len(found.streams),
        tags=len(found.tags),
    )


async def _find(plant: str, services: Services) -> StoredPlant | None:
    async with services.unit_of_work() as unit:
        return await unit.plants.find(plant)


def _known(stored: StoredPlant | None, plant: str) -> StoredPlant:
    if stored is None:
        raise Problem(problems.UNKNOWN_PLANT, f"There is no plant '{plant}'.")
    return stored


async def _store(
    plant: str, text: str, before: StoredPlant | None, request: Request, services: Services
) -> JsonResponse:
    revision = 0 if before is None else before.revision
    by = audit.name_of_caller(request)
    command = StorePlant(definition_text=text, plant=plant, expected_revision=revision, by=by)
    events = await store_plant(command, services.unit_of_work())
    audit.log_events(events)
    services.plants.forget()
    revised = [event.revision for event in events if isinstance(event, PlantRevised)]
    content = Stored(id=plant, revision=max([revision, *revised]), changed=bool(revised))
    headers = {"ETag": yaml_text.tag_of(content.revision, text)}
    if before is None:
        headers["Location"] = request.url.path
    return JsonResponse(content.model_dump(), 201 if before is None else 200, headers)
