"""The questions of the page "What if": what may be changed, is it possible, ask it, and what came out of it.

They go to the API as the operator wrote them, who reads its faults at the fields that they belong to.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from api.client import PlantClient, RejectedError
from dashboards.asked import Answer, Question, number, text, texts

EARLIER: Final = 50
"""How many of a plant's questions the page lists."""


def _inputs(question: Question, client: PlantClient, now: datetime) -> Answer:
    return {"inputs": client.simulation_inputs(text(question, "plant")).model_dump(mode="json")}


def _check(question: Question, client: PlantClient, now: datetime) -> Answer:
    return _or_faults(lambda: client.check_simulation(*_written(question)))


def _ask(question: Question, client: PlantClient, now: datetime) -> Answer:
    seen = question.get("position")
    position = seen if isinstance(seen, str) and seen else None
    return _or_faults(lambda: client.ask_simulation(*_written(question), position))


def _written(question: Question) -> tuple[str, list[str], str]:
    return text(question, "plant"), texts(question, "changes"), text(question, "horizon")


def _or_faults(ask: Callable[[], BaseModel]) -> Answer:
    """What the API says to what was written, or its faults, each with the field that it belongs to."""
    try:
        told = ask()
    except RejectedError as error:
        faults = [fault.model_dump(mode="json", include={"path", "detail", "remedy"}) for fault in error.faults]
        return {"faults": faults or [{"path": "", "detail": error.problem.detail, "remedy": error.problem.remedy}]}
    return {"told": told.model_dump(mode="json"), "faults": []}


def _asked(question: Question, client: PlantClient, now: datetime) -> Answer:
    found = client.simulations(text(question, "plant"), EARLIER)
    return {"asked": found.model_dump(mode="json")["simulations"]}


def _status(question: Question, client: PlantClient, now: datetime) -> Answer:
    return {"status": client.simulation(text(question, "plant"), number(question, "id")).model_dump(mode="json")}


def _report(question: Question, client: PlantClient, now: datetime) -> Answer:
    return {"page": client.simulation_report_html(text(question, "plant"), number(question, "id"))}


def _comparison(question: Question, client: PlantClient, now: datetime) -> Answer:
    first, second = number(question, "first"), number(question, "second")
    return {"page": client.comparison_html(text(question, "plant"), first, second)}


def _cancel(question: Question, client: PlantClient, now: datetime) -> Answer:
    return {"status": client.cancel_simulation(text(question, "plant"), number(question, "id")).model_dump(mode="json")}


ANSWERS: Final[Mapping[str, Callable[[Question, PlantClient, datetime], Answer]]] = {
    "inputs": _inputs,
    "check": _check,
    "ask": _ask,
    "asked": _asked,
    "status": _status,
    "report": _report,
    "comparison": _comparison,
    "cancel": _cancel,
}
"""By the kind of the question."""
