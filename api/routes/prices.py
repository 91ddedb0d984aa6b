"""A plant's price book, whose versions count apart from the plant's revisions."""

from typing import Annotated

import orjson
from fastapi import Query, Request
from starlette.responses import Response

from api import audit, problems
from api.auth import ENGINEERS, VIEWERS
from api.guard import permits
from api.json_response import JsonResponse
from api.preconditions import CHANGES, ETAG, READS, WRITTEN, demand_current, entity_tag, is_known
from api.problems import Problem
from api.routes.definitions import PlantName
from api.routes.revisions import note
from api.routing import answers, guarded_router
from api.schemas import NewPrices, PriceList, RevisionList, Stored
from api.services import Using
from stream.handlers.change_prices import ChangePrices, change_prices
from stream.store.price_books import Entries, StoredPriceBook

router = guarded_router("prices")
_UNKNOWN = (problems.UNKNOWN_PLANT, problems.NO_PRICES, problems.DATABASE_AWAY)
_WRITES = (problems.UNKNOWN_PLANT, problems.STALE, problems.FAULTY_DEFINITION, problems.NO_PRECONDITION)


@router.get(
    "/v1/plants/{plant}/prices",
    response_model=PriceList,
    responses={200: {"headers": ETAG}, 304: {"description": "The reader has this version."}, **answers(*_UNKNOWN)},
    openapi_extra=READS,
)
@permits(VIEWERS)
async def read_prices(
    plant: PlantName,
    request: Request,
    services: Using,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="the newest where it is left out")] = None,
) -> Response:
    """The prices in force, or those of an earlier version; the `ETag` is what a change of them must name."""
    async with services.unit_of_work() as unit:
        book = await unit.prices.find(plant, version)
        if book is None and await unit.plants.find(plant) is None:
            raise Problem(problems.UNKNOWN_PLANT, f"There is no plant '{plant}'.")
    if book is None:
        raise Problem(
            problems.NO_PRICES, f"The plant '{plant}' has no prices{f' of version {version}' * bool(version)}."
        )
    tag = _tag(book.version, book.entries)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    content = {"plant": plant, "version": book.version, "entries": book.entries}
    return JsonResponse(content, headers=headers)


@router.put(
    "/v1/plants/{plant}/prices",
    response_model=Stored,
    responses={**WRITTEN, **answers(*_WRITES, problems.DATABASE_AWAY)},
    openapi_extra=CHANGES,
)
@permits(ENGINEERS)
async def store_prices(plant: PlantName, body: NewPrices, request: Request, services: Using) -> JsonResponse:
    """Put prices in force in place of all the plant had: the first with `If-None-Match: *`, later ones with `If-Match`.

    The plant's twin takes them up without a restart.
    """
    async with services.unit_of_work() as unit:
        before: StoredPriceBook | None = await unit.prices.find(plant)
    demand_current(request, None if before is None else _tag(before.version, before.entries))
    version = 0 if before is None else before.version
    by = audit.name_of_caller(request)
    command = ChangePrices(plant=plant, entries=body.entries, expected_version=version, by=by)
    events = await change_prices(command, services.unit_of_work())
    audit.log_events(events)
    entries = before.entries if before is not None else []
    for event in events:
        version, entries = event.version, event.entries
    content = Stored(id=plant, revision=version, changed=bool(events))
    return JsonResponse(content.model_dump(), 201 if before is None else 200, {"ETag": _tag(version, entries)})


@router.get("/v1/plants/{plant}/prices/versions", responses=answers(*_UNKNOWN))
@permits(VIEWERS)
async def list_price_versions(plant: PlantName, services: Using) -> RevisionList:
    """Every version of a plant's prices, oldest first: when it was stored, and by whom."""
    async with services.unit_of_work() as unit:
        found = await unit.prices.versions(plant)
        if await unit.plants.find(plant) is None:
            raise Problem(problems.UNKNOWN_PLANT, f"There is no plant '{plant}'.")
    return RevisionList(id=plant, revisions=[note(each) for each in found])


def _tag(version: int, entries: Entries) -> str:
    return entity_tag(version, orjson.dumps(entries, option=orjson.OPT_SORT_KEYS))
