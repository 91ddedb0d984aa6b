"""The fake API's what-if: inputs, the check of what was written, progress over a few seconds, reports, comparisons."""

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from fake_plants import FakePlant, FakeTag
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from api.reports.page import render_comparison, render_report
from stream.jobs.report import Report

ALLOWED = {"Access-Control-Allow-Origin": "*"}
WRITTEN = re.compile(r"(?P<name>\S+?)=(?P<value>[-+.\d]*)\s*(?P<unit>\S*)(?P<when>.*)")


@dataclass(frozen=True)
class Asked:
    """A question, and when it was begun."""

    id: int
    plant: str
    title: str
    changes: tuple[str, ...]
    begun_s: float
    takes_s: float = 2.0
    state: str = "running"

    def now(self, held: bool) -> dict[str, Any]:
        """The question as the service lists it; held, it does not get beyond its middle."""
        done = min(0.5 if held else 1.0, (time.time() - self.begun_s) / self.takes_s)
        state = "done" if self.state == "running" and done >= 1 else self.state
        return {
            "id": self.id, "plant": self.plant, "changes": self.changes, "horizon": "8 h", "position": "p",
            "title": self.title, "asked_by": "anna", "asked_at_us": round(self.begun_s * 1e6),
            "state": state, "done": done, "message": "Simulates the change" if done < 1 else "",
            "error": "The model ran away: ask for a smaller change" if state == "failed" else None,
        }  # fmt: skip


@dataclass
class Questions:
    """Every question that was asked of the fake."""

    behaviour: Any
    asked: dict[int, Asked] = field(default_factory=dict)
    positions: list[str] = field(default_factory=list)

    def now(self, asked_id: int) -> dict[str, Any]:
        return self.asked[asked_id].now(self.behaviour.hold)

    def of(self, plant: str) -> list[dict[str, Any]]:
        return [self.now(one.id) for one in reversed(self.asked.values()) if one.plant == plant]


def inputs_of(plant: FakePlant) -> list[dict[str, Any]]:
    now = time.time()
    return [
        {
            "name": tag.name, "description": tag.description, "unit": tag.unit, "low": tag.low, "high": tag.high,
            "decimals": tag.decimals, "states": list(tag.states), "now": tag.value_at(now),
        }
        for tag in plant.tags if tag.kind in ("setpoint", "output", "mode")
    ]  # fmt: skip


def faults_of(plant: FakePlant, changes: list[str], horizon: str) -> Iterator[dict[str, str]]:
    known = {tag.name: tag for tag in plant.tags}
    for at, text in enumerate(changes):
        found = WRITTEN.fullmatch(text)
        tag = known.get(found["name"]) if found else None
        if found is None or tag is None:
            yield {"path": f"changes[{at}]", "detail": f"'{text}' is no change", "remedy": "write it otherwise"}
        elif not tag.states and not (found["value"] and tag.low <= float(found["value"]) <= tag.high):
            detail = f"{text} is outside {tag.low:g} to {tag.high:g} {tag.unit}"
            yield {"path": f"changes[{at}].value", "detail": detail, "remedy": "ask for a value in this range"}
    if not re.fullmatch(r"\d+ (min|h)", horizon):
        yield {"path": "horizon", "detail": f"'{horizon}' is no span", "remedy": "write it like 8 h"}


def title_of(changes: list[str]) -> str:
    return f"What if {' and '.join(changes)}?"


def curve(tag: FakeTag, times: list[float], step: float) -> dict[str, Any]:
    mid = [tag.base + step * (1 - math.exp(-t / 1500) * math.cos(t / 900)) for t in times]
    spread = 0.004 * (tag.high - tag.low)
    ends = [
        [value + side * spread * (1 - math.exp(-t / 3000)) for value, t in zip(mid, times, strict=True)]
        for side in (-1, 1)
    ]
    return {"mid": mid, "low": ends[0], "high": ends[1]}


def report_of(asked: Asked, plant: FakePlant, *, draft: bool) -> Report:
    times = [60.0 * k for k in range(481)]
    moved = [tag for tag in plant.tags if tag.kind == "measured"][:8]
    outputs = [
        {
            "name": tag.name, "description": tag.description, "unit": tag.unit, "decimals": tag.decimals,
            "low": tag.low, "high": tag.high, "limits": tag.limits, "key": k < 4, "base": curve(tag, times, 0.0),
            "change": curve(tag, times, 0.04 * (tag.high - tag.low)),
        }
        for k, tag in enumerate(moved)
    ]  # fmt: skip
    line = {"verdict": "good", "text": "explains the last 2 h"}
    content = {
        "draft": draft, "level": 0.9, "begin_us": round(asked.begun_s * 1e6), "times_s": times, "outputs": outputs,
        "plant": {"id": plant.id, "name": plant.name, "time_zone": plant.time_zone, "revision": 1},
        "question": {
            "id": str(asked.id), "title": asked.title, "written": asked.changes, "horizon": "8 h", "changes": [],
            "horizon_s": 28_800.0, "asked_by": "anna", "asked_at_us": round(asked.begun_s * 1e6), "position": "p"},
        "models": {"physics": {"name": "m", "title": "Reactor by physics", "version": 1, "members": 30}},
        "trust": None if draft else {"estimate": line, "physics": line, "bands": line},
    }  # fmt: skip
    return Report.model_validate(content)


async def progress_of(questions: Questions, asked_id: int) -> AsyncIterator[bytes]:
    drafted = False
    while True:
        now = questions.now(asked_id)
        if now["state"] != "running":
            yield b"event: end\nid: end\ndata: %s\n\n" % orjson.dumps({"state": now["state"]})
            return
        yield b"event: progress\nid: %d\ndata: %s\n\n" % (100 * now["done"], orjson.dumps(now))
        if now["done"] > 0.1 and not drafted:
            drafted = True
            yield b"event: curves\ndata: {}\n\n"
        await asyncio.sleep(0.2)


def problem_of(faults: list[dict[str, str]]) -> JSONResponse:
    return refused(422, "Impossible question", "Correct them.", faults=faults)


def refused(status: int, title: str, remedy: str, **more: Any) -> JSONResponse:
    content = {"type": "about:blank", "title": title, "status": status, "detail": title, "instance": "/"}
    return JSONResponse(content | {"remedy": remedy} | more, status, media_type="application/problem+json")


def serve_questions(app: FastAPI, known: Mapping[str, FakePlant], questions: Questions) -> None:
    @app.get("/v1/plants/{plant_id}/simulations/inputs")
    async def read_inputs(plant_id: str) -> Any:
        if questions.behaviour.no_model:
            return refused(409, "This plant has no process model", "Name one in its file.")
        return {
            "plant": plant_id,
            "title": known[plant_id].name,
            "longest_s": 604_800.0,
            "inputs": inputs_of(known[plant_id]),
        }

    @app.post("/v1/plants/{plant_id}/simulations/check")
    async def check(plant_id: str, request: Request) -> Any:
        body = await request.json()
        faults = list(faults_of(known[plant_id], body["changes"], body["horizon"]))
        return (
            problem_of(faults) if faults else {"title": title_of(body["changes"]), "changes": [], "horizon_s": 28_800.0}
        )

    @app.post("/v1/plants/{plant_id}/simulations", status_code=202)
    async def ask(plant_id: str, request: Request) -> Any:
        body = await request.json()
        faults = list(faults_of(known[plant_id], body["changes"], body["horizon"]))
        if faults:
            return problem_of(faults)
        one = Asked(len(questions.asked) + 1, plant_id, title_of(body["changes"]), tuple(body["changes"]), time.time())
        questions.asked[one.id] = replace(one, state="failed") if "TIC-101.OP=99" in one.title else one
        questions.positions.append(body.get("position") or "")
        return questions.now(one.id)

    @app.get("/v1/plants/{plant_id}/simulations")
    async def list_asked(plant_id: str) -> Any:
        return {"simulations": questions.of(plant_id)}


def serve_answers(app: FastAPI, known: Mapping[str, FakePlant], questions: Questions) -> None:
    @app.get("/v1/plants/{plant_id}/simulations/compare")
    async def compare(plant_id: str, first: int, second: int) -> Any:
        told = [report_of(questions.asked[each], known[plant_id], draft=False) for each in (first, second)]
        return HTMLResponse(render_comparison(*told))

    @app.get("/v1/plants/{plant_id}/simulations/{asked_id}")
    async def status(plant_id: str, asked_id: int) -> Any:
        return questions.now(asked_id)

    @app.get("/v1/plants/{plant_id}/simulations/{asked_id}/report")
    async def report(plant_id: str, asked_id: int) -> Any:
        asked, plant = questions.asked[asked_id], known[plant_id]
        page = render_report(report_of(asked, plant, draft=questions.now(asked_id)["state"] != "done"), "")
        return HTMLResponse(page.replace("</body>", "<script>parent.hacked = 1</script></body>"))

    @app.get("/v1/plants/{plant_id}/simulations/{asked_id}/progress")
    async def progress(plant_id: str, asked_id: int, ticket: str = "") -> Any:
        if not ticket:
            return JSONResponse({"title": "no ticket"}, 401, headers=ALLOWED)
        return StreamingResponse(progress_of(questions, asked_id), media_type="text/event-stream", headers=ALLOWED)

    @app.post("/v1/plants/{plant_id}/simulations/{asked_id}/cancel")
    async def cancel(plant_id: str, asked_id: int) -> Any:
        questions.asked[asked_id] = replace(questions.asked[asked_id], state="cancelled")
        return questions.now(asked_id)
