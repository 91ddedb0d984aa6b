"""The API's description, with how keys are sent."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.routing import PROBLEM_SCHEMA

_SUMMARY: Final = "Live and past values of process plants."
_DESCRIPTION: Final = """Times ending in `_us` are microseconds since 1970 UTC; other times are ISO 8601 with the
plant's offset. Values are in the unit that stands beside them. Quality is an OPC UA status code. Every error is a
problem detail (RFC 9457) with a remedy. This service advises; it is no safety system."""
_SCHEMES: Final = {
    "key": {"type": "http", "scheme": "bearer", "description": "an API key"},
    "keyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def install(app: FastAPI, version: str) -> None:
    """Let the app describe itself; the description is made once, when first asked for."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app, version)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _describe(app: FastAPI, version: str) -> dict[str, Any]:
    found = get_openapi(
        title="Atlas Live", version=version, summary=_SUMMARY, description=_DESCRIPTION, routes=app.routes
    )
    components = found.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    own = dict(PROBLEM_SCHEMA)
    schemas.update(own.pop("$defs", {}))
    schemas["ProblemDetail"] = own
    found["security"] = [{"key": []}, {"keyHeader": []}]
    return found
