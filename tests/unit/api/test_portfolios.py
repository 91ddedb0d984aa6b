"""Portfolios over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

URL = "/v1/portfolios/rhine"
NEW = {"If-None-Match": "*"}
TEXT = "portfolio: rhine\nname: Rhine\n"


@pytest.fixture
async def engineer(plant: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with plant.client("engineer") as client:
        yield client


async def test_a_portfolio_is_stored_read_listed_and_revised(engineer: httpx.AsyncClient) -> None:
    missing = await engineer.get(URL)
    assert (missing.status_code, missing.json()["type"]) == (404, "/docs/problems#unknown-portfolio")
    first = await engineer.put(URL, content=TEXT, headers=NEW)
    assert (first.status_code, first.json()) == (201, {"id": "rhine", "revision": 1, "changed": True})
    found = await engineer.get(URL)
    assert (found.text, found.headers["ETag"]) == (TEXT, first.headers["ETag"])
    assert (await engineer.get(URL, headers={"If-None-Match": found.headers["ETag"]})).status_code == 304
    assert (await engineer.put(URL, content=TEXT)).status_code == 428
    assert (await engineer.put(URL, content=TEXT, headers=NEW)).status_code == 412
    second = await engineer.put(URL, content=TEXT + "# later\n", headers={"If-Match": found.headers["ETag"]})
    assert second.json()["revision"] == 2
    listed = (await engineer.get("/v1/portfolios")).json()["portfolios"]
    assert [(each["id"], each["revision"]) for each in listed] == [("rhine", 2)]
