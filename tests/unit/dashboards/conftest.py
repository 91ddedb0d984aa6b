"""A scripted API behind the real client: what it is asked is kept, what it answers is given by path."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.client import ClientConfig, PlantClient

LIMITS = {"low_low": None, "low": None, "high": 95.0, "high_high": None}


def tag(name: str, kind: str = "measured", limits: dict[str, Any] | None = None, states: Any = ()) -> dict[str, Any]:
    return {
        "name": name, "description": f"about {name}", "unit": "degC", "low": 0, "high": 100, "decimals": 1,
        "limits": limits or {}, "equipment": "R-101", "kind": kind, "states": list(states),
    }  # fmt: skip


def value(name: str, time_us: int = 1_000_000) -> dict[str, Any]:
    return {
        "name": name, "value": 1.5, "unit": "degC", "quality": 0, "status": "Good", "time": "", "time_us": time_us,
        "age_s": 0.1, "stale": False, "limit": "high",
    }  # fmt: skip


class ScriptedApi:
    """Answers by path; a path that is not scripted is a 404."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: dict[str, Any] = {
            "/v1/plants": {"plants": [self.plant("a", 1), self.plant("b", 2)]},
            "/v1/tickets": {"ticket": "t-1", "expires_in_s": 60},
            "/v1/chain": {
                "links": [
                    {"name": "plant", "ok": True, "text": "answers", "waits_for": None},
                    {"name": "Kafka", "ok": False, "text": "silent", "waits_for": "waits for the log"},
                ],
                "plants": [
                    {"plant": "b", "links": [{"name": "worker", "ok": True, "text": "runs", "waits_for": None}]}
                ],
            },
        }
        for plant, zone in (("a", "Europe/Berlin"), ("b", "UTC")):
            self.answers[f"/v1/plants/{plant}"] = {
                "id": plant, "name": plant.upper(), "time_zone": zone, "revision": 1, "tag_table": "t",
                "equipment": [], "streams": [], "tags": [tag("TIC-1.PV", limits=LIMITS), tag("TIC-1.SP", "setpoint")],
            }  # fmt: skip
            self.answers[f"/v1/plants/{plant}/state"] = {
                "plant": plant, "id": "x:1", "log_time": 2_000_000, "time": "", "tags": [value("TIC-1.PV")],
            }  # fmt: skip
            self.answers[f"/v1/plants/{plant}/history"] = {
                "from": "", "to": "", "series": [
                    {"tag": "TIC-1.PV", "unit": "degC", "aggregate": "raw", "resolution": "raw",
                     "times_us": [1], "values": [1.5], "quality": [0]}],
            }  # fmt: skip
            self.answers[f"/v1/plants/{plant}/graphic.svg"] = "<svg/>"

    @staticmethod
    def plant(name: str, number: int) -> dict[str, Any]:
        return {
            "id": name, "name": name.upper(), "number": number, "revision": 1, "state": "live", "log_time": 2_000_000,
            "age_s": 0.1, "tags": 2, "active_limits": 0, "stale": 0, "bad": 0, "next_disturbance": None,
        }  # fmt: skip

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.get(request.url.path)
        if isinstance(answer, httpx.Response):
            return answer
        if answer is None:
            return problem(404, "Not found")
        return httpx.Response(200, text=answer) if isinstance(answer, str) else httpx.Response(200, json=answer)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


def problem(status: int, title: str) -> httpx.Response:
    content = {"type": "x", "title": title, "status": status, "detail": "what", "instance": "/", "remedy": "do this"}
    return httpx.Response(status, json=content)


@pytest.fixture
def scripted() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(scripted: ScriptedApi) -> PlantClient:
    return open_client(scripted)


def open_client(handler: Callable[[httpx.Request], httpx.Response]) -> PlantClient:
    config = ClientConfig("http://plant.test", "key", attempts=1)
    return PlantClient(config, transport=httpx.MockTransport(handler))


@pytest.fixture
def refusals() -> Callable[[int, str], httpx.Response]:
    return problem
