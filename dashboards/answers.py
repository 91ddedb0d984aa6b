"""The questions that a page in a browser may put to the dashboard's server, and their answers from the API.

The browser holds no key: what is not on the live stream comes this way. A question is what a browser sent, so
nothing in it is believed: kinds are those listed here, and text goes to the API as one path part or parameter only.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from api.client import NotFoundError, PlantClient, ServiceError
from dashboards.asked import Answer, Question, UnknownQuestionError, text, texts
from dashboards.live_values import live_values
from dashboards.what_if_answers import ANSWERS as WHAT_IF

TREND_POINTS: Final = 900
_LONGEST_HOURS: Final = 24.0 * 7
_MOST_TAGS: Final = 12
_PLACES: Final = {"Kafka": "Message log", "worker": "Live twin", "twin": "Live twin", "row": "Database"}
"""How the links that bear a product's or a process's name are called on a screen; the others by their own."""


def answer(question: Question, client: PlantClient, now: datetime) -> Answer:
    """Answer one question.

    Raises
    ------
    UnknownQuestionError
        Where its kind or content is not one of ours.
    ApiClientError
        Where the API cannot or will not say.
    """
    kinds: dict[str, Callable[[Question, PlantClient, datetime], Answer]] = {
        "ticket": _ticket,
        "plants": _plants,
        "history": _history,
        "trace": _trace,
        "chain": _chain,
        "estimate": _estimate,
        **WHAT_IF,
    }
    kind = question.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise UnknownQuestionError(f"no page asks {kind!r}; reload the page")
    return kinds[kind](question, client, now)


def read_history(client: PlantClient, plant: str, tags: list[str], hours: float, now: datetime) -> Answer:
    """Series by tag name over the hours before `now`; means where raw points would be too many to draw."""
    if not tags:
        return {}
    aggregate: Final = "raw" if hours <= 1.0 else "mean"
    history = client.history(plant, tags, now - timedelta(hours=hours), now, aggregate, TREND_POINTS)
    return {series.tag: series.model_dump(mode="json") for series in history.series}


def read_chain(client: PlantClient, plant: str | None) -> list[Answer]:
    """The links from plant to screen as `{"what", "ok", "text"}`; of one plant where it is named and known."""
    chain = client.chain()
    of_plant = [each.links for each in chain.plants if each.plant == plant]
    links = of_plant[0] if of_plant else chain.links
    return [
        {
            "what": _PLACES.get(link.name, link.name.capitalize()),
            "ok": link.ok,
            "text": link.text if link.waits_for is None else link.waits_for,
        }
        for link in links
    ]


def read_portfolios(client: PlantClient) -> list[Answer]:
    """The portfolios for the strip of pages, or none while the service cannot tell: plants need not wait for them."""
    try:
        found: list[Answer] = client.portfolios().model_dump(mode="json")["portfolios"]
    except (ServiceError, NotFoundError):  # A service of an older release has no such question.
        return []
    return found


def _ticket(question: Question, client: PlantClient, now: datetime) -> Answer:
    return {"ticket": client.ticket().ticket}


def _plants(question: Question, client: PlantClient, now: datetime) -> Answer:
    plants = client.plants().model_dump(mode="json")["plants"]
    wanted = set(texts(question, "states"))
    polled = [plant["id"] for plant in plants if plant["id"] in wanted]
    states = {plant: live_values(client.state(plant).model_dump()) for plant in polled}
    return {"plants": plants, "portfolios": read_portfolios(client), "states": states}


def _history(question: Question, client: PlantClient, now: datetime) -> Answer:
    hours = question.get("hours")
    if not isinstance(hours, int | float) or not 0 < hours <= _LONGEST_HOURS:
        raise UnknownQuestionError(f"{hours!r} hours cannot be shown; ask for up to {_LONGEST_HOURS:.0f}")
    tags = texts(question, "tags")[:_MOST_TAGS]
    return {"history": read_history(client, text(question, "plant"), tags, float(hours), now)}


def _trace(question: Question, client: PlantClient, now: datetime) -> Answer:
    trace = client.trace(text(question, "plant"), text(question, "tag"))
    return {
        "way": [
            {
                "place": _PLACES.get(step.where, step.where.capitalize()),
                "time_us": step.time_us,
                "reached": step.reached,
                "text": step.text,
            }
            for step in trace.steps
        ]
    }


def _estimate(question: Question, client: PlantClient, now: datetime) -> Answer:
    return {"estimate": client.estimate(text(question, "plant")).model_dump(mode="json")}


def _chain(question: Question, client: PlantClient, now: datetime) -> Answer:
    plant = question.get("plant")
    return {"chain": read_chain(client, plant if isinstance(plant, str) else None)}
