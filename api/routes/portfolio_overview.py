"""A portfolio as its page shows it, and its picture."""

import asyncio
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api import portfolio_view, problems
from api.auth import VIEWERS
from api.guard import permits
from api.portfolio_schemas import PortfolioDetail
from api.problems import Problem
from api.routing import answers, guarded_router
from api.services import Services, Using
from twin.atlas.definition import DefinitionError, parse
from twin.atlas.portfolio import Portfolio
from twin.atlas.portfolio_file import parse_portfolio, read_plant_ids
from twin.atlas.portfolio_graphic import draw_portfolio

router = guarded_router("portfolios")
PortfolioName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9\-]*$", max_length=60, examples=["demo"])]
_PROBLEMS = (problems.UNKNOWN_PORTFOLIO, problems.NOT_READY, problems.DATABASE_AWAY)


@router.get("/v1/portfolios/{portfolio}/overview", responses=answers(*_PROBLEMS))
@permits(VIEWERS)
async def describe_portfolio(portfolio: PortfolioName, services: Using) -> PortfolioDetail:
    """Facilities, transfers, utilities and contracts with their quantities, and which tags measure them."""
    found, revision = await _read(portfolio, services)
    return portfolio_view.describe(found, revision, _today(services))


@router.get(
    "/v1/portfolios/{portfolio}/graphic.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}, **answers(*_PROBLEMS)},
)
@permits(VIEWERS)
async def draw(portfolio: PortfolioName, services: Using) -> Response:
    """The portfolio drawn: each plant is a group with `data-plant`, each measured value one with `data-tag`."""
    found, _ = await _read(portfolio, services)
    return Response(draw_portfolio(found, _today(services)), media_type="image/svg+xml")


async def _read(portfolio: str, services: Services) -> tuple[Portfolio, int]:
    async with services.unit_of_work() as unit:
        stored = await unit.portfolios.find(portfolio)
    if stored is None:
        raise Problem(problems.UNKNOWN_PORTFOLIO, f"There is no portfolio '{portfolio}'.")
    try:
        wanted = read_plant_ids(stored.definition)
        known = {str(plant.plant): plant.definition for plant in await services.plants.list()}
        definitions = tuple((plant, known[plant]) for plant in wanted if plant in known)
        return await asyncio.to_thread(_parse, stored.definition, definitions), stored.revision
    except DefinitionError as error:
        # It was sound when it was stored; its plants have changed since.
        detail = f"Portfolio '{portfolio}' no longer fits its plants: {error.faults[0].message}."
        raise Problem(problems.NOT_READY, detail, remedy="Store the portfolio anew with what has changed.") from error


@lru_cache(maxsize=8)
def _parse(text: str, definitions: tuple[tuple[str, str], ...]) -> Portfolio:
    return parse_portfolio(text, {plant: parse(definition) for plant, definition in definitions})


def _today(services: Services) -> date:
    return datetime.fromtimestamp(services.now_us() / 1e6, UTC).date()
