"""The API's own documentation: OpenAPI, its reader, and the kinds of problems; no script comes from outside.

The reader's files lie in the installed wheel `fastapi-offline`.
"""

import html
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from api import problems
from api.guard import public
from api.json_response import JsonResponse
from api.problems import KINDS, Problem
from api.routing import guarded_router

router = guarded_router("service")
_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_START: Final = """window.addEventListener("load", () => SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#reader", deepLinking: true, persistAuthorization: false, validatorUrl: null,
}));
"""
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>{body}</body></html>
"""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/openapi.json", include_in_schema=False)
@public()
async def describe_api(request: Request) -> JsonResponse:
    """The API's description as OpenAPI."""
    return JsonResponse(request.app.openapi())


@router.get("/docs", include_in_schema=False)
@public()
async def show_reader() -> HTMLResponse:
    """A page that shows the description and lets it be tried."""
    head = (
        '<link rel="stylesheet" href="/docs/assets/swagger-ui.css">'
        '<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>'
    )
    return _page("Atlas Live: HTTP API", head, '<div id="reader"></div>')


@router.get("/docs/start.js", include_in_schema=False)
@public()
async def start_reader() -> Response:
    """The few lines that start the reader."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/assets/{name}", include_in_schema=False)
@public()
async def send_asset(name: str) -> FileResponse:
    """A file of the reader."""
    folder = _assets_folder()
    if name not in _ASSETS or folder is None:
        raise Problem(problems.NOT_FOUND, "Nothing is at this path.")
    return FileResponse(folder / name, media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=86400"})


@router.get("/docs/problems", include_in_schema=False)
@public()
async def explain_problems() -> HTMLResponse:
    """Every kind of problem that the API answers."""
    entries = "".join(
        f'<dt id="{html.escape(kind.name)}">{kind.status} {html.escape(kind.title)}</dt>'
        f"<dd>{html.escape(kind.remedy)}</dd>"
        for kind in KINDS.values()
    )
    return _page("Atlas Live: problems", "", f"<h1>Problems</h1><dl>{entries}</dl>")


def _page(title: str, head: str, body: str) -> HTMLResponse:
    content = _PAGE.format(title=html.escape(title), head=head, body=body)
    return HTMLResponse(content, headers={"Content-Security-Policy": _POLICY})


def _assets_folder() -> Path | None:
    spec = find_spec("fastapi_offline")  # Found, not imported: only its files are wanted.
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "static"
