"""Prices over the API: versions of their own, each made for the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from stream.handlers.store_plant import StorePlant, store_plant
from twin.plants import names, path

PLANT = names()[0]
URL = f"/v1/plants/{PLANT}/prices"
NEW = {"If-None-Match": "*"}
STEAM = {"item": "steam", "price": "18.0 EUR/t", "from": None, "until": None}


@pytest.fixture
async def engineer(plant: Any) -> AsyncIterator[httpx.AsyncClient]:
    """An engineer of a stored plant that has no prices yet."""
    await store_plant(StorePlant(definition_text=path(PLANT).read_text()), plant.unit)
    plant.unit.prices.books.clear()
    plant.unit.outbox.events.clear()
    async with plant.client("engineer") as client:
        yield client


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rpartition("#")[2])


async def test_prices_are_stored_read_and_changed(plant: Any, engineer: httpx.AsyncClient) -> None:
    missing = await engineer.get(URL)
    assert (missing.status_code, kind(missing)) == (404, "no-prices")
    first = await engineer.put(URL, json={"entries": [STEAM]}, headers=NEW)
    assert (first.status_code, first.json()) == (201, {"id": PLANT, "revision": 1, "changed": True})
    found = await engineer.get(URL)
    assert found.json() == {"plant": PLANT, "version": 1, "entries": [STEAM]}
    tag = found.headers["ETag"]
    assert tag == first.headers["ETag"]
    assert (await engineer.get(URL, headers={"If-None-Match": tag})).status_code == 304
    dearer = {"entries": [STEAM | {"price": "19.0 EUR/t"}]}
    assert (await engineer.put(URL, json=dearer)).status_code == 428
    assert (await engineer.put(URL, json=dearer, headers=NEW)).status_code == 412
    second = await engineer.put(URL, json=dearer, headers={"If-Match": tag})
    assert (second.status_code, second.json()["revision"]) == (200, 2)
    assert (await engineer.put(URL, json=dearer, headers={"If-Match": tag})).status_code == 412
    same = await engineer.put(URL, json=dearer, headers={"If-Match": second.headers["ETag"]})
    assert (same.json()["changed"], same.headers["ETag"]) == (False, second.headers["ETag"])
    assert (await engineer.get(URL, params={"version": 1})).json()["entries"] == [STEAM]
    assert (await engineer.get(URL, params={"version": 3})).status_code == 404
    versions = (await engineer.get(f"{URL}/versions")).json()["revisions"]
    assert [(each["revision"], each["by"]) for each in versions] == [(1, "engineer"), (2, "engineer")]
    assert [event.version for event in plant.unit.outbox.events] == [1, 2]


async def test_faults_are_told_with_their_entry(engineer: httpx.AsyncClient) -> None:
    answer = await engineer.put(URL, json={"entries": [STEAM, {"item": "gas", "price": "3 kg"}]}, headers=NEW)
    assert (answer.status_code, kind(answer)) == (422, "faulty-definition")
    (fault,) = answer.json()["faults"]
    assert fault["path"] == "entries[1].price"
    assert fault["remedy"]


async def test_a_plant_that_is_not_there_has_none(engineer: httpx.AsyncClient) -> None:
    for answer in (
        await engineer.get("/v1/plants/none/prices"),
        await engineer.get("/v1/plants/none/prices/versions"),
        await engineer.put("/v1/plants/none/prices", json={"entries": []}, headers=NEW),
    ):
        assert (answer.status_code, kind(answer)) == (404, "unknown-plant")
