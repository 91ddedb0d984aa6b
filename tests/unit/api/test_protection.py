"""Who may do what: every route, every role; keys, rates and sizes."""

import json
import time
from typing import Any

import pytest

from api.auth import Keys, Role
from api.config import ApiConfigError, LimitsConfig
from api.guard import GuardedRoute, permission_of
from api.routes import ROUTERS

PUBLIC = {"/health/live", "/health/ready", "/metrics", "/openapi.json"}
PUBLIC |= {"/docs", "/docs/start.js", "/docs/assets/{name}", "/docs/problems"}
ROUTES = [route for router in ROUTERS for route in router.routes]
GUARDED = [route for route in ROUTES if route.path not in PUBLIC]
HUMANS = {"viewer", "operator", "engineer", "admin"}
MATRIX = {
    ("GET", "/v1/plants"): HUMANS | {"ingest"},
    ("GET", "/v1/plants/{plant}"): HUMANS | {"ingest"},
    ("GET", "/v1/plants/{plant}/state"): HUMANS,
    ("GET", "/v1/plants/{plant}/history"): HUMANS,
    ("GET", "/v1/plants/{plant}/live"): HUMANS,
    ("GET", "/v1/plants/{plant}/graphic.svg"): HUMANS,
    ("GET", "/v1/plants/{plant}/trace/{tag}"): HUMANS,
    ("GET", "/v1/plants/{plant}/estimate"): HUMANS,
    ("GET", "/v1/plants/{plant}/simulations/inputs"): HUMANS,
    ("POST", "/v1/plants/{plant}/simulations/check"): HUMANS,
    ("POST", "/v1/plants/{plant}/simulations"): HUMANS - {"viewer"},
    ("GET", "/v1/plants/{plant}/simulations"): HUMANS,
    ("GET", "/v1/plants/{plant}/simulations/compare"): HUMANS,
    ("GET", "/v1/plants/{plant}/simulations/{job}"): HUMANS,
    ("GET", "/v1/plants/{plant}/simulations/{job}/progress"): HUMANS,
    ("GET", "/v1/plants/{plant}/simulations/{job}/report"): HUMANS,
    ("POST", "/v1/plants/{plant}/simulations/{job}/cancel"): HUMANS - {"viewer"},
    ("POST", "/v1/plants/{plant}/optimisations"): HUMANS - {"viewer"},
    ("GET", "/v1/plants/{plant}/optimisations"): HUMANS,
    ("GET", "/v1/plants/{plant}/optimisations/{job}"): HUMANS,
    ("GET", "/v1/plants/{plant}/optimisations/{job}/progress"): HUMANS,
    ("GET", "/v1/plants/{plant}/optimisations/{job}/report"): HUMANS,
    ("POST", "/v1/plants/{plant}/optimisations/{job}/cancel"): HUMANS - {"viewer"},
    ("GET", "/v1/chain"): HUMANS,
    ("GET", "/v1/whoami"): HUMANS | {"ingest"},
    ("POST", "/v1/tickets"): HUMANS,
    ("POST", "/v1/plants/{plant}/readings"): HUMANS - {"viewer"} | {"ingest"},
    ("GET", "/v1/plants/{plant}/connection"): {"engineer", "admin", "ingest"},
    ("GET", "/v1/plants/{plant}/definition"): {"engineer", "admin"},
    ("PUT", "/v1/plants/{plant}/definition"): {"engineer", "admin"},
    ("PATCH", "/v1/plants/{plant}/definition"): {"engineer", "admin"},
    ("POST", "/v1/plants/validate"): {"engineer", "admin"},
    ("GET", "/v1/plants/{plant}/revisions"): HUMANS,
    ("GET", "/v1/plants/{plant}/revisions/{revision}"): {"engineer", "admin"},
    ("GET", "/v1/plants/{plant}/difference"): {"engineer", "admin"},
    ("GET", "/v1/plants/{plant}/prices"): HUMANS,
    ("PUT", "/v1/plants/{plant}/prices"): {"engineer", "admin"},
    ("GET", "/v1/plants/{plant}/prices/versions"): HUMANS,
    ("GET", "/v1/portfolios"): HUMANS,
    ("GET", "/v1/portfolios/{portfolio}"): HUMANS,
    ("PUT", "/v1/portfolios/{portfolio}"): {"engineer", "admin"},
    ("GET", "/v1/portfolios/{portfolio}/overview"): HUMANS,
    ("GET", "/v1/portfolios/{portfolio}/graphic.svg"): HUMANS,
}
NAMES = {"plant": "reactor", "tag": "TIC-101.PV", "revision": "1", "job": "1", "portfolio": "rhine"}


def calls() -> list[tuple[str, str]]:
    return [(method, route.path) for route in GUARDED for method in route.methods]


def test_every_route_is_guarded_and_listed_here(plant: Any) -> None:
    assert all(isinstance(route, GuardedRoute) for route in ROUTES)
    assert set(calls()) == set(MATRIX)
    for route in ROUTES:
        path = route.path
        assert permission_of(route.endpoint).public == (path in PUBLIC), path
    # Nothing was put on the application beside the routers.
    assert len(plant.app.routes) == len(ROUTERS)


def test_endpoint_that_names_nobody_cannot_be_routed() -> None:
    async def open_door() -> None: ...

    with pytest.raises(TypeError, match="open_door"):
        GuardedRoute("/open", open_door)


@pytest.mark.parametrize(("method", "path"), calls())
async def test_no_route_answers_without_a_known_key(plant: Any, method: str, path: str) -> None:
    url = path.format(**NAMES)
    async with plant.client(role=None) as stranger:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-API-Key": "wrong"}, {"Authorization": "Basic x"}):
            answer = await stranger.request(method, url, headers=headers)
            assert answer.status_code == 401, (url, headers)
            assert answer.headers["content-type"] == "application/problem+json"
            assert "Bearer" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("role", [role.value for role in Role])
@pytest.mark.parametrize(("method", "path"), calls())
async def test_roles_may_do_what_the_table_says(plant: Any, method: str, path: str, role: str) -> None:
    if path.endswith("/live") and role in MATRIX[method, path]:
        plant.services.states.close()
        async with plant.stream(headers={"x-api-key": f"key-of-the-{role}-0123456789"}) as reader:
            await reader.until(lambda text: "retry" in text)
        assert reader.status == 200
        return
    async with plant.client(role) as client:
        answer = await client.request(method, path.format(**NAMES))
    allowed = answer.status_code not in (401, 403)
    assert allowed == (role in MATRIX[method, path]), answer.text
    if not allowed:
        assert answer.status_code == 403
        assert role in answer.json()["detail"]


async def test_stranger_learns_nothing_of_the_body(plant: Any) -> None:
    async with plant.client(role=None) as stranger:
        answer = await stranger.post("/v1/plants/reactor/readings", content=b"{not json")
    assert answer.status_code == 401


async def test_known_keys_pass_while_wrong_ones_are_slowed_down(make_plant: Any) -> None:
    plant = make_plant(limits=LimitsConfig(refusals_per_min=3))
    async with plant.client(role=None) as stranger, plant.client() as viewer:
        statuses = [(await stranger.get("/v1/whoami")).status_code for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        assert (await viewer.get("/v1/whoami")).status_code == 200
        plant.clock.us += 20_000_000
        assert (await stranger.get("/v1/whoami")).status_code == 401


async def test_each_key_has_its_own_rate(make_plant: Any) -> None:
    plant = make_plant(limits=LimitsConfig(requests_per_s=1.0, burst=2))
    async with plant.client() as viewer, plant.client("operator") as operator:
        answers = [await viewer.get("/v1/whoami") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert answers[-1].json()["remedy"]
        assert (await operator.get("/v1/whoami")).status_code == 200
        plant.clock.us += 1_000_000
        assert (await viewer.get("/v1/whoami")).status_code == 200


async def test_new_keys_are_seen_without_a_restart(plant: Any, keys_file: Any) -> None:
    import hashlib

    stored = json.loads(keys_file.read_text())
    stored["keys"].append({"name": "late", "role": "viewer", "sha256": hashlib.sha256(b"late-key").hexdigest()})
    keys_file.write_text(json.dumps(stored))
    async with plant.client(role=None) as client:
        client.headers["X-API-Key"] = "late-key"
        assert (await client.get("/v1/whoami")).status_code == 401
        plant.clock.us += 1_100_000
        assert (await client.get("/v1/whoami")).json() == {"name": "late", "role": "viewer"}
        keys_file.write_text("broken")
        plant.clock.us += 1_100_000
        assert (await client.get("/v1/whoami")).status_code == 200


def test_keys_file_open_to_others_is_refused(keys_file: Any) -> None:
    keys_file.chmod(0o640)
    with pytest.raises(ApiConfigError, match="chmod 600"):
        Keys(keys_file, time.time_ns)


def test_missing_keys_file_is_refused(tmp_path: Any) -> None:
    with pytest.raises(ApiConfigError, match="cannot be read"):
        Keys(tmp_path / "none.json", time.time_ns)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[]", "no keys file"),
        ('{"keys": [{"name": "a", "role": "king", "sha256": ""}]}', "no keys file"),
        ('{"keys": [{"name": "a", "role": "viewer", "sha256": "abc"}]}', "3 characters"),
    ],
)
def test_broken_keys_file_is_refused(keys_file: Any, content: str, fault: str) -> None:
    keys_file.write_text(content)
    with pytest.raises(ApiConfigError, match=fault):
        Keys(keys_file, time.time_ns)


def test_placeholder_key_is_refused_outside_the_demo(keys_file: Any) -> None:
    import hashlib

    key = {"name": "a", "role": "admin", "sha256": hashlib.sha256(b"changeme").hexdigest().upper()}
    keys_file.write_text(json.dumps({"keys": [key]}))
    with pytest.raises(ApiConfigError, match="placeholder"):
        Keys(keys_file, time.time_ns)
    person = Keys(keys_file, time.time_ns, demo=True).find("changeme")
    assert person is not None
    assert person.role is Role.ADMIN


@pytest.mark.parametrize("secret", ["", "short", "changeme-changeme-changeme", "aaaaaaaaaaaaaaaaaaaaaaaa"])
def test_placeholder_ticket_secret_is_refused_outside_the_demo(make_plant: Any, secret: str) -> None:
    from dataclasses import replace

    from api.config import TicketConfig

    config = replace(make_plant.config, tickets=TicketConfig(secret))
    with pytest.raises(ApiConfigError, match="ATLAS_TICKET_SECRET"):
        config.check()
    replace(config, demo=True).check()
    make_plant.config.check()


async def test_metrics_are_for_this_machine_only_and_name_no_plant(plant: Any) -> None:
    plant.happen({"TIC-101.PV": 80.0}, offset=1)
    async with plant.client(role=None, client=("192.0.2.7", 4)) as outside, plant.client(role=None) as here:
        assert (await outside.get("/metrics")).status_code == 404
        answer = await here.get("/metrics")
    assert answer.status_code == 200
    assert "atlas_api_changes_ignored_total" in answer.text
    assert "reactor" not in answer.text
    assert "TIC-101" not in answer.text


async def test_only_the_dashboard_may_ask_from_a_browser(plant: Any) -> None:
    async with plant.client() as client:
        ours = await client.get("/v1/whoami", headers={"Origin": "http://127.0.0.1:8501"})
        theirs = await client.get("/v1/whoami", headers={"Origin": "http://evil.example"})
        preflight = await client.options(
            "/v1/plants",
            headers={"Origin": "http://127.0.0.1:8501", "Access-Control-Request-Method": "GET"},
        )
    assert ours.headers["access-control-allow-origin"] == "http://127.0.0.1:8501"
    assert "access-control-allow-origin" not in theirs.headers
    assert preflight.status_code == 200
