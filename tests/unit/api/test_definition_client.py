"""The client's ways to change things: what both clients send is the same, and it does what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from api.client import (
    AsyncPlantClient,
    ClientConfig,
    ConflictError,
    NotFoundError,
    PlantClient,
    RejectedError,
    TaggedText,
)
from api.schemas import ItemPrice
from twin import plants

PLANT = plants.names()[0]
TEXT = plants.text(PLANT)
STEAM = ItemPrice(item="steam", price="18.0 EUR/t")
STORED = {"id": "mill", "revision": 1, "changed": True}
SUMMARY = {"plant": "mill", "name": "Mill", "sources": 1, "equipment": 0, "streams": 0, "tags": 1}
DIFFERENCE = {"plant": "mill", "from": 1, "to": 2, "changes": []}
PRICES = {"plant": "mill", "version": 1, "entries": []}
CALLS: list[tuple[Callable[[Any], Any], str, str, Any]] = [
    (lambda c: c.definition("mill"), "GET", "/v1/plants/mill/definition", "text"),
    (lambda c: c.definition("mill", 2), "GET", "/v1/plants/mill/revisions/2", "text"),
    (lambda c: c.store_definition("mill", "x: 1", None), "PUT", "/v1/plants/mill/definition", STORED),
    (lambda c: c.store_definition("mill", "x: 1", '"1-a"'), "PUT", "/v1/plants/mill/definition", STORED),
    (lambda c: c.patch_definition("mill", [{"op": "x"}], '"1-a"'), "PATCH", "/v1/plants/mill/definition", STORED),
    (lambda c: c.validate("x: 1"), "POST", "/v1/plants/validate", SUMMARY),
    (lambda c: c.revisions("mill"), "GET", "/v1/plants/mill/revisions", {"id": "mill", "revisions": []}),
    (lambda c: c.difference("mill", 1, 2), "GET", "/v1/plants/mill/difference?from=1&to=2", DIFFERENCE),
    (lambda c: c.prices("mill"), "GET", "/v1/plants/mill/prices", PRICES),
    (lambda c: c.prices("mill", 3), "GET", "/v1/plants/mill/prices?version=3", PRICES),
    (lambda c: c.store_prices("mill", [STEAM], '"1-a"'), "PUT", "/v1/plants/mill/prices", STORED),
    (lambda c: c.portfolios(), "GET", "/v1/portfolios", {"portfolios": []}),
    (lambda c: c.portfolio("demo"), "GET", "/v1/portfolios/demo", "text"),
    (lambda c: c.store_portfolio("demo", "x: 1", None), "PUT", "/v1/portfolios/demo", STORED),
]


class Answering:
    """Gives one answer to all, and remembers what was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, bytes, dict[str, str]]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        told = {name: request.headers.get(name, "") for name in ("content-type", "if-match", "if-none-match")}
        self.asked.append((request.method, request.url.raw_path.decode(), request.content, told))
        content = {"text": self.answer} if isinstance(self.answer, str) else {"json": self.answer}
        return httpx.Response(200, headers={"ETag": '"7-b"'}, **content)


@pytest.mark.parametrize(("call", "method", "path", "answer"), CALLS)
async def test_both_clients_ask_alike(call: Callable[[Any], Any], method: str, path: str, answer: Any) -> None:
    server = Answering(answer)
    with PlantClient(ClientConfig("http://api"), transport=httpx.MockTransport(server)) as client:
        one = call(client)
    async with AsyncPlantClient(ClientConfig("http://api"), transport=httpx.MockTransport(server)) as other:
        two = await call(other)
    assert one == two
    assert server.asked[0] == server.asked[1]
    sent_method, sent_path, body, headers = server.asked[0]
    assert (sent_method, sent_path) == (method, path)
    if method in ("PUT", "PATCH"):
        assert body
        assert (headers["if-match"] == '"1-a"') != (headers["if-none-match"] == "*")
    if answer in ("text", PRICES):
        assert one.etag == '"7-b"'


@pytest.fixture
async def engineer(plant: Any) -> AsyncIterator[AsyncPlantClient]:
    config = ClientConfig("http://api", "key-of-the-engineer-0123456789")
    async with AsyncPlantClient(config, transport=httpx.ASGITransport(plant.app)) as client:
        yield client


async def test_a_plant_is_made_changed_and_compared(engineer: AsyncPlantClient) -> None:
    assert (await engineer.validate(TEXT)).plant == PLANT
    with pytest.raises(NotFoundError):
        await engineer.definition(PLANT)
    await engineer.store_definition(PLANT, TEXT, etag=None)
    found = await engineer.definition(PLANT)
    assert isinstance(found, TaggedText)
    assert found == TEXT
    operations = [{"op": "replace", "path": "/description", "value": "new"}]
    assert (await engineer.patch_definition(PLANT, operations, found.etag)).revision == 2
    with pytest.raises(ConflictError, match="Changed meanwhile"):
        await engineer.store_definition(PLANT, TEXT, found.etag)
    (change,) = (await engineer.difference(PLANT, 1, 2)).changes
    assert (change.field, change.after) == ("description", "new")
    assert await engineer.definition(PLANT, 1) == TEXT
    assert [note.by for note in (await engineer.revisions(PLANT)).revisions] == ["engineer", "engineer"]
    with pytest.raises(RejectedError) as caught:
        await engineer.validate(TEXT.replace("time_zone: Europe/Berlin", "time_zone: Nowhere"))
    assert [(fault.path, bool(fault.line)) for fault in caught.value.faults] == [("time_zone", True)]


async def test_prices_are_made_and_changed(engineer: AsyncPlantClient) -> None:
    await engineer.store_definition(PLANT, TEXT, etag=None)
    try:
        tag: str | None = (await engineer.prices(PLANT)).etag
    except NotFoundError:
        tag = None
    stored = await engineer.store_prices(PLANT, [STEAM], tag)
    found = await engineer.prices(PLANT)
    assert (found.version, found.entries) == (stored.revision, [STEAM])
    with pytest.raises(ConflictError):
        await engineer.store_prices(PLANT, [STEAM], None)
