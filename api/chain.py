"""The chain from plant to screen: each link, whether it is well, and what it waits for (no screen is ever empty).

The API sees the chain from its far end, so each link is judged by what reaches it: the twin's clock shows the worker,
the age of the readings the connector, and their status codes the plant.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.quality import BAD_COMMUNICATION_ERROR, BAD_NOT_CONNECTED, BAD_WAITING_FOR_INITIAL_DATA
from api.live_state import LivePlant
from api.schemas import Chain, Link, PlantChain

_NAMES: Final = ("plant", "connector", "Kafka", "worker", "database", "screen")
_UNREACHED: Final = np.array(
    [BAD_NOT_CONNECTED, BAD_COMMUNICATION_ERROR, BAD_WAITING_FOR_INITIAL_DATA], dtype=np.uint32
)
_CONDITION: Final = np.uint32(0xFFFF_0000)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the API knows besides a plant's state: whether Kafka and the database answer, and the clock in us."""

    kafka: bool
    caught_up: bool
    database: bool
    now_us: int
    stale_after_s: float


def describe(plants: dict[str, LivePlant | None], around: Surroundings) -> Chain:
    """The links of each plant, and each link at its worst."""
    chains = [PlantChain(plant=name, links=_links(live, around)) for name, live in plants.items()]
    if not chains:
        return Chain(links=_links(None, around), plants=[])
    worst = [_worst([chain.links[index] for chain in chains]) for index in range(len(_NAMES))]
    return Chain(links=worst, plants=chains)


def _worst(links: list[Link]) -> Link:
    return next((link for link in links if not link.ok), links[0])


def _links(live: LivePlant | None, around: Surroundings) -> list[Link]:
    worker = _worker(live, around)
    connector = _connector(live, around, worker)
    return [
        _plant(live, connector),
        connector,
        _well("Kafka", "answers") if around.kafka else _waits("Kafka", "waits for Kafka to answer"),
        worker,
        _well("database", "answers") if around.database else _waits("database", "waits for the database to answer"),
        _screen(live, worker),
    ]


def _worker(live: LivePlant | None, around: Surroundings) -> Link:
    if not around.kafka:
        return _waits("worker", "waits for Kafka")
    if live is None or not live.known:
        reason = "waits for the first value" if around.caught_up else "reads what happened before"
        return _waits("worker", reason)
    age_s = (around.now_us - live.log_time) / 1e6
    if age_s > around.stale_after_s:
        return _waits("worker", f"has said nothing for {_words(age_s)}")
    return _well("worker", "keeps the twin up to date")


def _connector(live: LivePlant | None, around: Surroundings, worker: Link) -> Link:
    if live is not None and live.known and not worker.ok:
        return _waits("connector", "cannot be seen while the worker is silent")
    if live is None or not len(live.seen()):
        return _waits("connector", "waits for the first reading")
    seen = live.seen()
    if bool((live.flags[seen] & 1).all()):
        age_s = (around.now_us - int(live.times[seen].max())) / 1e6
        return _waits("connector", f"has brought no reading for {_words(age_s)}")
    return _well("connector", "brings readings")


def _plant(live: LivePlant | None, connector: Link) -> Link:
    if live is None or not len(live.seen()):
        return _waits("plant", "waits for its first value")
    if not connector.ok:
        return _waits("plant", "cannot be seen while the connector is silent")
    seen = live.seen()
    if bool(np.isin(live.quality[seen] & _CONDITION, _UNREACHED).all()):
        return _waits("plant", "does not answer the connector")
    return _well("plant", "sends values")


def _screen(live: LivePlant | None, worker: Link) -> Link:
    if not worker.ok:
        return _waits("screen", "waits for the worker")
    viewers = 0 if live is None else live.subscribers
    return _well("screen", "1 viewer" if viewers == 1 else f"{viewers} viewers")


def _well(name: str, text: str) -> Link:
    return Link.model_validate({"name": name, "ok": True, "text": text, "waits_for": None})


def _waits(name: str, text: str) -> Link:
    return Link.model_validate({"name": name, "ok": False, "text": text, "waits_for": text})


def _words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
