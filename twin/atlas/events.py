"""What happened to a plant between two of its states, as domain events in the past tense."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from analytics.conditions import LimitState
from twin.atlas.state import PlantState
from twin.atlas.tags import TagTable

LimitName = Literal["low_low", "low", "high", "high_high"]
Severity = Literal["good", "uncertain", "bad"]

_SEVERITIES: Final[tuple[Severity, ...]] = ("good", "uncertain", "bad", "bad")
_ACTIVE: Final[dict[int, tuple[LimitName, ...]]] = {
    LimitState.LOW_LOW: ("low", "low_low"),
    LimitState.LOW: ("low",),
    LimitState.NONE: (),
    LimitState.HIGH: ("high",),
    LimitState.HIGH_HIGH: ("high", "high_high"),
}
"""Limits that are passed in each state, the nearer one first."""


class TagEvent(BaseModel):
    """Something happened to a tag; `at` is the twin's time in microseconds UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plant: str
    tag: str
    at: int


class LimitEntered(TagEvent):
    """A value has reached a limit; `value` is in the tag's stored unit."""

    limit: LimitName
    value: float


class LimitLeft(TagEvent):
    """A value has come back from a limit by more than the deadband."""

    limit: LimitName
    value: float


class TagBecameStale(TagEvent):
    """Nothing was reported of a tag for too long, or its source has gone silent."""


class TagBecameFresh(TagEvent):
    """A stale tag was reported again."""


class QualityTurned(TagEvent):
    """A tag's quality has another severity; `code` is the OPC UA status code."""

    before: Severity
    after: Severity
    code: int


StateEvent = LimitEntered | LimitLeft | TagBecameStale | TagBecameFresh | QualityTurned


def events_between(before: PlantState, after: PlantState, table: TagTable, at: int) -> list[StateEvent]:
    """What happened from one state of a plant to a later one, tag by tag in the order of the positions.

    A limit that was entered and left again in between is not seen; compare states record by record to see all.

    Parameters
    ----------
    before, after
        States by the same tag table.
    table
        That table.
    at
        The time that the events bear, microseconds UTC.

    Raises
    ------
    ValueError
        Where a state is not of this table.
    """
    if not len(before) == len(after) == len(table):
        raise ValueError(
            f"states of {len(before)} and {len(after)} tags, table {table.name} has {len(table)}: carry them over first"
        )
    changed = (
        (before.limits != after.limits) | (before.stale != after.stale) | (_severities(before) != _severities(after))
    )
    events: list[StateEvent] = []
    for position in np.flatnonzero(changed).tolist():
        about: dict[str, Any] = {"plant": table.plant, "tag": table.tags[position].name, "at": at}
        for tell in (_quality, _staleness, _limits):
            events += tell(before, after, position, about)
    return events


def _severities(state: PlantState) -> NDArray[np.uint32]:
    return state.quality >> np.uint32(30)


def _quality(before: PlantState, after: PlantState, position: int, about: dict[str, Any]) -> Iterator[StateEvent]:
    was, now = (_SEVERITIES[int(state.quality[position]) >> 30] for state in (before, after))
    if was != now:
        yield QualityTurned(**about, before=was, after=now, code=int(after.quality[position]))


def _staleness(before: PlantState, after: PlantState, position: int, about: dict[str, Any]) -> Iterator[StateEvent]:
    if before.stale[position] != after.stale[position]:
        yield TagBecameStale(**about) if after.stale[position] else TagBecameFresh(**about)


def _limits(before: PlantState, after: PlantState, position: int, about: dict[str, Any]) -> Iterator[StateEvent]:
    """Limits that were left, the farthest first, then those entered, the nearest first."""
    was, now = (_ACTIVE[int(state.limits[position])] for state in (before, after))
    value = float(after.values[position])
    for limit in reversed(was):
        if limit not in now:
            yield LimitLeft(**about, limit=limit, value=value)
    for limit in now:
        if limit not in was:
            yield LimitEntered(**about, limit=limit, value=value)
