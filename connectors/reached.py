"""How far each tag of a source is known without a gap; kept beside the spool (rule back-fill).

`complete` is the source time up to which everything of a tag has been spooled. Live readings move it, but not while a
gap before them is open: a kill between a gap and its filling must not make the gap be forgotten.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from connectors.connection import write_whole
from connectors.port import Readings

_UNKNOWN: Final = -(2**62)
_logger = logging.getLogger(__name__)


class Reached:
    """Per tag: complete through, newest seen, and whether a gap is open; times in microseconds UTC."""

    def __init__(self, tag_ids: Iterable[int], path: Path) -> None:
        self._path = path
        self._ids = np.array(sorted(set(tag_ids)), dtype=np.int32)
        self._complete = np.full(len(self._ids), _UNKNOWN, dtype=np.int64)
        self._newest = self._complete.copy()
        self._gap = np.zeros(len(self._ids), dtype=np.int64)
        self._gaps = 0
        self._load()

    def complete(self, tag_id: int) -> int | None:
        """Source time through which everything of the tag has been spooled, us; None where nothing has."""
        time = int(self._complete[self._at(tag_id)])
        return None if time == _UNKNOWN else time

    def open_gap(self, tag_ids: Iterable[int]) -> None:
        """What these tags reported after `complete` may be missing."""
        self._gaps += 1
        for tag_id in tag_ids:
            self._gap[self._at(tag_id)] = self._gaps

    def gaps(self) -> dict[int, int]:
        """The tags with an open gap, and the gap's number for `close_gap`."""
        at = np.flatnonzero(self._gap)
        return dict(zip(self._ids[at].tolist(), self._gap[at].tolist(), strict=True))

    def close_gap(self, tag_id: int, gap: int) -> bool:
        """The gap of this number is filled, or can't be; False where a newer one has opened since."""
        at = self._at(tag_id)
        if int(self._gap[at]) != gap:
            return False
        self._gap[at] = 0
        self._complete[at] = max(self._complete[at], self._newest[at])
        return True

    def live(self, readings: Readings) -> None:
        """These live readings have been spooled."""
        at = np.searchsorted(self._ids, readings.tag_ids)
        np.maximum.at(self._newest, at, readings.times)
        closed = self._gap == 0
        self._complete[closed] = np.maximum(self._complete[closed], self._newest[closed])

    def filled(self, tag_id: int, through: int) -> None:
        """Back-fill has spooled all of the tag up to `through`, us."""
        at = self._at(tag_id)
        self._complete[at] = max(self._complete[at], through)

    def save(self) -> None:
        """Write the complete times; a state older than the spool only makes the next back-fill start earlier."""
        known = self._complete != _UNKNOWN
        times = dict(zip(self._ids[known].tolist(), self._complete[known].tolist(), strict=True))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, msgspec.json.encode({"complete_us": times}))

    def _load(self) -> None:
        try:
            stored = msgspec.json.decode(self._path.read_bytes(), type=dict[str, dict[int, int]])["complete_us"]
        except FileNotFoundError:
            return
        except (OSError, KeyError, msgspec.MsgspecError) as error:
            _logger.warning("%s cannot be read (%s); history is read again from its beginning", self._path, error)
            return
        for at, tag_id in enumerate(self._ids.tolist()):
            self._complete[at] = stored.get(tag_id, _UNKNOWN)
        self._newest = self._complete.copy()

    def _at(self, tag_id: int) -> NDArray[np.intp] | np.intp:
        return np.searchsorted(self._ids, tag_id)
