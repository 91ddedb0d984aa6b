"""The client: models out, one tree of errors, patience with jitter, streams taken up where they broke."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.client import (
    ApiAnswerError,
    ApiUnreachableError,
    AsyncPlantClient,
    ClientConfig,
    LiveEvent,
    NotAllowedError,
    NotFoundError,
    PlantClient,
    RejectedError,
    ServiceError,
    TooManyRequestsError,
    UnreadableAnswerError,
)
from api.schemas import NewReading

CONFIG = ClientConfig("http://api", "a-key")
Answer = Callable[[httpx.Request], httpx.Response]
RESET = b'id: log:1\nevent: reset\ndata: {"id":"log:1","log_time":1,"tags":{"T":[1.0,5,0,0,0]}}\n\n'
CHANGE = b'id: log:2\nevent: change\ndata: {"log_time":2,"tags":{"T":[null,6,0,-2,1]}}\n\n'


class Script:
    """Answers one after the other, and remembers what was asked and how long the client waited."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self) -> PlantClient:
        return PlantClient(CONFIG, transport=httpx.MockTransport(self), sleep=self.slept.append, jitter=lambda: 1.0)

    def async_client(self) -> AsyncPlantClient:
        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        return AsyncPlantClient(CONFIG, transport=httpx.MockTransport(self), sleep=sleep, jitter=lambda: 1.0)


def problem(status: int, **headers: str) -> httpx.Response:
    content = {"type": "x", "title": "T", "status": status, "detail": "D.", "instance": "/", "remedy": "R."}
    return httpx.Response(status, json=content, headers={"Content-Type": "application/problem+json", **headers})


def plants() -> httpx.Response:
    return httpx.Response(200, json={"plants": []})


def test_key_goes_in_the_header_and_never_in_a_text() -> None:
    script = Script(plants())
    with script.client() as client:
        assert client.plants().plants == []
    assert script.asked[0].headers["Authorization"] == "Bearer a-key"
    assert "a-key" not in repr(CONFIG)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotAllowedError),
        (403, NotAllowedError),
        (404, NotFoundError),
        (422, RejectedError),
        (413, RejectedError),
        (429, TooManyRequestsError),
        (500, ServiceError),
        (503, ServiceError),
    ],
)
def test_every_refusal_has_its_class(status: int, kind: type[ApiAnswerError]) -> None:
    script = Script(*[problem(status, **{"Retry-After": "2"}) for _ in range(3)])
    with script.client() as client, pytest.raises(kind, match=r"T: D\. R\.") as caught:
        client.plants()
    assert caught.value.retry_after_s == 2.0


def test_passing_trouble_is_waited_out_with_growing_pauses() -> None:
    script = Script(httpx.ConnectError("refused"), problem(503), plants())
    with script.client() as client:
        client.plants()
    assert script.slept == [0.2, 0.4]


def test_server_that_says_when_is_believed_within_reason() -> None:
    script = Script(problem(503, **{"Retry-After": "1"}), problem(429, **{"Retry-After": "900"}), plants())
    with script.client() as client:
        client.plants()
    assert script.slept == [pytest.approx(1.2), pytest.approx(5.2)]


def test_refusal_that_will_not_pass_is_not_repeated() -> None:
    script = Script(problem(404))
    with script.client() as client, pytest.raises(NotFoundError):
        client.plant("nowhere")
    assert script.slept == []


def test_readings_are_not_sent_twice_by_themselves() -> None:
    script = Script(httpx.ReadTimeout("slow"))
    with script.client() as client, pytest.raises(ApiUnreachableError, match="http://api"):
        client.record("reactor", [NewReading(tag="T", time=1, value=1.0)])
    assert len(script.asked) == 1


def test_silence_ends_in_an_error_that_names_the_address() -> None:
    script = Script(*[httpx.ConnectError("refused") for _ in range(3)])
    with script.client() as client, pytest.raises(ApiUnreachableError, match=r"http://api.*refused"):
        client.plants()
    assert len(script.asked) == 3


@pytest.mark.parametrize("content", [b"<html>", b'{"plants": 3}', b""])
def test_answer_of_another_kind_is_said_to_be_one(content: bytes) -> None:
    with Script(httpx.Response(200, content=content)).client() as client, pytest.raises(UnreadableAnswerError):
        client.plants()


def test_error_without_a_problem_still_tells_the_status() -> None:
    with Script(httpx.Response(418, text="teapot")).client() as client, pytest.raises(RejectedError, match="418"):
        client.plants()


def test_names_are_quoted_into_the_path() -> None:
    script = Script(problem(404))
    with script.client() as client, pytest.raises(NotFoundError):
        client.trace("a/b", "T?1")
    assert script.asked[0].url.raw_path == b"/v1/plants/a%2Fb/trace/T%3F1"


def take(events: Iterator[LiveEvent], count: int) -> list[LiveEvent]:
    return [next(events) for _ in range(count)]


def test_live_events_are_typed() -> None:
    script = Script(httpx.Response(200, content=b"retry: 2000\n\n: still here\n\n" + RESET + CHANGE))
    with script.client() as client:
        reset, change = take(client.live("reactor"), 2)
    assert (reset.kind, reset.id, reset.log_time, reset.tags["T"].value) == ("reset", "log:1", 1, 1.0)
    assert (change.kind, change.tags["T"].value, change.tags["T"].limit, change.tags["T"].stale) == (
        "change",
        None,
        -2,
        1,
    )


def test_resumable_stream_goes_on_from_the_last_whole_event() -> None:
    script = Script(
        httpx.Response(200, content=RESET + CHANGE[:-10]),
        httpx.ConnectError("refused"),
        problem(503),
        httpx.Response(200, content=CHANGE),
    )
    with script.client() as client:
        assert [event.kind for event in take(client.live("reactor"), 2)] == ["reset", "change"]
    assert "Last-Event-ID" not in script.asked[0].headers
    assert script.asked[-1].headers["Last-Event-ID"] == "log:1"
    assert script.slept == [0.2, 0.4, 0.8]


def test_stream_that_is_refused_for_good_says_so() -> None:
    with Script(problem(401)).client() as client, pytest.raises(NotAllowedError):
        next(client.live("reactor"))


async def test_async_client_is_the_same() -> None:
    script = Script(problem(503), plants(), httpx.Response(200, content=RESET), httpx.Response(200, content=CHANGE))
    async with script.async_client() as client:
        assert (await client.plants()).plants == []
        events = client.live("reactor")
        kinds = [(await anext(events)).kind, (await anext(events)).kind]
        await events.aclose()
    assert kinds == ["reset", "change"]
    assert script.asked[-1].headers["Last-Event-ID"] == "log:1"
    assert script.slept[0] == 0.2


async def test_both_clients_offer_the_same_questions() -> None:
    def names(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert names(PlantClient) == names(AsyncPlantClient)


async def test_client_reads_what_the_api_answers(plant: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    transport = httpx.ASGITransport(plant.app)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    async with AsyncPlantClient(
        ClientConfig("http://api", "key-of-the-engineer-0123456789"), transport=transport
    ) as client:
        assert (await client.plants()).plants[0].id == "reactor"
        assert (await client.plant("reactor")).tags
        assert (await client.state("reactor")).tags[0].value == 80.0
        assert (await client.state("reactor", now)).tags == []
        assert (await client.history("reactor", ["TIC-101.PV"], now.replace(day=23), now)).series[0].values == []
        assert (await client.trace("reactor", "TIC-101.PV")).steps
        assert (await client.chain()).links
        assert (await client.whoami()).role == "engineer"
        assert (await client.graphic("reactor")).startswith("<svg")
        assert (await client.connection("reactor")).startswith(b"{")
        assert (await client.ticket("reactor")).expires_in_s == 60
        reading = NewReading(tag="TIC-101.PV", time="2026-11-24T00:00:00Z", value=80.0)
        assert (await client.record("reactor", [reading])).accepted == 1
        with pytest.raises(RejectedError) as caught:
            await client.record("reactor", [NewReading(tag="NO-1", time=0, value=1.0)])
        assert caught.value.faults[0].index == 0


def test_client_needs_neither_server_nor_kafka() -> None:
    unwanted = ("fastapi", "starlette", "aiokafka", "faust", "numpy")
    code = f"import api.client, sys; print([name for name in {unwanted} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
