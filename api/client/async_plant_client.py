"""The client for asyncio: the same questions as `PlantClient`, awaited."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from types import TracebackType
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx
import orjson
from pydantic import BaseModel

from api.client import requests
from api.client.answers import (
    RETRIED_STATUSES,
    TaggedPrices,
    TaggedText,
    pause_s,
    precondition,
    raise_for_problem,
    read_model,
    read_prices,
    read_text,
    retry_after_s,
)
from api.client.config import ClientConfig
from api.client.errors import ApiAnswerError, ApiUnreachableError
from api.client.live_events import EventParser, LiveEvent
from api.client.requests import Question, path_of
from api.estimate_schemas import PlantEstimate
from api.portfolio_schemas import PortfolioDetail
from api.schemas import (
    Accepted,
    Aggregate,
    Caller,
    Chain,
    History,
    ItemPrice,
    NewReading,
    NewReadings,
    PlantDetail,
    PlantDifference,
    PlantList,
    PlantState,
    PlantSummary,
    PortfolioList,
    Readiness,
    RevisionList,
    Stored,
    Ticket,
    Trace,
)
from api.simulation_schemas import (
    CheckedSimulation,
    Comparison,
    Simulation,
    SimulationInputs,
    SimulationList,
)

_M = TypeVar("_M", bound=BaseModel)
_JSON: Final = "application/json"
_JSON_PATCH: Final = "application/json-patch+json"
_YAML: Final = "application/yaml"


class AsyncPlantClient:
    """Asks the API from asyncio; use it as an async context manager. Arguments as for `PlantClient`."""

    def __init__(
        self,
        config: ClientConfig,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._sleep = sleep
        self._jitter = jitter
        self._http = httpx.AsyncClient(
            base_url=config.address, headers=config.headers, timeout=config.timeout_s, transport=transport
        )

    async def __aenter__(self) -> "AsyncPlantClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def plants(self) -> PlantList:
        """All plants with their condition."""
        return await self._ask(requests.plants())

    async def plant(self, plant_id: str) -> PlantDetail:
        """One plant's equipment, process streams and tags."""
        return await self._ask(requests.plant(plant_id))

    async def state(self, plant_id: str, at: datetime | None = None) -> PlantState:
        """A plant's values now, or as the table has them for `at` (with time zone)."""
        return await self._ask(requests.state(plant_id, at))

    async def history(
        self,
        plant_id: str,
        tags: Sequence[str],
        start: datetime,
        end: datetime,
        aggregate: Aggregate = "raw",
        points: int = 1000,
    ) -> History:
        """Series of several tags from `start` to `end` (with time zone), of at most about `points` points each."""
        return await self._ask(requests.history(plant_id, tags, start, end, aggregate, points))

    async def trace(self, plant_id: str, tag: str) -> Trace:
        """The way of a tag's newest reading."""
        return await self._ask(requests.trace(plant_id, tag))

    async def estimate(self, plant_id: str) -> PlantEstimate:
        """What a plant's process model tells of what nobody measures, and how far it explains the plant."""
        return await self._ask(requests.estimate(plant_id))

    async def chain(self) -> Chain:
        """The links from plant to screen."""
        return await self._ask(requests.chain())

    async def whoami(self) -> Caller:
        """Who this client's key belongs to."""
        return await self._ask(requests.whoami())

    async def readiness(self) -> Readiness:
        """Whether the API has what it needs; an unready one raises `ServiceError`."""
        return await self._ask(requests.readiness())

    async def graphic(self, plant_id: str) -> str:
        """The process graphic, as SVG."""
        return (await self._get(path_of(plant_id, "graphic.svg"), {})).text

    async def connection(self, plant_id: str) -> bytes:
        """What a connector needs of a plant, as the JSON of `connectors.connection.Connection`."""
        return (await self._get(path_of(plant_id, "connection"), {})).content

    async def ticket(self, plant_id: str | None = None) -> Ticket:
        """A short-lived proof for opening a plant's live stream, or all plants'."""
        return read_model(await self._post("/v1/tickets", orjson.dumps({"plant": plant_id})), Ticket)

    async def record(self, plant_id: str, readings: Sequence[NewReading]) -> Accepted:
        """Record readings; on return the broker has them. Repeating a call that failed does no harm."""
        body = NewReadings(readings=list(readings)).model_dump_json().encode()
        return read_model(await self._post(path_of(plant_id, "readings"), body), Accepted)

    async def definition(self, plant_id: str, revision: int | None = None) -> TaggedText:
        """The plant file in force, or of one revision, as YAML text; its `etag` is what a change must name."""
        return read_text(await self._get(requests.definition_path(plant_id, revision), {}))

    async def store_definition(self, plant_id: str, text: str, etag: str | None) -> Stored:
        """Put a plant file in force, made for the revision of `etag`; None for a new plant.

        Raises
        ------
        ConflictError
            Where another revision is in force.
        RejectedError
            With all `faults` of the text.
        """
        path = requests.definition_path(plant_id, None)
        return read_model(await self._send("PUT", path, text.encode(), _YAML, precondition(etag)), Stored)

    async def patch_definition(self, plant_id: str, operations: Sequence[Mapping[str, Any]], etag: str) -> Stored:
        """Change parts of the plant file of `etag` by JSON Patch (RFC 6902); errors as for `store_definition`."""
        path, body = requests.definition_path(plant_id, None), orjson.dumps(list(operations))
        return read_model(await self._send("PATCH", path, body, _JSON_PATCH, precondition(etag)), Stored)

    async def validate(self, text: str) -> PlantSummary:
        """Check a plant file without storing it; a faulty one raises `RejectedError` with all `faults`."""
        return read_model(await self._send("POST", "/v1/plants/validate", text.encode(), _YAML), PlantSummary)

    async def revisions(self, plant_id: str) -> RevisionList:
        """Every revision of a plant: when it was stored, and by whom."""
        return await self._ask(requests.revisions(plant_id))

    async def difference(self, plant_id: str, before: int, after: int) -> PlantDifference:
        """What changed in a plant from one revision to another."""
        return await self._ask(requests.difference(plant_id, before, after))

    async def prices(self, plant_id: str, version: int | None = None) -> TaggedPrices:
        """A plant's prices in force, or of one version; its `etag` is what a change must name."""
        params = {} if version is None else {"version": str(version)}
        return read_prices(await self._get(path_of(plant_id, "prices"), params))

    async def store_prices(self, plant_id: str, entries: Sequence[ItemPrice], etag: str | None) -> Stored:
        """Put prices in force in place of all that the plant has; errors as for `store_definition`."""
        path, body = path_of(plant_id, "prices"), requests.new_prices(entries)
        return read_model(await self._send("PUT", path, body, _JSON, precondition(etag)), Stored)

    async def portfolios(self) -> PortfolioList:
        """All portfolios."""
        return await self._ask(requests.portfolios())

    async def portfolio(self, portfolio_id: str) -> TaggedText:
        """A portfolio's file as YAML text, with its `etag`."""
        return read_text(await self._get(requests.portfolio_path(portfolio_id), {}))

    async def portfolio_overview(self, portfolio_id: str) -> PortfolioDetail:
        """A portfolio's facilities, transfers, utilities and contracts, and which tags measure them."""
        return await self._ask(requests.portfolio_overview(portfolio_id))

    async def portfolio_graphic(self, portfolio_id: str) -> str:
        """A portfolio's picture, as SVG."""
        return (await self._get(f"{requests.portfolio_path(portfolio_id)}/graphic.svg", {})).text

    async def store_portfolio(self, portfolio_id: str, text: str, etag: str | None) -> Stored:
        """Put a portfolio's file in force; errors as for `store_definition`."""
        path = requests.portfolio_path(portfolio_id)
        return read_model(await self._send("PUT", path, text.encode(), _YAML, precondition(etag)), Stored)

    async def simulation_inputs(self, plant_id: str) -> SimulationInputs:
        """What a what-if question may change, with ranges and present values."""
        return await self._ask(requests.simulation_inputs(plant_id))

    async def check_simulation(self, plant_id: str, changes: Sequence[str], horizon: str) -> CheckedSimulation:
        """A question as it would be read; one that cannot be asked raises `RejectedError` with all `faults`."""
        body = requests.new_simulation(changes, horizon, None)
        return read_model(await self._post(path_of(plant_id, "simulations/check"), body), CheckedSimulation)

    async def ask_simulation(
        self, plant_id: str, changes: Sequence[str], horizon: str, position: str | None = None, *, key: str = ""
    ) -> Simulation:
        """Ask what changes like `TIC-101.SP=85 degC` would do, from the state of `position` or the newest.

        A call that is repeated with the same `key` asks once; every call has one, so that it may be repeated after a
        time-out. Errors as for `check_simulation`.
        """
        body = requests.new_simulation(changes, horizon, position)
        return read_model(await self._repeat(path_of(plant_id, "simulations"), body, key or uuid4().hex), Simulation)

    async def simulation(self, plant_id: str, job: int) -> Simulation:
        """A question, and how far its answer is."""
        return await self._ask(requests.simulation(plant_id, job))

    async def simulations(self, plant_id: str, limit: int = 50) -> SimulationList:
        """The newest questions asked of a plant, newest first."""
        return await self._ask(requests.simulations(plant_id, limit))

    async def simulation_report(self, plant_id: str, job: int) -> bytes:
        """The report, or its draft while the question is being answered, as the JSON of `stream.jobs.report.Report`.

        Raises
        ------
        RejectedError
            Where there is none yet, or none will be.
        """
        return (await self._get(path_of(plant_id, f"simulations/{job}/report"), {})).content

    async def simulation_report_html(self, plant_id: str, job: int) -> str:
        """The same as a page that prints well."""
        return (await self._get(path_of(plant_id, f"simulations/{job}/report"), {"format": "html"})).text

    async def comparison(self, plant_id: str, first: int, second: int) -> Comparison:
        """Two answered questions beside one another; errors as for `simulation_report`."""
        return await self._ask(requests.comparison(plant_id, first, second))

    async def comparison_html(self, plant_id: str, first: int, second: int) -> str:
        """The same as a page that prints well."""
        question = requests.comparison(plant_id, first, second)
        return (await self._get(question.path, {**question.params, "format": "html"})).text

    async def cancel_simulation(self, plant_id: str, job: int) -> Simulation:
        """Stop answering a question; one that is answered stays as it is."""
        return read_model(await self._post(path_of(plant_id, f"simulations/{job}/cancel"), b""), Simulation)

    async def live(self, plant_id: str, last_id: str = "") -> AsyncGenerator[LiveEvent, None]:
        """A plant's live events without end; a broken stream is taken up where it broke.

        Raises
        ------
        ApiAnswerError
            Where the API refuses for good (a wrong key, an unknown plant).
        """
        parser = EventParser()
        parser.last_id = last_id
        failures = 0
        while True:
            asked: float | None = None
            try:
                async with aclosing(self._stream(plant_id, parser)) as events:
                    async for event in events:
                        failures = 0
                        yield event
            except httpx.TransportError:
                pass  # The stream broke or was silent for too long; it is taken up below.
            except ApiAnswerError as error:
                if error.status not in RETRIED_STATUSES:
                    raise
                asked = error.retry_after_s
            await self._sleep(pause_s(failures, asked, self._jitter))
            failures = min(failures + 1, 8)

    async def _stream(self, plant_id: str, parser: EventParser) -> AsyncGenerator[LiveEvent, None]:
        parser.forget_partial()
        headers = {"Last-Event-ID": parser.last_id} if parser.last_id else {}
        timeout = httpx.Timeout(self._config.timeout_s, read=self._config.silence_s)
        async with self._http.stream("GET", path_of(plant_id, "live"), headers=headers, timeout=timeout) as response:
            if not response.is_success:
                await response.aread()
                raise_for_problem(response)
            async for line in response.aiter_lines():
                event = parser.feed(line)
                if event is not None:
                    yield event

    async def _ask(self, question: Question[_M]) -> _M:
        return read_model(await self._get(question.path, dict(question.params)), question.model)

    async def _get(self, path: str, params: dict[str, str]) -> httpx.Response:
        for attempt in range(self._config.attempts):
            last = attempt == self._config.attempts - 1
            asked: float | None = None
            try:
                response = await self._http.get(path, params=params)
                if last or response.status_code not in RETRIED_STATUSES:
                    raise_for_problem(response)
                    return response
                asked = retry_after_s(response)
            except httpx.TransportError as error:
                if last:
                    raise self._unreachable(error) from error
            await self._sleep(pause_s(attempt, asked, self._jitter))
        raise ValueError(f"attempts must be at least 1, not {self._config.attempts}")

    async def _post(self, path: str, body: bytes) -> httpx.Response:
        return await self._send("POST", path, body, _JSON)

    async def _repeat(self, path: str, body: bytes, key: str) -> httpx.Response:
        """Post what the API takes once for each key, until it answers."""
        headers = {"Idempotency-Key": key}
        for attempt in range(self._config.attempts - 1):
            try:
                return await self._send("POST", path, body, _JSON, headers)
            except ApiUnreachableError:
                await self._sleep(pause_s(attempt, None, self._jitter))
        return await self._send("POST", path, body, _JSON, headers)

    async def _send(
        self, method: str, path: str, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        try:
            sent = {"Content-Type": media_type, **(headers or {})}
            return await self._http.request(method, path, content=body, headers=sent)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: httpx.TransportError) -> ApiUnreachableError:
        cause = str(error) or type(error).__name__
        return ApiUnreachableError(f"the API at {self._config.address} does not answer: {cause}; is 'atlas serve' up?")
