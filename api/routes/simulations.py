"""What-if questions: asked of the live twin, followed while they are answered, read as reports, and compared."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Final, Literal

from fastapi import Header, Path, Query, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from api import problems, simulation_view, sse
from api.auth import OPERATORS, VIEWERS
from api.guard import permits
from api.job_stream import stream_job
from api.json_response import JsonResponse
from api.questions import Questions
from api.reports.page import HTML_HEADERS, render_comparison, render_report
from api.routes.definitions import PlantName
from api.routing import answers, guarded_router
from api.services import Services, Using
from api.simulation_schemas import (
    CheckedSimulation,
    Comparison,
    NewSimulation,
    Simulation,
    SimulationInputs,
    SimulationList,
)
from stream.handlers.ask import title_of
from stream.jobs.question import KIND
from stream.jobs.report import Report
from twin.matrix.scenario import Scenario

router = guarded_router("what-if")
QUESTIONS: Final = Questions(KIND, "simulations")

_ASKING = (problems.UNKNOWN_PLANT, problems.NO_MODEL, problems.INVALID, problems.DATABASE_AWAY)
_ONE = (problems.UNKNOWN_SIMULATION, problems.DATABASE_AWAY)
_EXAMPLE = """id: 3
event: progress
data: {"done":0.4,"message":"simulating the change","state":"running"}

id: 9
event: end
data: {"state":"done"}
"""

JobId = Annotated[int, Path(ge=1, le=2**63 - 1, description="id of the question")]
Form = Annotated[Literal["json", "html"], Query(alias="format", description="html is a page that prints well")]


@router.get("/v1/plants/{plant}/simulations/inputs", responses=answers(*_ASKING))
@permits(VIEWERS)
async def list_inputs(plant: PlantName, services: Using) -> SimulationInputs:
    """What may be changed in a question: setpoints, outputs, modes and disturbances, with ranges and present values."""
    stored = await services.plants.find(plant)
    found = await asyncio.to_thread(services.models, stored.definition)
    table = await services.plants.table_of(stored)
    return simulation_view.inputs(found, table, services.states.find(plant))


@router.post("/v1/plants/{plant}/simulations/check", responses=answers(*_ASKING))
@permits(VIEWERS)
async def check_simulation(plant: PlantName, body: NewSimulation, services: Using) -> CheckedSimulation:
    """Whether this could be asked, and how it is read; nothing is stored. Every fault is listed otherwise."""
    stored = await services.plants.find(plant)
    found = await asyncio.to_thread(services.models, stored.definition)
    scenario = Scenario.parse(body.changes, body.horizon, found.declaration, every=body.every)
    return CheckedSimulation(title=title_of(scenario, found), horizon_s=scenario.horizon_s)


@router.post(
    "/v1/plants/{plant}/simulations",
    status_code=202,
    response_model=Simulation,
    responses={
        202: {"headers": {"Location": {"description": "the question", "schema": {"type": "string"}}}},
        **answers(*_ASKING, problems.TOO_MANY_QUESTIONS, problems.NOT_READY),
    },
)
@permits(OPERATORS)
async def ask(
    plant: PlantName,
    body: NewSimulation,
    request: Request,
    services: Using,
    key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", max_length=100, description="a repeated one is answered as the first"),
    ] = None,
) -> JsonResponse:
    """Ask what the changes would do to the plant as it was at `position`; the answer is a report, seconds later."""
    asked = await QUESTIONS.ask(services, plant, body, request, key or "")
    location = f"/v1/plants/{plant}/simulations/{asked.id}"
    return JsonResponse(asked.model_dump(mode="json"), 202, {"Location": location})


@router.get("/v1/plants/{plant}/simulations", responses=answers(problems.UNKNOWN_PLANT, problems.DATABASE_AWAY))
@permits(VIEWERS)
async def list_simulations(
    plant: PlantName, services: Using, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> SimulationList:
    """The newest questions that were asked of a plant, newest first."""
    return await QUESTIONS.list(services, plant, limit)


@router.get(
    "/v1/plants/{plant}/simulations/compare",
    response_model=Comparison,
    responses={200: {"content": {"text/html": {}}}, **answers(*_ONE, problems.NO_REPORT)},
)
@permits(VIEWERS)
async def compare(
    plant: PlantName,
    services: Using,
    first: Annotated[int, Query(ge=1, le=2**63 - 1)],
    second: Annotated[int, Query(ge=1, le=2**63 - 1)],
    form: Form = "json",
) -> Response:
    """Two answered questions beside one another."""
    records = [await QUESTIONS.find(services, plant, job) for job in (first, second)]
    reports = [await QUESTIONS.report(services, plant, job, drafts=False) for job in (first, second)]
    if form == "html":
        return await page(lambda: render_comparison(*reports))
    told = simulation_view.comparison(records[0], records[1], (reports[0], reports[1]))
    return JsonResponse(told.model_dump(mode="json"))


@router.get("/v1/plants/{plant}/simulations/{job}", responses=answers(*_ONE))
@permits(VIEWERS)
async def read_simulation(plant: PlantName, job: JobId, services: Using) -> Simulation:
    """A question, and how far its answer is."""
    return simulation_view.simulation(await QUESTIONS.find(services, plant, job))


@router.get(
    "/v1/plants/{plant}/simulations/{job}/progress",
    response_class=StreamingResponse,
    responses={200: {"content": {sse.MEDIA_TYPE: {"example": _EXAMPLE}}}, **answers(*_ONE)},
)
@permits(VIEWERS, ticket=True)
async def follow_simulation(
    plant: PlantName,
    job: JobId,
    services: Using,
    last_event_id: Annotated[str | None, Header(max_length=20, description="id of the last event seen")] = None,
    last_id: Annotated[
        str | None,
        Query(alias="last_event_id", max_length=20, description="the same, for those that cannot set headers"),
    ] = None,
    ticket: Annotated[str | None, Query(max_length=1000, description="from POST /v1/tickets, instead of a key")] = None,
) -> StreamingResponse:
    """Events `progress` (part done, message), `curves` once first curves can be read as a report, and `end`."""
    await QUESTIONS.find(services, plant, job)
    return progress_of(services, job, last_event_id or last_id or "")


@router.get(
    "/v1/plants/{plant}/simulations/{job}/report",
    response_model=Report,
    responses={200: {"content": {"text/html": {}}}, **answers(*_ONE, problems.NO_REPORT)},
)
@permits(VIEWERS)
async def read_report(plant: PlantName, job: JobId, services: Using, form: Form = "json") -> Response:
    """The report; while the question is being answered, a draft with first curves as soon as there are some."""
    return await report_as(form, services, plant, await QUESTIONS.report(services, plant, job))


@router.post("/v1/plants/{plant}/simulations/{job}/cancel", responses=answers(*_ONE))
@permits(OPERATORS)
async def cancel_simulation(plant: PlantName, job: JobId, request: Request, services: Using) -> Simulation:
    """Stop answering; a question that is answered already stays as it is."""
    return await QUESTIONS.cancel(services, plant, job, request)


async def report_as(form: Literal["json", "html"], services: Services, plant: str, report: Report) -> Response:
    """A report as it was asked for."""
    if form == "json":
        return JsonResponse(report.as_content())
    file = await services.plants.file_of(await services.plants.find(plant))
    return await page(lambda: render_report(report, file.graphic))


async def page(render: Callable[[], str]) -> HTMLResponse:
    """A page, made in a thread: it takes a tenth of a second, and others wait for the live stream meanwhile."""
    return HTMLResponse(await asyncio.to_thread(render), headers=dict(HTML_HEADERS))


def progress_of(services: Services, job: int, seen: str) -> StreamingResponse:
    """What happens to a job after the event that was seen last, up to its end."""
    after = int(seen) if seen.isascii() and seen.isdigit() else 0
    body = stream_job(services.jobs.follow(job, after), services.config.live.heartbeat_s)
    return StreamingResponse(body, media_type=sse.MEDIA_TYPE, headers=sse.HEADERS)
