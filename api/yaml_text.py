"""Definitions as they come and go: YAML text, whose ETag says which revision it is."""

from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from api import problems
from api.preconditions import ETAG, entity_tag, is_known
from api.problems import Problem

MEDIA_TYPE: Final = "application/yaml"
"""RFC 9512."""

_EXAMPLE: Final = """\
atlas: 1
plant: mill
name: Mill
sources:
  - {name: opcua, kind: opcua, endpoint: "opc.tcp://127.0.0.1:4840/mill"}
tags:
  - {name: TI-101.PV, description: Oven temperature, unit: degC, range: [0, 300], address: ns=2;s=TI-101}
"""
_CONTENT: Final = {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}}

BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, "content": _CONTENT}}
"""What the OpenAPI description says of a body that is such a text."""

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The text; `ETag` says which revision it is.", "content": _CONTENT, "headers": ETAG},
    304: {"description": "The reader has this revision already (`If-None-Match`)."},
}


async def read_body(request: Request) -> str:
    """The text that came with a request.

    Raises
    ------
    Problem
        400 where it is no UTF-8.
    """
    try:
        return (await request.body()).decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"The text is not UTF-8 from byte {error.start} on."
        raise Problem(problems.BAD_REQUEST, detail, remedy="Save it as UTF-8.") from None


def tag_of(revision: int, text: str) -> str:
    """The ETag of a revision's text."""
    return entity_tag(revision, text.encode())


def answer(request: Request, revision: int, text: str) -> Response:
    """The text, or that the reader has it already."""
    tag = tag_of(revision, text)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type=MEDIA_TYPE)
