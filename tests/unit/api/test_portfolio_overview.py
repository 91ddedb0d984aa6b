"""A portfolio as its page shows it: quantities with units, tags that measure them, and the picture."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.client import AsyncPlantClient, ClientConfig
from stream.handlers.store_plant import StorePlant, store_plant
from stream.store.plants import StoredPlant
from twin import plants
from twin.atlas.tags import PlantId

PLANTS = ("tennessee-eastman", "williams-otto")
ID = plants.portfolio_names()[0]
URL = f"/v1/portfolios/{ID}"


@pytest.fixture
async def engineer(plant: Any) -> AsyncIterator[httpx.AsyncClient]:
    for each in PLANTS:
        await store_plant(StorePlant(definition_text=plants.text(each)), plant.unit)
    plant.records.plants = [
        StoredPlant(PlantId(each), number, each, 1, plants.text(each), "table") for number, each in enumerate(PLANTS)
    ]
    async with plant.client("engineer") as client:
        stored = await client.put(URL, content=plants.portfolio_text(ID), headers={"If-None-Match": "*"})
        assert stored.status_code == 201
        yield client


async def test_everything_comes_with_its_unit(engineer: httpx.AsyncClient) -> None:
    found = (await engineer.get(f"{URL}/overview")).json()
    assert (found["id"], found["revision"], found["name"]) == (ID, 1, "Example Chemicals")
    [site] = found["facilities"]
    assert (site["plants"], site["tags"] > 100) == (list(PLANTS), True)
    steam, water, power = found["utilities"]
    assert steam["load"] == {"value": pytest.approx(1.43), "unit": "t/h"}
    assert (power["capacity"], power["carries"]) == ({"value": 1.5, "unit": "MW"}, "energy")
    assert water["providers"] == ["Water works"]
    [transfer] = found["transfers"]
    assert transfer["quantity"] == {"value": 22.9, "unit": "m3/h"}


async def test_a_tag_is_scaled_to_the_plans_unit_with_figures_to_match(engineer: httpx.AsyncClient) -> None:
    steam, water, _ = (await engineer.get(f"{URL}/overview")).json()["utilities"]
    measure = steam["uses"][0]["measure"]
    assert (measure["plant"], measure["tag"], measure["unit"]) == ("tennessee-eastman", "FI-219.PV", "t/h")
    assert (measure["scale"], measure["offset"]) == (pytest.approx(1e-3), 0.0)
    assert steam["uses"][1]["measure"] is None
    assert water["uses"][2]["measure"]["scale"] == pytest.approx(3.6), "kg/s as t/h"
    tag = next(t for t in plants_tags("tennessee-eastman") if t.name == "FI-219.PV")
    assert measure["decimals"] == tag.decimals + 3


async def test_contracts_tell_whether_they_hold_today(engineer: httpx.AsyncClient) -> None:
    found = (await engineer.get(f"{URL}/overview")).json()
    assert {one["id"]: one["holds"] for one in found["contracts"]} == {
        "S-2601": True, "S-2602": True, "P-2603": True, "P-2604": True,
    }  # fmt: skip
    sale = found["contracts"][0]
    assert (sale["until"], sale["price"], sale["points"]) == (
        "2029-01-01", {"value": 1143.38, "unit": "USD/kg"}, ["williams-otto/PRODUCT"],
    )  # fmt: skip
    assert {one["commodity"]: one["sold"] for one in found["commodities"]}["Product P"]["value"] == 20000.0


async def test_the_picture_has_a_group_for_each_plant_and_each_measured_value(engineer: httpx.AsyncClient) -> None:
    answer = await engineer.get(f"{URL}/graphic.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert all(f'data-plant="{each}"' in answer.text for each in PLANTS)
    assert 'data-tag="tennessee-eastman/FIC-217.PV"' in answer.text


async def test_the_client_reads_both(plant: Any, engineer: httpx.AsyncClient) -> None:
    config = ClientConfig("http://plant.test", engineer.headers["Authorization"].removeprefix("Bearer "))
    transport = httpx.ASGITransport(plant.app)
    async with AsyncPlantClient(config, transport=transport) as client:
        assert (await client.portfolio_overview(ID)).transfers[0].commodity == "Feed B"
        assert (await client.portfolio_graphic(ID)).startswith("<svg")


async def test_what_is_not_there_and_what_no_longer_fits_is_told(plant: Any, engineer: httpx.AsyncClient) -> None:
    for what in ("overview", "graphic.svg"):
        missing = await engineer.get(f"/v1/portfolios/nowhere/{what}")
        assert (missing.status_code, missing.json()["type"]) == (404, "/docs/problems#unknown-portfolio")
    plant.records.plants = plant.records.plants[:1]
    plant.clock.us += 10_000_000
    answer = await engineer.get(f"{URL}/overview")
    assert answer.status_code == 503
    assert "no longer fits its plants: no plant 'williams-otto'" in answer.json()["detail"]


def plants_tags(plant: str) -> Any:
    from twin.atlas.definition import parse

    return parse(plants.text(plant)).tags
