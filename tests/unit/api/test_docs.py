"""The API's description: complete, with examples, and read without anything from outside."""

import re
from typing import Any


async def fetch(plant: Any, path: str) -> Any:
    async with plant.client(role=None) as anyone:
        return await anyone.get(path)


async def test_description_lists_every_route_with_its_errors(plant: Any) -> None:
    description = (await fetch(plant, "/openapi.json")).json()
    operations = {
        (method, path): operation for path, item in description["paths"].items() for method, operation in item.items()
    }
    assert len(operations) == 45
    for (_, path), operation in operations.items():
        assert operation.get("description") or operation.get("summary"), path
        if path.startswith("/v1/"):
            assert {"401", "403", "429"} <= operation["responses"].keys(), path
            problem = operation["responses"]["401"]["content"]["application/problem+json"]
            assert problem["examples"]["no-key"]["value"]["status"] == 401
    assert description["security"] == [{"key": []}, {"keyHeader": []}]


async def test_description_says_how_a_change_names_its_revision(plant: Any) -> None:
    description = (await fetch(plant, "/openapi.json")).json()
    changes = [
        operation
        for item in description["paths"].values()
        for method, operation in item.items()
        if method in ("put", "patch")
    ]
    assert len(changes) == 4
    for operation in changes:
        assert {"If-Match", "If-None-Match"} <= {each["name"] for each in operation["parameters"]}
        assert {"412", "422", "428"} <= operation["responses"].keys()
        assert "ETag" in operation["responses"]["200"]["headers"]


async def test_description_holds_together(plant: Any) -> None:
    description = (await fetch(plant, "/openapi.json")).json()
    for reference in re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', (await fetch(plant, "/openapi.json")).text):
        assert reference in description["components"]["schemas"], reference
    schemas = description["components"]["schemas"]
    assert schemas["NewReadings"]["examples"]
    assert schemas["TagState"]["properties"]["name"]["examples"] == ["TIC-101.PV"]


async def test_reader_takes_nothing_from_outside(plant: Any) -> None:
    page = await fetch(plant, "/docs")
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 3
    for link in links:
        assert link.startswith("/docs/")
        asset = await fetch(plant, link)
        assert asset.status_code == 200
        assert re.match(r"text/(javascript|css)", asset.headers["content-type"])
    assert "http" not in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy


async def test_assets_are_only_those_of_the_reader(plant: Any) -> None:
    for name in ("core.py", "__init__.py", "favicon.png", "%2e%2e%2fcore.py"):
        assert (await fetch(plant, f"/docs/assets/{name}")).status_code == 404
