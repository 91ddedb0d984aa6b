"""A report on 80 to 85 degC as an operator would get it, small; texts in it are as hostile as data may be."""

from typing import Any

import pytest

from stream.jobs.report import Report

HOSTILE = '<script>alert("x")</script>'
TIMES = [0.0, 3600.0, 7200.0]


def curve(*mid: float | None, band: float | None = None) -> dict[str, Any]:
    ends = [[None if value is None or band is None else value + side * band for value in mid] for side in (-1, 1)]
    return {"mid": list(mid), "low": ends[0] if band else None, "high": ends[1] if band else None}


def output(name: str, base: Any, change: Any, **other: Any) -> dict[str, Any]:
    told = {"name": name, "description": f"about {name} {HOSTILE}", "unit": "degC", "decimals": 1}
    return told | {"low": 0.0, "high": 150.0, "base": base, "change": change} | other


def question() -> dict[str, Any]:
    return {
        "id": "q-1", "title": f"What if it goes from 80.0 to 85.0 degC? {HOSTILE}",
        "written": ["TIC-101.SP=85 degC"], "horizon": "2 h", "horizon_s": 7200.0, "asked_by": HOSTILE,
        "asked_at_us": 1_795_478_403_000_000, "position": "0f343b0931126a20:1041", "changes": [
            {"name": "TIC-101.SP", "description": "setpoint", "unit": "degC", "decimals": 1, "before": 80.0,
             "value": 85.0, "start_s": 0.0, "over_s": 0.0, "text": f"from 80.0 to 85.0 degC at once {HOSTILE}"},
        ],
    }  # fmt: skip


def content() -> dict[str, Any]:
    """Everything that a report can tell."""
    line = {"verdict": "good", "text": f"explains the last 2 h at 80 degC {HOSTILE}"}
    money = {"mid": 80_876.4, "low": 77_823.0, "high": 86_510.0}
    return {
        "plant": {"id": "wo", "name": f"Reactor {HOSTILE}", "time_zone": "Europe/Berlin", "revision": 3},
        "question": question(),
        "models": {
            "physics": {"name": "wo", "title": "Reactor by physics", "version": 1, "members": 30},
            "surrogate": {"name": "wo/surrogate", "title": "Reactor, learnt", "version": 2}},
        "level": 0.9, "begin_us": 1_795_478_400_000_000, "times_s": TIMES, "outputs": [
            output("TIC-101.PV", curve(80, 80, 80), curve(80, 84.9, 85, band=0.5), key=True, limits={"high": 84.0},
                   surrogate=curve(80, 84.7, 85.1, band=9.0)),
            output("TI-104.PV", curve(85, 85, 85), curve(85, 97, None)),
            output("TI-103.PV", curve(60, 60, 60), curve(60, 60, 60.01))],
        "crossings": [
            {"tag": "TIC-101.PV", "description": "temperature", "unit": "degC", "decimals": 1, "limit": "high",
             "limit_value": 84.0, "case": "change", "time_s": 1800.0, "probability": 0.97}],
        "shutdowns": [],
        "trust": {"estimate": line, "physics": line, "surrogate": line, "bands": line, "agreement": [
            {"name": "TIC-101.PV", "description": "temperature", "difference_percent": 0.13}]},
        "economics": {
            "currency": "USD", "base": curve(584e3, 584e3, 584e3), "change": curve(584e3, 665e3, 665e3, band=2e4),
            "lines": [{"item": f"P {HOSTILE}", "base_per_h": 10.0, "change_per_h": 12.5, "base_total": 20.0,
                       "change_total": None}],
            **dict.fromkeys(("base_per_h", "change_per_h", "gain_per_h", "base_total", "change_total", "gain_total"),
                            money)},
        "recommendation": {
            "settings": [{"name": "TIC-101.SP", "description": HOSTILE, "unit": "degC", "decimals": 1, "now": 80.0,
                          "asked": 85.0, "value": 89.7}],
            "objective": "profit", "gain": money, "gain_unit": "USD/h", "method": "search", "model_runs": 19},
        "similar": [
            {"begin_us": 1_795_046_400_000_000, "end_us": 1_795_075_200_000_000, "distance": 0.42,
             "text": f"raised to 84.0 degC {HOSTILE}", "followed": [
                 {"name": "AI-101P.PV", "description": "P", "unit": "percent", "decimals": 1, "before": 8.4,
                  "after": 9.3}]}],
        "end_state": {"base": {"TIC-101.PV": 80.0}, "change": {"TIC-101.PV": 85.0, "TI-104.PV": None}},
        "notes": [{"kind": "warning", "text": f"The reactor crosses 84.0 degC {HOSTILE}"},
                  {"kind": "info", "text": "Feeds go on as they are."}],
    }  # fmt: skip


@pytest.fixture
def told() -> dict[str, Any]:
    return content()


@pytest.fixture
def report(told: dict[str, Any]) -> Report:
    return Report.model_validate(told)
