"""What each question to the API is called by: path and query, shared by the sync and the async client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from urllib.parse import quote

import orjson
from pydantic import BaseModel

from api.estimate_schemas import PlantEstimate
from api.portfolio_schemas import PortfolioDetail
from api.schemas import (
    Aggregate,
    Caller,
    Chain,
    History,
    ItemPrice,
    PlantDetail,
    PlantDifference,
    PlantList,
    PlantState,
    PortfolioList,
    Readiness,
    RevisionList,
    Trace,
)
from api.simulation_schemas import Comparison, NewSimulation, Simulation, SimulationInputs, SimulationList

_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[_M]):
    """An idempotent request and the model of its answer."""

    path: str
    model: type[_M]
    params: Mapping[str, str] = field(default_factory=dict)


def plants() -> Question[PlantList]:
    """All plants."""
    return Question("/v1/plants", PlantList)


def plant(plant_id: str) -> Question[PlantDetail]:
    """One plant's equipment, process streams and tags."""
    return Question(path_of(plant_id), PlantDetail)


def state(plant_id: str, at: datetime | None) -> Question[PlantState]:
    """A plant's values now, or as the table has them for `at`."""
    return Question(path_of(plant_id, "state"), PlantState, {} if at is None else {"at": at.isoformat()})


def history(
    plant_id: str, tags: Sequence[str], start: datetime, end: datetime, aggregate: Aggregate, points: int
) -> Question[History]:
    """Series of several tags."""
    params = {
        "tags": ",".join(tags),
        "from": start.isoformat(),
        "to": end.isoformat(),
        "aggregate": aggregate,
        "points": str(points),
    }
    return Question(path_of(plant_id, "history"), History, params)


def trace(plant_id: str, tag: str) -> Question[Trace]:
    """The way of a tag's newest reading."""
    return Question(path_of(plant_id, f"trace/{quote(tag, safe='')}"), Trace)


def estimate(plant_id: str) -> Question[PlantEstimate]:
    """What of a plant is estimated."""
    return Question(path_of(plant_id, "estimate"), PlantEstimate)


def chain() -> Question[Chain]:
    """The links from plant to screen."""
    return Question("/v1/chain", Chain)


def whoami() -> Question[Caller]:
    """Who the key belongs to."""
    return Question("/v1/whoami", Caller)


def readiness() -> Question[Readiness]:
    """Whether the API has what it needs."""
    return Question("/health/ready", Readiness)


def revisions(plant_id: str) -> Question[RevisionList]:
    """All revisions of a plant."""
    return Question(path_of(plant_id, "revisions"), RevisionList)


def difference(plant_id: str, before: int, after: int) -> Question[PlantDifference]:
    """What changed between two revisions of a plant."""
    return Question(path_of(plant_id, "difference"), PlantDifference, {"from": str(before), "to": str(after)})


def portfolios() -> Question[PortfolioList]:
    """All portfolios."""
    return Question("/v1/portfolios", PortfolioList)


def portfolio_overview(portfolio_id: str) -> Question[PortfolioDetail]:
    """One portfolio's facilities, transfers, utilities and contracts."""
    return Question(f"{portfolio_path(portfolio_id)}/overview", PortfolioDetail)


def simulation_inputs(plant_id: str) -> Question[SimulationInputs]:
    """What a question may change."""
    return Question(path_of(plant_id, "simulations/inputs"), SimulationInputs)


def simulations(plant_id: str, limit: int) -> Question[SimulationList]:
    """The newest questions."""
    return Question(path_of(plant_id, "simulations"), SimulationList, {"limit": str(limit)})


def simulation(plant_id: str, job: int) -> Question[Simulation]:
    """One question, and how far its answer is."""
    return Question(path_of(plant_id, f"simulations/{job}"), Simulation)


def comparison(plant_id: str, first: int, second: int) -> Question[Comparison]:
    """Two answered questions beside one another."""
    params = {"first": str(first), "second": str(second)}
    return Question(path_of(plant_id, "simulations/compare"), Comparison, params)


def new_simulation(changes: Sequence[str], horizon: str, position: str | None) -> bytes:
    """The body that asks a question, or has it checked."""
    return NewSimulation(changes=list(changes), horizon=horizon, position=position).model_dump_json().encode()


def definition_path(plant_id: str, revision: int | None) -> str:
    """The path of a plant file, in force or of one revision."""
    return path_of(plant_id, "definition" if revision is None else f"revisions/{revision}")


def portfolio_path(portfolio_id: str) -> str:
    """The path of a portfolio."""
    return f"/v1/portfolios/{quote(portfolio_id, safe='')}"


def new_prices(entries: Sequence[ItemPrice]) -> bytes:
    """The body that puts prices in force."""
    return orjson.dumps({"entries": [entry.model_dump(by_alias=True) for entry in entries]})


def path_of(plant_id: str, what: str = "") -> str:
    """The path of something of a plant's."""
    return f"/v1/plants/{quote(plant_id, safe='')}" + (f"/{what}" if what else "")
