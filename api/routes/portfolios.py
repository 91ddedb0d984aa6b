"""Portfolios: several plants that belong together, read and stored."""

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from api import audit, problems, yaml_text
from api.auth import ENGINEERS, VIEWERS
from api.guard import permits
from api.json_response import JsonResponse
from api.preconditions import CHANGES, READS, WRITTEN, demand_current
from api.problems import Problem
from api.routing import answers, guarded_router
from api.schemas import PortfolioList, PortfolioOverview, Stored
from api.services import Using
from stream.handlers.store_portfolio import StorePortfolio, store_portfolio

router = guarded_router("portfolios")
PortfolioName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9\-]*$", max_length=60, examples=["demo"])]
_WRITES = (problems.STALE, problems.TOO_LARGE, problems.FAULTY_DEFINITION, problems.NO_PRECONDITION)


@router.get("/v1/portfolios", responses=answers(problems.DATABASE_AWAY))
@permits(VIEWERS)
async def list_portfolios(services: Using) -> PortfolioList:
    """All portfolios."""
    async with services.unit_of_work() as unit:
        found = await unit.portfolios.list()
    return PortfolioList(
        portfolios=[PortfolioOverview(id=each.portfolio, name=each.name, revision=each.revision) for each in found]
    )


@router.get(
    "/v1/portfolios/{portfolio}",
    response_class=Response,
    responses={**yaml_text.ANSWERS, **answers(problems.UNKNOWN_PORTFOLIO, problems.DATABASE_AWAY)},
    openapi_extra=READS,
)
@permits(VIEWERS)
async def read_portfolio(portfolio: PortfolioName, request: Request, services: Using) -> Response:
    """The portfolio's file, as it was stored; its `ETag` is what a change of it must name."""
    async with services.unit_of_work() as unit:
        stored = await unit.portfolios.find(portfolio)
    if stored is None:
        raise Problem(problems.UNKNOWN_PORTFOLIO, f"There is no portfolio '{portfolio}'.")
    return yaml_text.answer(request, stored.revision, stored.definition)


@router.put(
    "/v1/portfolios/{portfolio}",
    response_model=Stored,
    responses={**WRITTEN, **answers(*_WRITES, problems.DATABASE_AWAY)},
    openapi_extra=yaml_text.BODY | CHANGES,
)
@permits(ENGINEERS)
async def store_portfolio_definition(portfolio: PortfolioName, request: Request, services: Using) -> JsonResponse:
    """Put a portfolio's file in force: a new one with `If-None-Match: *`, a new revision with `If-Match`."""
    async with services.unit_of_work() as unit:
        before = await unit.portfolios.find(portfolio)
    demand_current(request, None if before is None else yaml_text.tag_of(before.revision, before.definition))
    text, revision = await yaml_text.read_body(request), 0 if before is None else before.revision
    command = StorePortfolio(
        definition_text=text,
        portfolio=portfolio,
        expected_revision=revision,
        by=audit.name_of_caller(request),
    )
    events = await store_portfolio(command, services.unit_of_work())
    audit.log_events(events)
    content = Stored(
        id=portfolio, revision=max([revision, *(event.revision for event in events)]), changed=bool(events)
    )
    headers = {"ETag": yaml_text.tag_of(content.revision, text)}
    if before is None:
        headers["Location"] = request.url.path
    return JsonResponse(content.model_dump(), 201 if before is None else 200, headers)
