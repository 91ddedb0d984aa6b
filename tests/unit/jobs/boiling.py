"""Steps for tests of jobs; a module of its own, because a step's function goes to another process by its name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from stream.jobs.graph import Step, StepContext
from stream.jobs.job import JobRequest
from twin.atlas.faults import Fault
from twin.matrix.errors import LicenceError, ScenarioError


def fill(context: StepContext, inputs: Mapping[str, Any]) -> float:
    context.progress(0.5, "filling")
    return float(context.content["litres"])


def heat(context: StepContext, inputs: Mapping[str, Any]) -> dict[str, float]:
    context.progress(0.2, "heating", partial={"curve": [20, 60]})
    return {"temperature": 100.0, "seed": float(context.seed), "litres": inputs["fill"]}


def weigh(context: StepContext, inputs: Mapping[str, Any]) -> float:
    return inputs["fill"] * 0.998


def pour(context: StepContext, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"weight": inputs["weigh"], **inputs["heat"], "unknown": float("nan")}


def tea(request: JobRequest) -> list[Step]:
    return [
        Step("fill", fill),
        Step("heat", heat, ("fill",), weight=2),
        Step("weigh", weigh, ("fill",)),
        Step("pour", pour, ("heat", "weigh")),
    ]


def compute(context: StepContext, inputs: Mapping[str, Any]) -> str:
    """Works for `content.seconds`; `cooperative` says whether it asks all the while whether to go on."""
    until = time.monotonic() + float(context.content["seconds"])
    while time.monotonic() < until:
        time.sleep(0.02)
        if context.content.get("cooperative", True):
            context.progress(0.5, "computing")
    return f"done by {os.getpid()}"


def slow(request: JobRequest) -> list[Step]:
    return [Step("compute", compute)]


def refuse(context: StepContext, inputs: Mapping[str, Any]) -> None:
    match context.content["how"]:
        case "scenario":
            raise ScenarioError([Fault("changes[0]", "400 degC is too hot", "stay below 100 degC")])
        case "licence":
            raise LicenceError("no licence", remedy="start the licence server")
        case "bug":
            raise ZeroDivisionError("by zero")
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "unpicklable":
            return lambda: None  # type: ignore[return-value]
    raise AssertionError(context.content)


def refusing(request: JobRequest) -> list[Step]:
    return [Step("refuse", refuse), Step("after", weigh, ("refuse",))]


def once(context: StepContext, inputs: Mapping[str, Any]) -> str:
    """Kills its process the first time it is run, and tells of it in a file."""
    path = context.content["mark"]
    if not os.path.exists(path):
        with open(path, "w") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return "the second time"


def unlucky(request: JobRequest) -> list[Step]:
    return [Step("once", once)]


KINDS = {
    "tea": "boiling:tea",
    "slow": "boiling:slow",
    "refusing": "boiling:refusing",
    "unlucky": "boiling:unlucky",
}
