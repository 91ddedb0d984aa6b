"""The fake API's estimate of a plant: one unknown and one instrument, doubted where a test wants it so."""

import time
from collections.abc import Mapping
from typing import Any

from fake_plants import HOSTILE, FakePlant
from fastapi import FastAPI


def _value(**told: Any) -> dict[str, Any]:
    return {"tag": "", "measured": None, "usual": 1.0, "decimals": 3, "unit": "dimensionless"} | told


def serve_estimate(app: FastAPI, known: Mapping[str, FakePlant], behaviour: Any) -> None:
    @app.get("/v1/plants/{plant_id}/estimate")
    async def read_estimate(plant_id: str) -> Any:
        now = round(time.time() * 1e6)
        doubted = behaviour.doubted
        text = "It misses TIC-101.PV by 2 degC." if doubted else "It explains the plant over the last 2 h."
        activity = {"name": "activity", "description": "Factor on all three reaction rates", "value": 0.981}
        share = {
            "name": "AI-101P.PV", "description": f"Mass share of P {HOSTILE}", "unit": "percent", "usual": 10.6,
            "value": 10.71, "low": 10.6, "high": 10.8, "measured": 10.74, "decimals": 2,
        }  # fmt: skip
        return {
            "plant": plant_id, "model": "Reactor by physics", "reason": None, "log_time": now, "time": "", "begun": now,
            "verdict": {"ok": not doubted, "learning": False, "text": text, "since": now, "unexplained": []},
            "unknowns": [_value(**activity, low=0.974, high=0.988)], "soft_sensors": [_value(**share)],
        }  # fmt: skip
