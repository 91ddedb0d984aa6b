"""Questions for better settings: asked of the live twin, followed, and read as reports. Advice, never a command."""

from typing import Annotated, Final

from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse

from api import problems, simulation_view, sse
from api.auth import OPERATORS, VIEWERS
from api.guard import permits
from api.json_response import JsonResponse
from api.questions import Questions
from api.routes.definitions import PlantName
from api.routes.simulations import Form, JobId, progress_of, report_as
from api.routing import answers, guarded_router
from api.services import Using
from api.simulation_schemas import NewSimulation, Simulation, SimulationList
from stream.jobs.question import ADVICE_KIND
from stream.jobs.report import Report

router = guarded_router("optimisation")
QUESTIONS: Final = Questions(ADVICE_KIND, "optimisations")

_ASKING = (problems.UNKNOWN_PLANT, problems.NO_MODEL, problems.INVALID, problems.DATABASE_AWAY)
_ONE = (problems.UNKNOWN_SIMULATION, problems.DATABASE_AWAY)


@router.post(
    "/v1/plants/{plant}/optimisations",
    status_code=202,
    response_model=Simulation,
    responses={
        202: {"headers": {"Location": {"description": "the question", "schema": {"type": "string"}}}},
        **answers(*_ASKING, problems.TOO_MANY_QUESTIONS, problems.NOT_READY),
    },
)
@permits(OPERATORS)
async def ask_for_settings(
    plant: PlantName,
    body: NewSimulation,
    request: Request,
    services: Using,
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", max_length=100, description="a repeated one is answered as the first"),
    ] = None,
) -> JsonResponse:
    """Look for better settings than those of now, or than `changes`, within the bounds that the plant file gives."""
    asked = await QUESTIONS.ask(services, plant, body, request, key or "")
    location = f"/v1/plants/{plant}/optimisations/{asked.id}"
    return JsonResponse(asked.model_dump(mode="json"), 202, {"Location": location})


@router.get("/v1/plants/{plant}/optimisations", responses=answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY))
@permits(VIEWERS)
async def list_optimisations(
    plant: PlantName, services: Using, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> SimulationList:
    """The newest questions for better settings, those of policies included, newest first."""
    return await QUESTIONS.list(services, plant, limit)


@router.get("/v1/plants/{plant}/optimisations/{job}", responses=answers(*_ONE))
@permits(VIEWERS)
async def read_optimisation(plant: PlantName, job: JobId, services: Using) -> Simulation:
    """A question, and how far its answer is."""
    return simulation_view.simulation(await QUESTIONS.find(services, plant, job))


@router.get(
    "/v1/plants/{plant}/optimisations/{job}/progress",
    response_class=StreamingResponse,
    responses={200: {"content": {sse.MEDIA_TYPE: {}}}, **answers(*_ONE)},
)
@permits(VIEWERS, ticket=True)
async def follow_optimisation(
    plant: PlantName,
    job: JobId,
    services: Using,
    last_event_id: Annotated[str | None, Header(max_length=20, description="id of the last event seen")] = None,
    last_id: Annotated[str | None, Query(alias="last_event_id", max_length=20)] = None,
    ticket: Annotated[str | None, Query(max_length=1000, description="from POST /v1/tickets, instead of a key")] = None,
) -> StreamingResponse:
    """The events of `.../simulations/{job}/progress`."""
    await QUESTIONS.find(services, plant, job)
    return progress_of(services, job, last_event_id or last_id or "")


@router.get(
    "/v1/plants/{plant}/optimisations/{job}/report",
    response_model=Report,
    responses={200: {"content": {"text/html": {}}}, **answers(*_ONE, problems.NO_REPORT)},
)
@permits(VIEWERS)
async def read_optimisation_report(plant: PlantName, job: JobId, services: Using, form: Form = "json") -> Response:
    """The report, whose `recommendation` has the settings; a draft while the question is being answered."""
    return await report_as(form, services, plant, await QUESTIONS.report(services, plant, job))


@router.post("/v1/plants/{plant}/optimisations/{job}/cancel", responses=answers(*_ONE))
@permits(OPERATORS)
async def cancel_optimisation(plant: PlantName, job: JobId, request: Request, services: Using) -> Simulation:
    """Stop answering; a question that is answered already stays as it is."""
    return await QUESTIONS.cancel(services, plant, job, request)
