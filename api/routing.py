"""Routers whose routes are guarded and whose errors are documented."""

from typing import Any, Final

from fastapi import APIRouter

from api.guard import GuardedRoute
from api.problems import KINDS, MEDIA_TYPE, Kind
from api.schemas import ProblemDetail


def guarded_router(topic: str) -> APIRouter:
    """A router of guarded routes under one heading of the documentation."""
    return APIRouter(route_class=GuardedRoute, tags=[topic])


def answers(*kinds: Kind) -> dict[int | str, dict[str, Any]]:
    """The errors that a route answers, for its documentation; those of keys and rates are added."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in (*kinds, *(KINDS[name] for name in _ALWAYS)):
        example = {
            "type": kind.type,
            "title": kind.title,
            "status": kind.status,
            "detail": kind.title + ".",
            "instance": "/v1/…",
            "remedy": kind.remedy,
        }
        entry = found.setdefault(kind.status, {"description": kind.title, "content": {MEDIA_TYPE: {"examples": {}}}})
        entry["content"][MEDIA_TYPE]["schema"] = {"$ref": "#/components/schemas/ProblemDetail"}
        entry["content"][MEDIA_TYPE]["examples"][kind.name] = {"value": example}
    return found


_ALWAYS: Final = ("no-key", "not-allowed", "too-many-requests")
PROBLEM_SCHEMA: Final = ProblemDetail.model_json_schema(ref_template="#/components/schemas/{model}")
