"""The peer that `PlantTwin.apply` is compared with: one Python object a tag, one reading after the other.

It does for each reading what a twin written without arrays does: admits it, converts it, looks at its range and its
limits with deadband, keeps it, and says what changed.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from analytics.quality import BAD, UNCERTAIN
from stream.scan.admit import AHEAD_US
from twin.atlas.tags import Tag, TagTable


@dataclass(slots=True)
class LiveTag:
    """A tag and its newest reading."""

    tag: Tag
    time: int = 0
    value: float = math.nan
    quality: int = BAD
    limit: int = 0


class ObjectTwin:
    """The live tags of a plant by their numbers."""

    def __init__(self, table: TagTable) -> None:
        self.live = {tag.tag_id: LiveTag(tag) for tag in table.tags}

    def apply(self, readings: Iterable[tuple[int, int, float, int]], log_time: int) -> list[LiveTag]:
        """Take readings (tag number, time, value, quality); the tags that changed."""
        changed = []
        for tag_id, time, given, status in readings:
            live = self.live.get(tag_id)
            if live is None or not math.isfinite(given) or not live.time < time <= log_time + AHEAD_US:
                continue
            tag = live.tag
            value = tag.scale * given + tag.offset
            span = tag.high - tag.low
            honest = tag.low - 0.0125 * span <= value <= tag.high + 0.03125 * span
            live.time, live.value, live.quality = time, value, status if honest else max(status, UNCERTAIN)
            live.limit = _limit_state(tag, value, live.limit)
            changed.append(live)
        return changed


def _limit_state(tag: Tag, value: float, before: int) -> int:
    limits = tag.limits
    if limits.high is not None and value >= limits.high - (limits.deadband if before == 1 else 0.0):
        return 1
    if limits.low is not None and value <= limits.low + (limits.deadband if before == -1 else 0.0):
        return -1
    return 0
