"""The client for code that waits: one method a question, errors of one tree."""

import random
import time
from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from types import TracebackType
from typing import TypeVar

import httpx
import orjson
from pydantic import BaseModel

from api.client import requests
from api.client.answers import RETRIED_STATUSES, pause_s, raise_for_problem, read_model, retry_after_s
from api.client.config import ClientConfig
from api.client.errors import ApiAnswerError, ApiUnreachableError
from api.client.live_events import EventParser, LiveEvent
from api.client.requests import Question, path_of
from api.schemas import (
    Accepted,
    Aggregate,
    Caller,
    Chain,
    History,
    NewReading,
    NewReadings,
    PlantDetail,
    PlantList,
    PlantState,
    Readiness,
    Ticket,
    Trace,
)

_M = TypeVar("_M", bound=BaseModel)


class PlantClient:
    """Asks the API; use it as a context manager, from one thread at a time.

    `transport`, `sleep` and `jitter` are arguments for tests.
    """

    def __init__(
        self,
        config: ClientConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._sleep = sleep
        self._jitter = jitter
        self._http = httpx.Client(
            base_url=config.address, headers=config.headers, timeout=config.timeout_s, transport=transport
        )

    def __enter__(self) -> "PlantClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def plants(self) -> PlantList:
        """All plants with their condition."""
        return self._ask(requests.plants())

    def plant(self, plant_id: str) -> PlantDetail:
        """One plant's equipment, process streams and tags."""
        return self._ask(requests.plant(plant_id))

    def state(self, plant_id: str, at: datetime | None = None) -> PlantState:
        """A plant's values now, or as the table has them for `at` (with time zone)."""
        return self._ask(requests.state(plant_id, at))

    def history(
        self,
        plant_id: str,
        tags: Sequence[str],
        start: datetime,
        end: datetime,
        aggregate: Aggregate = "raw",
        points: int = 1000,
    ) -> History:
        """Series of several tags from `start` to `end` (with time zone), of at most about `points` points each."""
        return self._ask(requests.history(plant_id, tags, start, end, aggregate, points))

    def trace(self, plant_id: str, tag: str) -> Trace:
        """The way of a tag's newest reading."""
        return self._ask(requests.trace(plant_id, tag))

    def chain(self) -> Chain:
        """The links from plant to screen."""
        return self._ask(requests.chain())

    def whoami(self) -> Caller:
        """Who this client's key belongs to."""
        return self._ask(requests.whoami())

    def readiness(self) -> Readiness:
        """Whether the API has what it needs; an unready one raises `ServiceError`."""
        return self._ask(requests.readiness())

    def graphic(self, plant_id: str) -> str:
        """The process graphic, as SVG."""
        return self._get(path_of(plant_id, "graphic.svg"), {}).text

    def connection(self, plant_id: str) -> bytes:
        """What a connector needs of a plant, as the JSON of `connectors.connection.Connection`."""
        return self._get(path_of(plant_id, "connection"), {}).content

    def ticket(self, plant_id: str | None = None) -> Ticket:
        """A short-lived proof for opening a plant's live stream, or all plants'."""
        return read_model(self._post("/v1/tickets", orjson.dumps({"plant": plant_id})), Ticket)

    def record(self, plant_id: str, readings: Sequence[NewReading]) -> Accepted:
        """Record readings; on return the broker has them. Repeating a call that failed does no harm."""
        body = NewReadings(readings=list(readings)).model_dump_json().encode()
        return read_model(self._post(path_of(plant_id, "readings"), body), Accepted)

    def live(self, plant_id: str, last_id: str = "") -> Generator[LiveEvent, None, None]:
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
            try:
                for event in self._stream(plant_id, parser):
                    failures = 0
                    yield event
            except httpx.TransportError:
                asked = None
            except ApiAnswerError as error:
                if error.status not in RETRIED_STATUSES:
                    raise
                asked = error.retry_after_s
            else:
                asked = None
            self._sleep(pause_s(failures, asked, self._jitter))
            failures = min(failures + 1, 8)

    def _stream(self, plant_id: str, parser: EventParser) -> Generator[LiveEvent, None, None]:
        parser.forget_partial()
        headers = {"Last-Event-ID": parser.last_id} if parser.last_id else {}
        timeout = httpx.Timeout(self._config.timeout_s, read=self._config.silence_s)
        with self._http.stream("GET", path_of(plant_id, "live"), headers=headers, timeout=timeout) as response:
            if not response.is_success:
                response.read()
                raise_for_problem(response)
            for line in response.iter_lines():
                event = parser.feed(line)
                if event is not None:
                    yield event

    def _ask(self, question: Question[_M]) -> _M:
        return read_model(self._get(question.path, dict(question.params)), question.model)

    def _get(self, path: str, params: dict[str, str]) -> httpx.Response:
        for attempt in range(self._config.attempts):
            last = attempt == self._config.attempts - 1
            asked: float | None = None
            try:
                response = self._http.get(path, params=params)
                if last or response.status_code not in RETRIED_STATUSES:
                    raise_for_problem(response)
                    return response
                asked = retry_after_s(response)
            except httpx.TransportError as error:
                if last:
                    raise self._unreachable(error) from error
            self._sleep(pause_s(attempt, asked, self._jitter))
        raise ValueError(f"attempts must be at least 1, not {self._config.attempts}")

    def _post(self, path: str, body: bytes) -> httpx.Response:
        try:
            return self._http.post(path, content=body, headers={"Content-Type": "application/json"})
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: httpx.TransportError) -> ApiUnreachableError:
        cause = str(error) or type(error).__name__
        return ApiUnreachableError(f"the API at {self._config.address} does not answer: {cause}; is 'atlas serve' up?")
