"""Plant files over the API: who changes one says for which revision, and is told every fault."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from twin.plants import names, path

PLANT = names()[0]
TEXT = path(PLANT).read_text()
URL = f"/v1/plants/{PLANT}/definition"
NEW = {"If-None-Match": "*"}


@pytest.fixture
async def engineer(plant: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with plant.client("engineer") as client:
        yield client


@pytest.fixture
async def tag(engineer: httpx.AsyncClient) -> str:
    """The ETag of the shipped plant, stored as revision 1."""
    answer = await engineer.put(URL, content=TEXT, headers=NEW)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["ETag"])


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"].rpartition("#")[2])


async def test_a_new_plant_is_stored_and_read_back_as_it_came(engineer: httpx.AsyncClient) -> None:
    answer = await engineer.put(URL, content=TEXT, headers=NEW)
    assert answer.json() == {"id": PLANT, "revision": 1, "changed": True}
    assert answer.headers["Location"] == URL
    found = await engineer.get(URL)
    assert (found.status_code, found.text) == (200, TEXT)
    assert found.headers["content-type"].startswith("application/yaml")
    assert found.headers["ETag"] == answer.headers["ETag"]
    again = await engineer.get(URL, headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", found.headers["ETag"])


async def test_a_new_revision_names_the_one_it_was_made_for(engineer: httpx.AsyncClient, tag: str) -> None:
    changed = TEXT + "\n# later\n"
    answer = await engineer.put(URL, content=changed, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    assert answer.headers["ETag"] != tag
    for headers, status, name in (
        ({"If-Match": tag}, 412, "stale-revision"),
        (NEW, 412, "stale-revision"),
        ({}, 428, "no-precondition"),
    ):
        refused = await engineer.put(URL, content=TEXT, headers=headers)
        assert (refused.status_code, kind(refused)) == (status, name)
    assert (await engineer.get(URL)).text == changed


async def test_of_two_who_change_the_same_revision_one_wins(engineer: httpx.AsyncClient, tag: str) -> None:
    answers = await asyncio.gather(
        *(engineer.put(URL, content=f"{TEXT}\n# by {n}\n", headers={"If-Match": tag}) for n in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    later = await engineer.get(f"/v1/plants/{PLANT}/revisions")
    assert len(later.json()["revisions"]) == 2


async def test_a_text_that_says_nothing_new_is_no_revision(engineer: httpx.AsyncClient, tag: str) -> None:
    answer = await engineer.put(URL, content=TEXT, headers={"If-Match": tag})
    assert answer.json() == {"id": PLANT, "revision": 1, "changed": False}
    assert answer.headers["ETag"] == tag


async def test_every_fault_is_told_with_its_place_and_remedy(plant: Any, engineer: httpx.AsyncClient) -> None:
    faulty = TEXT.replace("time_zone: Europe/Berlin", "time_zone: Mars/Crater").replace("type: feed", "type: fed", 1)
    for answer in (
        await engineer.put(URL, content=faulty, headers=NEW),
        await engineer.post("/v1/plants/validate", content=faulty),
    ):
        assert (answer.status_code, kind(answer)) == (422, "faulty-definition")
        faults = answer.json()["faults"]
        assert {"time_zone", "equipment[0].type"} <= {fault["path"] for fault in faults}
        assert all(fault["line"] and fault["remedy"] for fault in faults)
    assert await plant.unit.plants.list() == []


async def test_a_file_must_be_that_of_the_plant_in_the_path(engineer: httpx.AsyncClient) -> None:
    answer = await engineer.put("/v1/plants/other/definition", content=TEXT, headers=NEW)
    assert (answer.status_code, kind(answer)) == (422, "faulty-definition")
    assert answer.json()["faults"][0]["path"] == "plant"


async def test_what_is_no_text_is_refused(engineer: httpx.AsyncClient) -> None:
    answer = await engineer.put(URL, content=b"\xff\xfe", headers=NEW)
    assert (answer.status_code, kind(answer)) == (400, "bad-request")
    assert (await engineer.get("/v1/plants/NO%00/definition")).status_code == 422


async def test_a_file_larger_than_other_requests_is_taken(engineer: httpx.AsyncClient) -> None:
    padded = TEXT + "# much to say\n" * 70_000
    assert len(padded) > 900_000
    assert (await engineer.put(URL, content=padded, headers=NEW)).status_code == 201


async def test_validation_tells_what_a_sound_file_describes(plant: Any, engineer: httpx.AsyncClient) -> None:
    answer = await engineer.post("/v1/plants/validate", content=TEXT)
    assert answer.status_code == 200
    assert answer.json()["plant"] == PLANT
    assert answer.json()["tags"] > 10
    assert await plant.unit.plants.list() == []


async def test_a_patch_changes_what_it_names_and_keeps_the_rest(engineer: httpx.AsyncClient, tag: str) -> None:
    operations = [{"op": "replace", "path": "/tags/0/description", "value": "Patched"}]
    headers = {"If-Match": tag, "Content-Type": "application/json-patch+json"}
    answer = await engineer.patch(URL, json=operations, headers=headers)
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    text = (await engineer.get(URL)).text
    assert "description: Patched" in text
    assert text.splitlines()[0] == TEXT.splitlines()[0]
    assert (await engineer.patch(URL, json=operations, headers=headers)).status_code == 412
    assert (await engineer.patch(URL, json=operations)).status_code == 428
    current = {"If-Match": answer.headers["ETag"]}
    misfit = await engineer.patch(URL, json=[{"op": "remove", "path": "/nothing"}], headers=current)
    assert (misfit.status_code, kind(misfit)) == (422, "patch-does-not-fit")
    broken = await engineer.patch(URL, json=[{"op": "remove", "path": "/tags"}], headers=current)
    assert (broken.status_code, kind(broken)) == (422, "faulty-definition")
    unknown = await engineer.patch("/v1/plants/none/definition", json=[], headers=current)
    assert (unknown.status_code, kind(unknown)) == (404, "unknown-plant")


async def test_revisions_say_who_stored_them_and_can_be_read_and_compared(
    plant: Any, engineer: httpx.AsyncClient, tag: str
) -> None:
    operations = [{"op": "replace", "path": "/tags/0/description", "value": "Patched"}]
    async with plant.client("admin") as admin:
        await admin.patch(URL, json=operations, headers={"If-Match": tag})
    base = f"/v1/plants/{PLANT}"
    notes = (await engineer.get(f"{base}/revisions")).json()["revisions"]
    assert [(each["revision"], each["by"]) for each in notes] == [(1, "engineer"), (2, "admin")]
    first = await engineer.get(f"{base}/revisions/1")
    assert (first.text, first.headers["ETag"]) == (TEXT, tag)
    found = (await engineer.get(f"{base}/difference?from=1&to=2")).json()
    (change,) = found["changes"]
    assert (found["from"], found["to"]) == (1, 2)
    assert (change["kind"], change["section"], change["field"], change["after"]) == (
        "changed", "tags", "description", "Patched",
    )  # fmt: skip
    assert (await engineer.get(f"{base}/difference?from=2&to=2")).json()["changes"] == []
    for path_, name in (
        (f"{base}/revisions/3", "unknown-revision"),
        (f"{base}/difference?from=1&to=3", "unknown-revision"),
        ("/v1/plants/none/revisions", "unknown-plant"),
        ("/v1/plants/none/revisions/1", "unknown-plant"),
    ):
        missing = await engineer.get(path_)
        assert (missing.status_code, kind(missing)) == (404, name)


async def test_a_change_is_logged_with_who_made_it(
    engineer: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "api.audit"):
        await engineer.put(URL, content=TEXT, headers=NEW)
    lines = [record.message for record in caplog.records if "PlantRevised" in record.message]
    assert len(lines) == 1
    assert "by engineer" in lines[0]
    assert f"plant {PLANT}" in lines[0]


async def test_a_new_plant_is_listed_at_once(plant: Any, engineer: httpx.AsyncClient) -> None:
    await engineer.get("/v1/plants")
    plant.records.plants.clear()
    assert len((await engineer.get("/v1/plants")).json()["plants"]) == 1
    await engineer.put(URL, content=TEXT, headers=NEW)
    assert (await engineer.get("/v1/plants")).json()["plants"] == []
