"""A plant in a few numbers, from its live state."""

import math
from typing import Final

import numpy as np

from analytics.quality import is_bad
from api.live_state import LivePlant
from api.schemas import NextDisturbance, PlantCondition, PlantOverview
from stream.store.plants import StoredPlant

_NEXT_TAG: Final = "XS-901"
_UNTIL_TAG: Final = "KI-901"


def describe(
    stored: StoredPlant, live: LivePlant | None, now_us: int, stale_after_s: float, tags: int
) -> PlantOverview:
    """The overview of one plant; `tags` is how many it has where no value has come yet."""
    known = live is not None and live.known
    age_s = max(0.0, (now_us - live.log_time) / 1e6) if live is not None and known else None
    counts = _counts(live) if live is not None and known else (0, 0, 0)
    return PlantOverview(
        id=stored.plant,
        name=stored.name,
        number=stored.number,
        revision=stored.revision,
        state=condition_of(age_s if live is not None and len(live.seen()) else None, stale_after_s),
        log_time=live.log_time if live is not None and known else None,
        age_s=None if age_s is None else round(age_s, 3),
        tags=len(live.table) if live is not None and live.table is not None else tags,
        active_limits=counts[0],
        stale=counts[1],
        bad=counts[2],
        next_disturbance=_next_disturbance(live) if live is not None else None,
    )


def condition_of(age_s: float | None, stale_after_s: float) -> PlantCondition:
    """Whether values come, came, or have not come yet."""
    if age_s is None:
        return "waiting"
    return "live" if age_s <= stale_after_s else "stale"


def _counts(live: LivePlant) -> tuple[int, int, int]:
    seen = live.seen()
    limits = int(np.count_nonzero(live.limits[seen]))
    stale = int(np.count_nonzero(live.flags[seen] & 1))
    return limits, stale, int(np.count_nonzero(is_bad(live.quality[seen])))


def _next_disturbance(live: LivePlant) -> NextDisturbance | None:
    """What a simulated plant says comes next; other plants have no such tags."""
    table = live.table
    if table is None or _NEXT_TAG not in table.positions or _UNTIL_TAG not in table.positions:
        return None
    state, minutes = (float(live.values[table.position(tag)]) for tag in (_NEXT_TAG, _UNTIL_TAG))
    words = table.tags[table.position(_NEXT_TAG)].states
    if not (math.isfinite(state) and math.isfinite(minutes)) or not 0 < state < len(words):
        return None
    return NextDisturbance(what=words[int(state)], in_s=round(minutes * 60.0, 1))
