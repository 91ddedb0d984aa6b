"""What a plant was: its revisions, their files, and what changed between two."""

import asyncio
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.responses import Response

from api import problems, yaml_text
from api.auth import ENGINEERS, VIEWERS
from api.guard import permits
from api.plant_time import zone_of
from api.preconditions import READS
from api.problems import Problem
from api.routes.definitions import PlantName
from api.routing import answers, guarded_router
from api.schemas import PlantChange, PlantDifference, RevisionList, RevisionNote
from api.services import Services, Using
from stream.store.revisions import Revision
from twin.atlas.definition import parse
from twin.atlas.difference import Difference, compare

router = guarded_router("definitions")
_MOST = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=_MOST, examples=[2])]
_UNKNOWN = answers(problems.UNKNOWN_PLANT, problems.UNKNOWN_REVISION, problems.DATABASE_AWAY)


@router.get("/v1/plants/{plant}/revisions", responses=answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY))
@permits(VIEWERS)
async def list_revisions(plant: PlantName, services: Using) -> RevisionList:
    """Every revision of a plant, oldest first: when it was stored, and by whom."""
    async with services.unit_of_work() as unit:
        found = await unit.plants.revisions(plant)
    if not found:
        raise Problem(problems.UNKNOWN_PLANT, f"There is no plant '{plant}'.")
    return RevisionList(id=plant, revisions=[note(each) for each in found])


@router.get(
    "/v1/plants/{plant}/revisions/{revision}",
    response_class=Response,
    responses={**yaml_text.ANSWERS, **_UNKNOWN},
    openapi_extra=READS,
)
@permits(ENGINEERS)
async def read_revision(plant: PlantName, revision: Number, request: Request, services: Using) -> Response:
    """The plant file of one revision, as it was stored."""
    return yaml_text.answer(request, revision, await _text(plant, revision, services))


@router.get("/v1/plants/{plant}/difference", responses={**_UNKNOWN, **answers(problems.FAULTY_DEFINITION)})
@permits(ENGINEERS)
async def tell_difference(
    plant: PlantName,
    services: Using,
    before: Annotated[int, Query(alias="from", ge=1, le=_MOST, examples=[1])],
    after: Annotated[int, Query(alias="to", ge=1, le=_MOST, examples=[2])],
) -> PlantDifference:
    """What changed in the plant from one revision to another: items that came and went, fields that changed."""
    old, new = await _text(plant, before, services), await _text(plant, after, services)
    found = await asyncio.to_thread(_compare, old, new)
    changes = [
        PlantChange(
            kind=each.kind,
            section=each.section,
            item=each.item,
            field=each.field,
            before=each.before,
            after=each.after,
            text=str(each),
        )
        for each in found.changes
    ]
    return PlantDifference(plant=plant, before=before, after=after, changes=changes)


def note(revision: Revision) -> RevisionNote:
    """A revision as the API tells of it."""
    time = revision.stored_at.astimezone(zone_of("UTC")).isoformat(timespec="microseconds")
    return RevisionNote(revision=revision.number, time=time, by=revision.by)


def _compare(before: str, after: str) -> Difference:
    return compare(parse(before), parse(after))


async def _text(plant: str, revision: int, services: Services) -> str:
    async with services.unit_of_work() as unit:
        text = await unit.plants.definition(plant, revision)
        if text is not None:
            return text
        if await unit.plants.find(plant) is None:
            raise Problem(problems.UNKNOWN_PLANT, f"There is no plant '{plant}'.")
    raise Problem(problems.UNKNOWN_REVISION, f"The plant '{plant}' has no revision {revision}.")
