"""The topics: names, partition counts, and the one rule that places a plant in a partition (rule one-partition)."""

from dataclasses import dataclass, field
from typing import Final

PARTITIONS: Final = 64
"""Partitions of every topic that is ordered by plant; fixed for the life of the topic."""

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, how it is laid out, and what asks the broker to keep of it."""

    name: str
    partitions: int
    retention_ms: int
    config: dict[str, str] = field(default_factory=dict)


READINGS: Final = Topic("atlas.readings", PARTITIONS, 7 * _DAY_MS, {"message.timestamp.type": "LogAppendTime"})
INBOX: Final = Topic("atlas.inbox", PARTITIONS, 7 * _DAY_MS, {"compression.type": "uncompressed"})
"""Others may compress as they like: the broker unpacks, because our client cannot read every form."""
TWIN: Final = Topic("atlas.twin", PARTITIONS, _HOUR_MS, {"segment.ms": "600000"})
"""Changes, kept an hour; short segments, because a broker forgets whole segments only."""
SCORES: Final = Topic("atlas.scores", PARTITIONS, 7 * _DAY_MS)
REQUESTS: Final = Topic("atlas.requests", PARTITIONS, 7 * _DAY_MS)
STORED: Final = Topic("atlas.stored", 1, _DAY_MS)
EVENTS: Final = Topic("atlas.events", PARTITIONS, 7 * _DAY_MS)
DEADLETTER: Final = Topic("atlas.deadletter", 1, 7 * _DAY_MS)
LOG: Final = Topic("atlas.log", 1, -1)
"""Names the log: its newest record is the incarnation, a random name that a wiped broker cannot have (ADR 0003)."""

ALL: Final = (READINGS, INBOX, TWIN, SCORES, REQUESTS, STORED, EVENTS, DEADLETTER, LOG)


def partition_of(plant_number: int) -> int:
    """The partition that orders the plant of this number."""
    return plant_number % PARTITIONS
