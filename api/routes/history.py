"""Series of past readings."""

from typing import Annotated, Any

import numpy as np
from fastapi import Query

from api import problems
from api.auth import VIEWERS
from api.config import LimitsConfig
from api.guard import permits
from api.json_response import JsonResponse
from api.plant_time import iso, zone_of
from api.ports import Span
from api.problems import Problem
from api.query_time import read_query_time
from api.routing import answers, guarded_router
from api.schemas import Aggregate, History
from api.services import Using
from stream.store.history import Series
from twin.atlas.tags import Tag, TagTable, UnknownTagError

router = guarded_router("values")
_DAY_US = 86_400_000_000
_TIME = {"description": "ISO 8601 with offset", "max_length": 64}


@router.get(
    "/v1/plants/{plant}/history",
    response_model=History,
    responses=answers(problems.UNKNOWN_PLANT, problems.UNKNOWN_TAG, problems.INVALID, problems.DATABASE_AWAY),
)
@permits(VIEWERS)
async def read_history(
    plant: str,
    services: Using,
    tags: Annotated[str, Query(description="names, separated by commas", examples=["TIC-101.PV"], max_length=10_000)],
    start: Annotated[str, Query(alias="from", examples=["2026-11-24T00:00:00Z"], **_TIME)],
    end: Annotated[str, Query(alias="to", examples=["2026-11-24T01:00:00Z"], **_TIME)],
    aggregate: Annotated[Aggregate, Query(description="of each interval; raw for the readings themselves")] = "raw",
    points: Annotated[int, Query(ge=2, description="the most points of a series, about")] = 1000,
) -> JsonResponse:
    """Readings of several tags over a range; long ranges come from rollups, and `resolution` says so."""
    stored = await services.plants.find(plant)
    table = await services.plants.table_of(stored)
    span = _span(start, end, services.config.limits)
    chosen = _tags(tags, table, services.config.limits)
    if points > services.config.limits.history_points:
        raise _refused(
            "points", f"{points} points are more than {services.config.limits.history_points}", "ask for fewer"
        )
    period_us = table.content.scan_period_us
    tag_ids = [tag.tag_id for tag in chosen]
    series = await services.records.read_history(tag_ids, span, aggregate, points, period_us)
    by_id = {one.tag_id: one for one in series}
    zone = zone_of(table.content.time_zone)
    content = {
        "from": iso(span.start, zone),
        "to": iso(span.end, zone),
        "series": [_series(tag, aggregate, by_id.get(tag.tag_id)) for tag in chosen],
    }
    return JsonResponse(content)


def _span(start: str, end: str, limits: LimitsConfig) -> Span:
    span = Span(read_query_time("from", start), read_query_time("to", end))
    if span.end <= span.start:
        raise _refused("to", f"{end} is not after {start}", "let 'to' be later than 'from'")
    if span.end - span.start > limits.history_days * _DAY_US:
        raise _refused("from", f"the range is longer than {limits.history_days} days", "ask for a shorter one")
    return span


def _tags(names: str, table: TagTable, limits: LimitsConfig) -> list[Tag]:
    wanted = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if not wanted:
        raise _refused("tags", "no tag is named", "name one or more, separated by commas")
    if len(wanted) > limits.history_tags:
        raise _refused("tags", f"{len(wanted)} tags are more than {limits.history_tags}", "ask several times")
    try:
        return [table.tags[table.position(name)] for name in wanted]
    except UnknownTagError as error:
        raise Problem(problems.UNKNOWN_TAG, str(error.args[0])[:300]) from None


def _series(tag: Tag, aggregate: Aggregate, found: Series | None) -> dict[str, Any]:
    empty = np.empty(0)
    return {
        "tag": tag.name,
        "unit": "" if aggregate == "count" else tag.unit,
        "aggregate": aggregate,
        "resolution": "raw" if found is None else found.resolution,
        "times_us": empty if found is None else np.ascontiguousarray(found.times),
        "values": empty if found is None else np.ascontiguousarray(found.values),
        "quality": empty if found is None else np.ascontiguousarray(found.quality),
    }


def _refused(path: str, detail: str, remedy: str) -> Problem:
    fault = {"path": path, "detail": detail, "remedy": remedy}
    return Problem(problems.INVALID, f"{path}: {detail}; {remedy}.", faults=[fault])
