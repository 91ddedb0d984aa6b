"""Which tags have not reported for how long; one that should have reported is subscribed to anew.

A tag says how often it should report by `stale_after_s`; one with 0 reports on change only and is never called
silent. After each attempt the next waits twice as long, because a value that simply does not change looks the same.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
from prometheus_client import Gauge

from twin.atlas.tags import Tag

AGE = Gauge("atlas_tag_report_age_seconds", "Time since the tag reported last", ["plant", "tag"])

_PATIENCE: Final = 3.0
_LEAST_S: Final = 30.0
_LONGEST_S: Final = 3600.0
_logger = logging.getLogger(__name__)


class Silence:
    """Ages of the tags of one source, by client handle (from 1); `monotonic` is a clock in seconds."""

    def __init__(self, plant: str, tags: Sequence[Tag], monotonic: Callable[[], float]) -> None:
        self._plant = plant
        self._tags = tuple(tags)
        self._monotonic = monotonic
        self._heard = np.full(len(tags), monotonic())
        self._allowed = np.array(
            [max(_LEAST_S, _PATIENCE * tag.stale_after_s) if tag.stale_after_s > 0 else np.inf for tag in tags]
        )
        self._patience = self._allowed.copy()

    def heard(self, handles: Iterable[int]) -> None:
        """These tags have just reported."""
        at = np.fromiter(handles, dtype=np.intp) - 1
        self._heard[at] = self._monotonic()

    def silent(self) -> list[int]:
        """Handles of the tags that should be subscribed to anew now; asking again at once gives none."""
        ages = self._monotonic() - self._heard
        talking = ages < self._allowed
        self._patience[talking] = self._allowed[talking]
        late = np.flatnonzero(ages > self._patience)
        self._patience[late] = np.minimum(2 * self._patience[late], ages[late] + _LONGEST_S)
        if len(late):
            names = ", ".join(self._tags[at].name for at in late[:5])
            _logger.warning(
                "%d tags do not report (%s%s): subscribing to them anew",
                len(late),
                names,
                ", ..." if len(late) > 5 else "",
                extra={"plant": self._plant},
            )
        return [int(at) + 1 for at in late]

    def publish(self) -> None:
        """Bring the gauges up to date."""
        ages = self._monotonic() - self._heard
        for tag, age in zip(self._tags, ages.tolist(), strict=True):
            AGE.labels(self._plant, tag.name).set(age)
