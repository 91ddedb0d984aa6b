"""Every error is a problem detail that says what to do."""

from typing import Any

import pytest

from api.config import LimitsConfig
from api.problems import KINDS
from api.schemas import ProblemDetail


def is_problem(answer: Any, status: int, kind: str) -> ProblemDetail:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem = ProblemDetail.model_validate_json(answer.content)
    assert problem.status == status
    assert problem.type == f"/docs/problems#{kind}"
    assert problem.detail
    assert problem.remedy
    assert problem.instance == answer.request.url.path
    return problem


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/v1/nothing", 404, "not-found"),
        ("DELETE", "/v1/plants", 405, "wrong-method"),
        ("GET", "/v1/plants/nowhere/state", 404, "unknown-plant"),
        ("GET", "/v1/plants/reactor/trace/NO-1", 503, "not-ready"),
        ("GET", "/v1/plants/reactor/history", 422, "invalid-request"),
        ("GET", "/v1/plants/reactor/state?at=yesterday", 422, "invalid-request"),
        ("GET", "/v1/plants/reactor/state?at=2026-11-24T00:00:00", 422, "invalid-request"),
        ("GET", "/docs/assets/..%2f..%2fsecret", 404, "not-found"),
        ("GET", "/health/ready", 503, "not-ready"),
    ],
)
async def test_error_is_a_problem(viewer: Any, method: str, path: str, status: int, kind: str) -> None:
    is_problem(await viewer.request(method, path), status, kind)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("tags=&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z", "tags"),
        ("tags=TIC-101.PV&from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z", "to"),
        ("tags=TIC-101.PV&from=1990-11-24T00:00:00Z&to=2026-11-23T00:00:00Z", "from"),
        ("tags=TIC-101.PV&from=x&to=2026-11-23T00:00:00Z", "from"),
        ("tags=TIC-101.PV&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&points=99999", "points"),
        ("tags=TIC-101.PV&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&points=1", "points"),
        ("tags=TIC-101.PV&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z&aggregate=median", "aggregate"),
        (f"tags={','.join(f'T{n}' for n in range(60))}&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z", "tags"),
    ],
)
async def test_history_names_the_parameter_at_fault(viewer: Any, query: str, named: str) -> None:
    problem = is_problem(await viewer.get(f"/v1/plants/reactor/history?{query}"), 422, "invalid-request")
    assert problem.faults is not None
    assert problem.faults[0].path == named
    assert problem.faults[0].remedy


async def test_unknown_tag_of_a_history_is_named(viewer: Any) -> None:
    answer = await viewer.get("/v1/plants/reactor/history?tags=NO-1&from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z")
    assert "NO-1" in is_problem(answer, 404, "unknown-tag").detail


async def test_inside_of_a_failure_is_not_told(plant: Any, viewer: Any, caplog: Any) -> None:
    async def fail(name: str) -> None:
        raise RuntimeError("password=hunter2 in /etc/secret")

    plant.records.read_tag_table = fail
    answer = await viewer.get("/v1/plants/reactor")
    is_problem(answer, 500, "internal-error")
    assert "hunter2" not in answer.text
    assert "hunter2" in caplog.text


async def test_database_away_is_a_503_that_says_when_to_come_again(plant: Any, viewer: Any) -> None:
    plant.records.away = True
    answer = await viewer.get("/v1/plants")
    is_problem(answer, 503, "database-away")
    assert answer.headers["retry-after"] == "5"


async def test_plants_once_read_are_told_while_the_database_is_away(plant: Any, viewer: Any) -> None:
    await viewer.get("/v1/plants")
    plant.records.away = True
    plant.clock.us += 60_000_000
    answer = await viewer.get("/v1/plants")
    assert [one["id"] for one in answer.json()["plants"]] == ["reactor"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{not json", 400, "bad-request"),
        (b"[]", 422, "invalid-request"),
        (b'{"readings": []}', 422, "invalid-request"),
        (b'{"readings": [{"tag": "TIC-101.PV", "time": 1, "value": "hot"}]}', 422, "invalid-request"),
        (b'{"readings": [{"tag": "TIC-101.PV", "time": 1, "value": NaN}]}', 422, "invalid-request"),
        (b'{"readings": [{"tag": "TIC-101.PV", "time": 1, "value": 1, "more": 2}]}', 422, "invalid-request"),
    ],
)
async def test_unreadable_readings_are_a_problem(plant: Any, body: bytes, status: int, kind: str) -> None:
    async with plant.client("ingest") as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/v1/plants/reactor/readings", content=body, headers=headers)
    is_problem(answer, status, kind)
    assert plant.inbox.records == []


@pytest.mark.parametrize("told", [True, False])
async def test_body_over_the_limit_is_a_413(make_plant: Any, told: bool) -> None:
    plant = make_plant(limits=LimitsConfig(body_bytes=1_000))

    async def chunks() -> Any:
        for _ in range(30):
            yield b"x" * 100

    async with plant.client("ingest") as client:
        content = b"x" * 3_000 if told else chunks()
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/v1/plants/reactor/readings", content=content, headers=headers)
    is_problem(answer, 413, "too-large")


async def test_every_kind_is_explained(plant: Any) -> None:
    async with plant.client(role=None) as client:
        page = (await client.get("/docs/problems")).text
    for name, kind in KINDS.items():
        assert f'id="{name}"' in page
        assert kind.remedy
