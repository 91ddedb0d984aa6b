"""Errors as RFC 9457 problem details: what failed, on what, and what to do next.

Every error that leaves the API goes through here, also the framework's own, so that all have one form and none tells
about the inside.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
_log = logging.getLogger(__name__)


class Kind:
    """A kind of problem: its name in the type's address, status, title, and the remedy where none better is known."""

    def __init__(self, name: str, status: int, title: str, remedy: str) -> None:
        self.name, self.status, self.title, self.remedy = name, status, title, remedy
        KINDS[name] = self

    @property
    def type(self) -> str:
        """The address that explains this kind."""
        return f"/docs/problems#{self.name}"


KINDS: Final[dict[str, Kind]] = {}
BAD_REQUEST = Kind("bad-request", 400, "Unreadable request", "Send what /openapi.json describes.")
NO_KEY = Kind("no-key", 401, "Key needed", "Send 'Authorization: Bearer KEY' with a key that the keys file knows.")
NOT_ALLOWED = Kind("not-allowed", 403, "Not allowed", "Use a key of a role that may do this.")
NOT_FOUND = Kind("not-found", 404, "Not found", "/docs lists what there is.")
UNKNOWN_PLANT = Kind("unknown-plant", 404, "Unknown plant", "GET /v1/plants lists the plants.")
UNKNOWN_TAG = Kind("unknown-tag", 404, "Unknown tag", "GET /v1/plants/{id} lists the plant's tags.")
UNKNOWN_REVISION = Kind("unknown-revision", 404, "Unknown revision", "GET .../revisions lists those that there are.")
UNKNOWN_PORTFOLIO = Kind("unknown-portfolio", 404, "Unknown portfolio", "GET /v1/portfolios lists the portfolios.")
UNKNOWN_SIMULATION = Kind(
    "unknown-simulation", 404, "Unknown question", "GET .../simulations lists the questions that were asked."
)
NO_MODEL = Kind(
    "no-process-model", 404, "No process model", "Name one in the section 'model' of the plant's file and store it."
)
NO_REPORT = Kind("no-report", 409, "No report", "GET the question itself: it says how far its answer is.")
NO_PRICES = Kind("no-prices", 404, "No prices", "PUT .../prices with 'If-None-Match: *' stores the first ones.")
WRONG_METHOD = Kind("wrong-method", 405, "Method not allowed", "Use a method that the Allow header names.")
STALE = Kind(
    "stale-revision", 412, "Changed meanwhile", "GET it again, make the change on that, and send it with its ETag."
)
TOO_LARGE = Kind("too-large", 413, "Too large", "Send it in several requests.")
WRONG_MEDIA = Kind("wrong-media-type", 415, "Wrong media type", "Send JSON with 'Content-Type: application/json'.")
INVALID = Kind("invalid-request", 422, "Invalid request", "Correct the faults that are listed.")
FAULTY_DEFINITION = Kind("faulty-definition", 422, "Faulty definition", "Mend the faults that are listed.")
MISFIT = Kind("patch-does-not-fit", 422, "The patch does not fit", "GET the definition again and patch that.")
NO_PRECONDITION = Kind(
    "no-precondition",
    428,
    "Precondition needed",
    "Send 'If-Match' with the ETag of what you read, or 'If-None-Match: *' for something new.",
)
TOO_MANY_QUESTIONS = Kind(
    "too-many-questions",
    429,
    "Too many questions",
    "Wait until some are answered, or cancel those not wanted any more.",
)
TOO_MANY = Kind("too-many-requests", 429, "Too many requests", "Wait for the seconds in Retry-After.")
INTERNAL = Kind("internal-error", 500, "Internal error", "Try again; if it stays, look for the instance in the log.")
KAFKA_AWAY = Kind("kafka-away", 503, "Kafka does not answer", "Send it again; repeating does no harm.")
DATABASE_AWAY = Kind("database-away", 503, "The database does not answer", "Try again; 'atlas status' tells more.")
NOT_READY = Kind("not-ready", 503, "Not ready", "Wait for what is missing; 'atlas status' tells more.")

_BY_STATUS: Final = {400: BAD_REQUEST, 401: NO_KEY, 403: NOT_ALLOWED, 404: NOT_FOUND, 405: WRONG_METHOD} | {
    412: STALE,
    413: TOO_LARGE,
    415: WRONG_MEDIA,
    422: INVALID,
    428: NO_PRECONDITION,
    429: TOO_MANY,
    500: INTERNAL,
    503: NOT_READY,
}


class Problem(HTTPException):
    """An error to be answered; raise it anywhere under a route."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        remedy: str = "",
        headers: Mapping[str, str] | None = None,
        faults: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(kind.status, detail, dict(headers or {}))
        self.kind = kind
        self.remedy = remedy or kind.remedy
        self.faults = list(faults)

    def respond(self, instance: str) -> Response:
        """The answer, for the request of the path `instance`."""
        content: dict[str, Any] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": instance,
            "remedy": self.remedy,
        }
        if self.faults:
            content["faults"] = self.faults
        return Response(orjson.dumps(content), self.kind.status, self.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""

    async def answer_http(request: Request, error: Exception) -> Response:
        return problem_of(error).respond(request.url.path)

    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(RequestValidationError, answer_http)


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is to its caller; an unforeseen one is logged and told without its inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        kind = _BY_STATUS.get(error.status_code, BAD_REQUEST if error.status_code < 500 else INTERNAL)
        return Problem(kind, _DETAILS.get(kind.name, kind.title + "."), headers=error.headers)
    return Problem(INTERNAL, "Something failed inside the service; its log has the details.")


_DETAILS: Final = {
    "not-found": "Nothing is at this path.",
    "wrong-method": "This path does not take this method.",
    "too-large": "The request's body is larger than the API takes.",
    "bad-request": "The request could not be read.",
}


def _of_validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        where = found[0]["loc"][-1]
        return Problem(BAD_REQUEST, f"The body is not JSON: fault at character {where}.", remedy="Send valid JSON.")
    faults = [_fault(one) for one in found[:100]]
    many = "one fault" if len(found) == 1 else f"{len(found)} faults"
    return Problem(INVALID, f"The request has {many}; first: {faults[0]['path']}: {faults[0]['detail']}", faults=faults)


def _fault(one: Mapping[str, Any]) -> dict[str, Any]:
    """A pydantic error as a fault; its input is left out, since it may be a secret sent to the wrong place."""
    location = list(one["loc"])
    inside = location[1:] if location and location[0] in ("body", "query", "path", "header") else location
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inside).lstrip(".")
    fault: dict[str, Any] = {
        "path": path or str(location[0] if location else "request"),
        "detail": str(one["msg"]),
        "remedy": f"See {path or 'the body'} in /openapi.json.",
    }
    index = next((part for part in inside if isinstance(part, int)), None)
    return fault if index is None else fault | {"index": index}
