"""Errors of the domain and the store as the problems that they are to the caller of a route."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from api import problems
from api.ports import DatabaseAwayError
from api.problems import Kind, Problem
from stream.jobs.plant_model import NoModelError
from stream.jobs.question import PositionError
from stream.store.errors import RevisionConflictError, UnknownStoredPlantError
from twin.atlas.definition import DefinitionError
from twin.atlas.errors import AtlasError
from twin.atlas.faults import Fault
from twin.atlas.patch import PatchError
from twin.matrix.errors import MatrixError, ScenarioError

_MOST_FAULTS: Final = 1000

_KINDS: Final[dict[type[AtlasError], Kind]] = {
    RevisionConflictError: problems.STALE,
    UnknownStoredPlantError: problems.UNKNOWN_PLANT,
    PatchError: problems.MISFIT,
    NoModelError: problems.NO_MODEL,
    MatrixError: problems.NO_MODEL,
}


def install(app: FastAPI) -> None:
    """Answer these errors as problems, whichever route raises them."""
    app.add_exception_handler(DatabaseAwayError, _answer_database_away)
    app.add_exception_handler(DefinitionError, _answer_faults)
    app.add_exception_handler(ScenarioError, _answer_impossible)
    app.add_exception_handler(PositionError, _answer_position)
    for error, kind in _KINDS.items():
        app.add_exception_handler(error, _answer(kind))


async def _answer_database_away(request: Request, error: Exception) -> Response:
    problem = Problem(problems.DATABASE_AWAY, "The database does not answer.", headers={"Retry-After": "5"})
    return problem.respond(request.url.path)


async def _answer_faults(request: Request, error: Exception) -> Response:
    faults = error.faults if isinstance(error, DefinitionError) else ()
    return _with_faults(problems.FAULTY_DEFINITION, faults).respond(request.url.path)


async def _answer_impossible(request: Request, error: Exception) -> Response:
    faults = error.faults if isinstance(error, ScenarioError) else ()
    return _with_faults(problems.INVALID, faults).respond(request.url.path)


async def _answer_position(request: Request, error: Exception) -> Response:
    faults = (Fault("position", error.message, error.remedy),) if isinstance(error, PositionError) else ()
    return _with_faults(problems.INVALID, faults).respond(request.url.path)


def _with_faults(kind: Kind, faults: Sequence[Fault]) -> Problem:
    many = "There is one fault" if len(faults) == 1 else f"There are {len(faults)} faults"
    listed = [
        {"path": fault.path, "line": fault.line or None, "detail": fault.message, "remedy": fault.remedy}
        for fault in faults[:_MOST_FAULTS]
    ]
    return Problem(kind, f"{many}; first: {faults[0]}.", faults=listed)


def _answer(kind: Kind) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        said = error.message if isinstance(error, AtlasError) else ""
        remedy = error.remedy if isinstance(error, MatrixError | NoModelError) else ""
        return Problem(kind, f"{said[:1].upper()}{said[1:]}.", remedy=remedy).respond(request.url.path)

    return answer
