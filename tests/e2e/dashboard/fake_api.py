"""A fake of the API for the dashboard's tests: the contract's answers for invented plants, live at 1 Hz.

`python fake_api.py PORT [--shipped]` serves it by itself, with --shipped the plants that ship.
POST /fake {"paused": true} and the like change how it behaves.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import uvicorn
from fake_estimate import serve_estimate
from fake_plants import FakePlant, FakeTag, plants
from fake_portfolio import DRAWING, PORTFOLIO
from fake_what_if import Questions, serve_answers, serve_questions
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse

LIMIT_WORDS = {-2: "low_low", -1: "low", 0: "none", 1: "high", 2: "high_high"}
ALLOWED = {"Access-Control-Allow-Origin": "*"}


@dataclass
class Behaviour:
    """What the fake does wrong on purpose."""

    paused: bool = False
    empty: bool = False
    key: str = ""
    late_s: float = 0.0
    refuse_tickets: bool = False
    portfolios: bool = True
    no_model: bool = False
    doubted: bool = False
    hold: bool = False
    streams_opened: int = 0
    resumed: int = 0


def entry(tag: FakeTag, now_s: float) -> list[Any]:
    return [tag.value_at(now_s), round(now_s * 1e6), tag.quality, tag.limit_at(now_s), int(tag.stale)]


def state_of(plant: FakePlant, now_s: float) -> dict[str, Any]:
    tags = []
    for tag in plant.tags:
        value, time_us, quality, limit, stale = entry(tag, now_s)
        tags.append(
            {
                "name": tag.name,
                "value": value,
                "unit": tag.unit,
                "quality": quality,
                "status": "Good",
                "time": "",
                "time_us": time_us,
                "age_s": 0.5,
                "stale": bool(stale),
                "limit": LIMIT_WORDS[limit],
            }
        )
    return {"plant": plant.id, "id": f"fake:{int(now_s)}", "log_time": round(now_s * 1e6), "time": "", "tags": tags}


def history_of(plant: FakePlant, names: list[str], start_s: float, end_s: float, points: int) -> list[dict[str, Any]]:
    found = {tag.name: tag for tag in plant.tags}
    step = (end_s - start_s) / points
    times = [start_s + step * k for k in range(points)]
    series = []
    for tag in (found[name] for name in names if name in found):
        doubtful = range(points // 2, points // 2 + points // 12) if tag.name == "TIC-101.PV" else range(0)
        quality = [0x8005_0000 if k in doubtful else tag.quality for k in range(points)]
        series.append(
            {
                "tag": tag.name,
                "unit": tag.unit,
                "aggregate": "raw",
                "resolution": "raw",
                "times_us": [round(t * 1e6) for t in times],
                "values": [tag.value_at(t) for t in times],
                "quality": quality,
            }
        )
    return series


def problem(status: int, title: str, detail: str, remedy: str) -> JSONResponse:
    content = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "/",
        "remedy": remedy,
    }
    return JSONResponse(content, status, media_type="application/problem+json")


async def events(plant: FakePlant, behaviour: Behaviour) -> AsyncIterator[bytes]:
    kind = "reset"
    while True:
        if not behaviour.paused and not behaviour.empty:
            now = time.time() - behaviour.late_s
            tags = {tag.name: entry(tag, now) for tag in plant.tags if kind == "reset" or tag.kind == "measured"}
            record = {"id": f"fake:{int(now)}", "log_time": round(now * 1e6), "tags": tags}
            yield b"event: %s\nid: fake:%d\ndata: %s\n\n" % (kind.encode(), int(now), orjson.dumps(record))
            kind = "change"
        else:
            yield b": waiting\n\n"
        await asyncio.sleep(1.0)


def serve_plants(app: FastAPI, known: Mapping[str, FakePlant]) -> None:
    @app.get("/v1/plants")
    async def list_plants() -> Any:
        now = time.time()
        return {
            "plants": [
                {
                    "id": p.id,
                    "name": p.name,
                    "number": k,
                    "revision": 1,
                    "state": "live",
                    "log_time": round(now * 1e6),
                    "age_s": 0.2,
                    "tags": len(p.tags),
                    "active_limits": 1,
                    "stale": 1,
                    "bad": 1,
                    "next_disturbance": {"what": p.next_what, "in_s": 720.0 + 60 * k},
                }
                for k, p in enumerate(known.values())
            ]
        }

    @app.get("/v1/plants/{plant_id}")
    async def read_plant(plant_id: str) -> Any:
        plant = known[plant_id]
        return {
            "id": plant.id,
            "name": plant.name,
            "time_zone": plant.time_zone,
            "revision": 1,
            "tag_table": "t",
            "equipment": [],
            "streams": [],
            "tags": [tag.description_json() for tag in plant.tags],
        }


def serve_values(app: FastAPI, known: Mapping[str, FakePlant], behaviour: Behaviour) -> None:
    @app.get("/v1/plants/{plant_id}/state")
    async def read_state(plant_id: str) -> Any:
        state = state_of(known[plant_id], time.time() - behaviour.late_s)
        return state | {"log_time": None, "tags": []} if behaviour.empty else state

    @app.get("/v1/plants/{plant_id}/history")
    async def read_history(plant_id: str, request: Request) -> Any:
        query = request.query_params
        start, end = (datetime.fromisoformat(query[name]).timestamp() for name in ("from", "to"))
        names = query["tags"].split(",")
        series = history_of(known[plant_id], names, start, end, min(int(query["points"]), 720))
        return {"from": query["from"], "to": query["to"], "series": series}

    @app.get("/v1/plants/{plant_id}/graphic.svg")
    async def read_graphic(plant_id: str) -> Any:
        return PlainTextResponse(known[plant_id].graphic(), media_type="image/svg+xml")

    @app.get("/v1/plants/{plant_id}/live")
    async def live(plant_id: str, request: Request) -> Any:
        if behaviour.refuse_tickets or not request.query_params.get("ticket"):
            return JSONResponse({"title": "ticket over"}, 401, headers=ALLOWED)
        behaviour.streams_opened += 1
        behaviour.resumed += bool(request.query_params.get("last_event_id"))
        return StreamingResponse(events(known[plant_id], behaviour), media_type="text/event-stream", headers=ALLOWED)


def serve_ways(app: FastAPI) -> None:
    @app.get("/v1/plants/{plant_id}/trace/{tag}")
    async def read_trace(plant_id: str, tag: str) -> Any:
        now = time.time() * 1e6
        steps = [
            ("sensor", 900, "the sensor's own time"),
            ("connector", 850, "received"),
            ("Kafka", 820, "in the log"),
            ("twin", 805, "in the twin"),
            ("row", 300, "stored"),
        ]
        return {
            "plant": plant_id,
            "tag": tag,
            "description": "",
            "unit": "degC",
            "value": 1.0,
            "quality": 0,
            "status": "Good",
            "steps": [
                {"where": where, "time": "", "time_us": round(now - ms * 1000), "after_ms": 1.0, "text": text}
                for where, ms, text in steps
            ],
        }

    @app.get("/v1/chain")
    async def read_chain() -> Any:
        links = [
            {"name": "plant", "ok": True, "text": "Answers", "waits_for": None},
            {"name": "connector", "ok": True, "text": "Connected for 12 s", "waits_for": None},
            {"name": "Kafka", "ok": True, "text": "Takes batches", "waits_for": None},
            {"name": "worker", "ok": False, "text": "Waits", "waits_for": "waits for the first reading"},
            {"name": "database", "ok": False, "text": "Waits", "waits_for": "waits for the first stored batch"},
            {"name": "screen", "ok": True, "text": "You are reading it", "waits_for": None},
        ]
        return {"links": links, "plants": []}


def serve_portfolio(app: FastAPI, behaviour: Behaviour, overview: dict[str, Any], drawing: str) -> None:
    @app.get("/v1/portfolios")
    async def list_portfolios() -> Any:
        listed = {name: overview[name] for name in ("id", "name", "revision")}
        return {"portfolios": [listed] if behaviour.portfolios else []}

    @app.get("/v1/portfolios/{portfolio_id}/overview")
    async def read_overview(portfolio_id: str) -> Any:
        return overview

    @app.get("/v1/portfolios/{portfolio_id}/graphic.svg")
    async def read_picture(portfolio_id: str) -> Any:
        return PlainTextResponse(drawing, media_type="image/svg+xml")


def create_fake(
    behaviour: Behaviour,
    served: tuple[FakePlant, ...],
    overview: dict[str, Any] = PORTFOLIO,
    drawing: str = DRAWING,
) -> FastAPI:
    app = FastAPI()
    known = {plant.id: plant for plant in served}

    @app.middleware("http")
    async def ask_for_key(request: Request, call_next: Any) -> Any:
        open_paths = request.url.path == "/fake" or request.url.path.endswith(("/live", "/progress"))
        if behaviour.key and not open_paths and request.headers.get("Authorization") != f"Bearer {behaviour.key}":
            return problem(401, "No key", "The request carries no key.", "Send one.")
        return await call_next(request)

    @app.post("/fake")
    async def change(request: Request) -> dict[str, Any]:
        for name, value in (await request.json()).items():
            setattr(behaviour, name, value)
        return vars(behaviour)

    @app.post("/v1/tickets")
    async def ticket() -> Any:
        return {"ticket": f"ticket-{time.time():.3f}", "expires_in_s": 60}

    serve_plants(app, known)
    serve_values(app, known, behaviour)
    questions = Questions(behaviour)
    serve_ways(app)
    serve_portfolio(app, behaviour, overview, drawing)
    serve_questions(app, known, questions)
    serve_estimate(app, known, behaviour)
    serve_answers(app, known, questions)
    return app


if __name__ == "__main__":
    if "--shipped" in sys.argv:
        from shipped_plants import shipped_plants, shipped_portfolio

        fake = create_fake(Behaviour(), shipped_plants(), *shipped_portfolio())
    else:
        fake = create_fake(Behaviour(), plants())
    uvicorn.run(fake, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
