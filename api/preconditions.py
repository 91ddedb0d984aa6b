"""Entity tags and what requests say with them: what is known already, and which revision a change was made for.

Source: RFC 9110, section 13; RFC 6585, section 3.
"""

import hashlib
from typing import Any, Final

from fastapi import Request

from api import problems
from api.problems import Problem
from api.schemas import Stored


def _header(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": description,
        "example": example,
    }


_EXAMPLE: Final = '"3-5567b065c64cfe12"'
READS: Final[dict[str, Any]] = {
    "parameters": [_header("If-None-Match", "the ETag that the reader holds; 304 where it is in force", _EXAMPLE)]
}
"""What the OpenAPI description says of a read that `is_known` may cut short."""

CHANGES: Final[dict[str, Any]] = {
    "parameters": [
        _header("If-Match", "the ETag of the revision that the change was made for", _EXAMPLE),
        _header("If-None-Match", "`*` for something new", "*"),
    ]
}
"""What the OpenAPI description says of a change that `demand_current` checks."""

ETAG: Final[dict[str, Any]] = {"ETag": {"description": "names the revision", "schema": {"type": "string"}}}
"""The answer's header."""

WRITTEN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": ETAG},
    201: {"description": "Something new is stored.", "model": Stored, "headers": ETAG},
}
"""What the OpenAPI description says of the answers to a change."""


def entity_tag(revision: int, content: bytes) -> str:
    """The ETag of a revision: its number and a hash of its content."""
    return f'"{revision}-{hashlib.sha256(content).hexdigest()[:16]}"'


def is_known(request: Request, tag: str) -> bool:
    """Whether the reader holds this content already (`If-None-Match`): then 304 will do."""
    listed = _listed(request, "If-None-Match")
    return "*" in listed or tag in [each.removeprefix("W/") for each in listed]


def demand_current(request: Request, tag: str | None) -> None:
    """Let a change pass that says for which revision it was made; `tag` is the one in force, None where there is none.

    Raises
    ------
    Problem
        428 where the request does not say it, 412 where another revision is in force.
    """
    for_these, for_none = _listed(request, "If-Match"), _listed(request, "If-None-Match")
    if for_these:
        fits = tag is not None and ("*" in for_these or tag in for_these)
    elif "*" in for_none:
        fits = tag is None
    else:
        raise Problem(problems.NO_PRECONDITION, "The request does not say which revision it changes.")
    if not fits:
        stands = "nothing is stored here" if tag is None else f"what is stored has the ETag {tag}"
        raise Problem(problems.STALE, f"The change was made for another revision: {stands}.")


def _listed(request: Request, header: str) -> list[str]:
    values = ",".join(request.headers.getlist(header)).split(",")
    return [value.strip() for value in values if value.strip()]
