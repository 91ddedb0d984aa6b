"""Portfolios over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from stream.handlers.store_plant import StorePlant, store_plant
from twin import plants

ID = plants.portfolio_names()[0]
URL = f"/v1/portfolios/{ID}"
NEW = {"If-None-Match": "*"}
TEXT = plants.portfolio_text(ID)


@pytest.fixture
async def engineer(plant: Any) -> AsyncIterator[httpx.AsyncClient]:
    for each in plants.names():
        await store_plant(StorePlant(definition_text=plants.text(each)), plant.unit)
    async with plant.client("engineer") as client:
        yield client


async def test_a_portfolio_is_stored_read_listed_and_revised(engineer: httpx.AsyncClient) -> None:
    missing = await engineer.get(URL)
    assert (missing.status_code, missing.json()["type"]) == (404, "/docs/problems#unknown-portfolio")
    first = await engineer.put(URL, content=TEXT, headers=NEW)
    assert (first.status_code, first.json()) == (201, {"id": ID, "revision": 1, "changed": True})
    found = await engineer.get(URL)
    assert (found.text, found.headers["ETag"]) == (TEXT, first.headers["ETag"])
    assert (await engineer.get(URL, headers={"If-None-Match": found.headers["ETag"]})).status_code == 304
    assert (await engineer.put(URL, content=TEXT)).status_code == 428
    assert (await engineer.put(URL, content=TEXT, headers=NEW)).status_code == 412
    second = await engineer.put(URL, content=TEXT + "# later\n", headers={"If-Match": found.headers["ETag"]})
    assert second.json()["revision"] == 2
    listed = (await engineer.get("/v1/portfolios")).json()["portfolios"]
    assert [(each["id"], each["revision"]) for each in listed] == [(ID, 2)]


async def test_every_fault_is_told(engineer: httpx.AsyncClient) -> None:
    answer = await engineer.put(URL, content=TEXT.replace(plants.names()[0], "nowhere"), headers=NEW)
    assert (answer.status_code, answer.json()["type"]) == (422, "/docs/problems#faulty-definition")
    assert all(fault["remedy"] for fault in answer.json()["faults"])
    other = await engineer.put("/v1/portfolios/other", content=TEXT, headers=NEW)
    assert other.json()["faults"][0]["path"] == "portfolio"
