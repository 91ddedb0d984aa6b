"""Entity tags and what requests say with them: what is known already, and which revision a change was made for.

Source: RFC 9110, section 13; RFC 6585, section 3.
"""

import hashlib

from fastapi import Request

from api import problems
from api.problems import Problem


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
